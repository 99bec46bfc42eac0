"""The fourth question is who comes, and with which papers."""

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from booking.forms import PeopleForm
from booking.routes import booker, bp
from booking.steps import (
    draft_of,
    keep_time,
    onward,
    pressed_time,
    step,
    step_page,
    to_booking,
    too_many,
)
from ruko import clock
from ruko.bookings import Draft, attachments_of, detach, who_comes
from ruko.bookings.entered import attendance
from ruko.db import begin_writing, db
from ruko.errors import Invalid, NotFound, RukoError
from ruko.web import commit, reads_only, show_at_field, takes_files
from ruko.web.papers import MOST_BYTES, Refused, attach_all, take_papers

STAYS = {"add", "remove", "renew", "instead"}
"""Buttons after which the page asks the same once more."""


@bp.get("/d/<token>/people")
@step
def people(draft: Draft) -> ResponseReturnValue:
    """Who comes; what was said before stands there."""
    if draft.starts_at is None:
        return redirect(onward(draft))
    form = PeopleForm(
        formdata=None,
        leader=draft.leader,
        leader_role=draft.leader_role,
        attendees=draft.attendees,
        phone=draft.phone,
    )
    if too_many(draft):
        _mark_too_many(form, draft)
    return _page(draft, form)


@bp.post("/d/<token>/people")
@reads_only
@takes_files(MOST_BYTES)
def take_people(token: str) -> ResponseReturnValue:
    """Keep who comes and the papers; a refused paper takes nothing else with it."""
    draft_of(token)
    kept, refused = take_papers(request.files.getlist("papers"))
    db.session.rollback()
    begin_writing()
    draft = draft_of(token)
    if draft.booking_id:
        return to_booking(draft)
    if draft.starts_at is None:
        return redirect(onward(draft), 303)
    refused += attach_all(draft, kept, by=booker().actor, now=clock.now())
    stays = STAYS & request.form.keys()
    error = _press(draft)
    form = PeopleForm()
    good = _keep_people(draft, form)
    if good and not (stays or refused or error):
        return commit(redirect(onward(draft), 303))
    if stays and not good:
        for field in form:
            field.errors = []
    status = error.status if error else 200 if stays and not refused else Invalid.status
    return commit(make_response(_page(draft, form, error, refused), status))


@bp.post("/d/<token>/papers")
@reads_only
@takes_files(MOST_BYTES)
def take_paper(token: str) -> ResponseReturnValue:
    """Papers alone, sent by the page itself; answers with the list as it is now."""
    draft_of(token)
    kept, refused = take_papers(request.files.getlist("papers"))
    db.session.rollback()
    begin_writing()
    draft = draft_of(token)
    if draft.booking_id:
        return to_booking(draft)
    refused += attach_all(draft, kept, by=booker().actor, now=clock.now())
    page = render_template(
        "booking/_papers.html", draft=draft, papers=attachments_of(draft), refused=refused
    )
    return commit(make_response(page))


def _press(draft: Draft) -> RukoError | None:
    """What a button beside the questions does: remove a paper, keep the time or another one."""
    removed = request.form.get("remove", "")
    if removed.isdecimal() and len(removed) < 10:
        detach(draft, int(removed), by=booker().actor, now=clock.now())
    try:
        if chosen := pressed_time(draft):
            keep_time(draft, chosen, quota_reason=draft.quota_reason)
    except NotFound:  # thrown away in another tab: nothing is left to show
        raise
    except RukoError as error:
        return error
    return None


def _keep_people(draft: Draft, form: PeopleForm) -> bool:
    """Keep what was entered; False when something is wrong, which then stands at its field."""
    form.offer()
    if not form.validate():
        return False
    try:
        who_comes(
            draft,
            leader=form.leader.data,
            role=form.leader_role.data,
            attendees=form.attendees.data,
            phone=form.phone.data,
            now=clock.now(),
        )
    except Invalid as error:
        show_at_field(form, error)
        return False
    return True


def _mark_too_many(form: PeopleForm, draft: Draft) -> None:
    try:
        attendance(draft.attendees or 0, draft.room)
    except Invalid as error:
        show_at_field(form, error)


def _page(
    draft: Draft,
    form: PeopleForm,
    error: RukoError | None = None,
    refused: list[Refused] | None = None,
) -> str:
    form.offer()
    return step_page(
        "people",
        draft,
        form=form,
        error=error,
        papers=attachments_of(draft),
        refused=refused or [],
    )
