"""Closing the day early, with a message that everybody reads, and opening it again."""

from datetime import datetime, time, timedelta

from sqlalchemy import update

from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Invalid, WrongState
from ruko.offices.hours import spans_on
from ruko.offices.models import Closure, Office
from ruko.offices.state import change_board

LONGEST_REASON = 200


def close_early(office: Office, reason: str, *, by: Actor, now: datetime) -> Closure:
    """Give no more numbers today; who waits may still be served.

    Raises `Invalid` without a reason, `WrongState` when the day is over already.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid("reason", N_("Please say why; visitors read this sentence."))
    if len(reason) > LONGEST_REASON:
        raise Invalid(
            "reason",
            N_("This is too long. Please use at most %(count)d characters."),
            count=LONGEST_REASON,
        )
    if not any(span.closes > now for span in spans_on(office, office.day(now))[0]):
        raise WrongState("closed", N_("The office was not closed: it is closed already."))
    midnight = office.at(office.day(now) + timedelta(days=1), time.min)
    closure = Closure(office_id=office.id, starts_at=now, ends_at=midnight, reason=reason)
    db.session.add(closure)
    db.session.flush()
    trail("closure", closure.id, "close", office_id=office.id, by=by, now=now, state="closed")
    change_board(office.id)
    return closure


def reopen(office: Office, *, by: Actor, now: datetime) -> None:
    """End the closure that runs now; raises `WrongState` when none does."""
    ended = db.session.scalars(
        update(Closure)
        .where(
            Closure.office_id == office.id,
            Closure.room_id.is_(None),
            Closure.starts_at <= now,
            Closure.ends_at > now,
        )
        .values(ends_at=now)
        .returning(Closure.id)
    ).all()
    if not ended:
        raise WrongState("open", N_("Nothing was changed: the office is not closed early."))
    for closure_id in ended:
        trail("closure", closure_id, "reopen", office_id=office.id, by=by, now=now, state="open")
    change_board(office.id)
