"""What happened: remembered by rules, told to listeners after the commit, or never."""

import logging
from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from ruko.db import db

log = logging.getLogger(__name__)

Listener = Callable[[object], None]
_listeners: list[Listener] = []
_KEY = "ruko_events"
_MARKS = "ruko_events_at_savepoint"


def listen(listener: Listener) -> Listener:
    """Have `listener` called with each event after its commit; it must not use the database."""
    _listeners.append(listener)
    return listener


def record(happened: object) -> None:
    """Remember an event until this transaction is committed; a rollback forgets it."""
    db.session.info.setdefault(_KEY, []).append(happened)


def forget() -> None:
    """Tell nobody of this transaction: examples are made before anybody listens."""
    db.session.info.pop(_KEY, None)


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


@event.listens_for(Session, "after_transaction_create")
def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        marks = session.info.setdefault(_MARKS, {})
        marks[transaction] = len(session.info.get(_KEY, ()))


@event.listens_for(Session, "after_rollback")
def _take_back(session: Session) -> None:
    savepoint = session.get_nested_transaction()
    if savepoint is not None:  # what came before it still holds
        del session.info.get(_KEY, [])[session.info[_MARKS][savepoint] :]


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_KEY, None)
        session.info.pop(_MARKS, None)
