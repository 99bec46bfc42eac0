"""What happened: remembered by rules, told to listeners after the commit, or never."""

import logging
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session

from ruko.db import db

log = logging.getLogger(__name__)

Listener = Callable[[object], None]
_listeners: list[Listener] = []
_KEY = "ruko_events"


def listen(listener: Listener) -> Listener:
    """Have `listener` called with each event after its commit; it must not use the database."""
    _listeners.append(listener)
    return listener


def record(happened: object) -> None:
    """Remember an event until this transaction is committed; a rollback forgets it."""
    db.session.info.setdefault(_KEY, []).append(happened)


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint is not yet the truth
        return
    for happened in session.info.pop(_KEY, []):
        for listener in _listeners:
            try:
                listener(happened)
            except Exception:  # the commit stands, whoever fails to hear of it
                log.exception("a listener failed on %s", type(happened).__name__)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_KEY, None)
