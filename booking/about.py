"""The first question: what is the meeting about? And the requests that were not sent yet."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.forms import AboutForm
from booking.routes import booker, bp
from booking.steps import draft_of, onward, step, step_page
from ruko import clock
from ruko.bookings import (
    Booking,
    Channel,
    Draft,
    Quota,
    begin,
    bookings_of,
    describe,
    discard,
    proposals_for,
    quota_of,
    unsent_drafts,
)
from ruko.errors import N_, Invalid, NotFound, RukoError
from ruko.offices import (
    Bidang,
    Category,
    Office,
    Village,
    all_categories,
    get_bidang,
    get_category,
    get_village,
)
from ruko.web import commit, current_office, once, show_at_field, undo


@bp.get("")
def start() -> ResponseReturnValue:
    """What is it about? Above it, what was begun and not sent; `?village=` chooses that one."""
    return _page(None, _form(formdata=None, village=request.args.get("village")))


@bp.post("")
def begin_draft() -> ResponseReturnValue:
    """Begin a request."""
    user, office = booker(), current_office()
    form = _form()
    try:
        if done := once(user):
            return done
        _check(form)
        draft = begin(
            office,
            village=user.village or get_village(office, form.village.data),
            topic=form.topic.data,
            by=user.actor,
            now=clock.now(),
            **_chosen(form, office),
        )
    except RukoError as error:
        return _refused(None, form, error)
    return commit(redirect(_to_time(draft), 303))


@bp.get("/d/<token>")
@step
def about(draft: Draft) -> ResponseReturnValue:
    """What it is about, once more."""
    form = _form(
        formdata=None,
        category=draft.category.code if draft.category else None,
        bidang=draft.bidang.code if draft.bidang else None,
        topic=draft.topic,
        channel=draft.channel,
    )
    return _page(draft, form)


@bp.post("/d/<token>")
@step
def describe_draft(draft: Draft) -> ResponseReturnValue:
    """Change what it is about."""
    form = _form()
    del form.village  # it stays that village's request
    bidang_before = draft.bidang_id
    try:
        _check(form)
        chosen = _chosen(form, current_office())
        describe(draft, topic=form.topic.data, now=clock.now(), **chosen)
    except NotFound:  # thrown away in another tab: nothing is left to show
        raise
    except RukoError as error:
        return _refused(draft, form, error)
    again = draft.starts_at is not None and draft.bidang_id != bidang_before
    onwards = url_for("booking.time", token=draft.token) if again else onward(draft)
    answer = commit(redirect(onwards, 303))
    if again:
        flash(_("Another bidang comes now. Please choose the time again."), "info")
    return answer


@bp.post("/d/<token>/discard")
def discard_draft(token: str) -> ResponseReturnValue:
    """Throw a request away that was not sent; one that is gone already is no harm."""
    try:
        discard(draft_of(token), now=clock.now())
    except NotFound:
        undo()
    answer = commit(redirect(url_for("booking.start"), 303))
    flash(_("The request that was not sent is gone."), "success")
    return answer


def _to_time(draft: Draft) -> str:
    """The days; or the hours of the day that was pressed on the office's board, with that time."""
    pressed: dict[str, Any] = {
        name: request.args[name] for name in ("date", "when") if name in request.args
    }
    step_name = "booking.time" if "date" in pressed else "booking.date"
    return url_for(step_name, token=draft.token, **pressed)


def _form(**values: Any) -> AboutForm:
    """The form with the fields that the caller needs; filled from the request unless told otherwise."""
    form = AboutForm(**values)
    if not booker().runs_office:
        del form.village
        del form.channel
    form.offer(current_office())
    return form


def _check(form: AboutForm) -> None:
    if not form.validate():
        raise Invalid("", N_("Please check what was entered."))


def _chosen(form: AboutForm, office: Office) -> dict[str, Any]:
    """Bidang, category and channel; without a bidang, it is the category's usual one."""
    category: Category = get_category(office, form.category.data)
    code = form.bidang.data
    bidang: Bidang = get_bidang(office, code) if code else category.bidang
    channel = Channel(form.channel.data) if "channel" in form else None
    return {"category": category, "bidang": bidang, "channel": channel}


def _refused(draft: Draft | None, form: AboutForm, error: RukoError) -> ResponseReturnValue:
    undo()
    if isinstance(error, Invalid):
        show_at_field(form, error)
    return _page(draft, form, error), error.status


def _page(draft: Draft | None, form: AboutForm, error: RukoError | None = None) -> str:
    office, user, now = current_office(), booker(), clock.now()
    if draft and "village" in form:
        del form.village
    village = draft.village if draft else user.village
    unsent = [] if draft else unsent_drafts(office, village=user.village, by=user.actor, now=now)
    return step_page(
        "about",
        draft,
        form=form,
        error=error,
        usual={c.code: c.bidang for c in all_categories(office)},
        unsent=[(each, onward(each)) for each in unsent],
        to_answer=[] if draft else _to_answer(office, user.village),
        quotas=_quotas(office, village) if village else [],
    )


def _to_answer(office: Office, village: Village | None) -> list[Booking]:
    """What waits for the village's own answer: another time is proposed, or the office booked for it."""
    if village is None:
        return []
    now = clock.now()
    today = office.day(now)
    coming = bookings_of(office, now=now, start=today, village=village)
    proposed = proposals_for(coming, now=now)
    booked = bookings_of(office, now=now, start=today, village=village, to_confirm=True)
    return [booking for booking in coming if booking.id in proposed or booking in booked]


def _quotas(office: Office, village: Village) -> list[Quota]:
    """What is left of this week and of the next one."""
    now = clock.now()
    today = office.day(now)
    return [quota_of(office, village, day, now) for day in (today, today + timedelta(days=7))]
