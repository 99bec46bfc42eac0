"""The last step: everything on one page, and sending it."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from booking.routes import booker, bp
from booking.steps import draft_of, keep_time, onward, pressed_time, step, step_page
from ruko import clock
from ruko.bookings import Draft, attachments_of, send
from ruko.errors import NotFound, RukoError
from ruko.web import commit, current_office, once, undo


@bp.get("/d/<token>/check")
@step
def check(draft: Draft) -> ResponseReturnValue:
    """All that will be sent; what is still open leads to its question."""
    onwards = onward(draft)
    if onwards != request.path:
        return redirect(onwards)
    return _page(draft)


@bp.post("/d/<token>/check")
def send_draft(token: str) -> ResponseReturnValue:
    """Send it; sent again, it is the same booking. A time that is gone leads to the nearest others."""
    user = booker()
    draft = draft_of(token)
    try:
        if draft.booking_id is None and (chosen := pressed_time(draft)):
            keep_time(draft, chosen, quota_reason=draft.quota_reason)
            return commit(redirect(onward(draft), 303))
        if draft.booking_id is None and onward(draft) != request.path:
            undo()
            return redirect(onward(draft), 303)
        if done := once(user):
            return done
        new = draft.booking_id is None
        booking = send(draft, by=user.actor, on_behalf=user.runs_office, now=clock.now())
    except NotFound:  # thrown away in another tab: nothing is left to show
        raise
    except RukoError as error:
        undo()
        return _page(draft, error), error.status
    code = booking.code
    answer = commit(redirect(url_for("booking.show", code=code), 303))
    if new:
        flash(code, "sent")
    return answer


def _page(draft: Draft, error: RukoError | None = None) -> str:
    return step_page(
        "check", draft, error=error, papers=attachments_of(draft), office=current_office()
    )
