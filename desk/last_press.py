"""The last press in this browser, which can be undone for a short time; kept in its session."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import session
from flask_babel import gettext

from ruko.errors import N_
from ruko.offices import Office
from ruko.tickets import Turn, get_called

KEPT_AS = "desk_press"
IN_WORDS = {
    "call": N_("call %(code)s"),
    "recall": N_("call %(code)s again"),
    "start": N_("start serving %(code)s"),
    "hold": N_("hold %(code)s"),
    "resume": N_("go on with %(code)s"),
    "return": N_("%(code)s back to the queue"),
    "no_show": N_("%(code)s absent"),
    "transfer": N_("transfer %(code)s"),
    "finish": N_("finish %(code)s"),
    "leave": N_("cancel %(code)s"),
    "rejoin": N_("%(code)s waits again"),
}


class Step(NamedTuple):
    """What was done with which ticket."""

    what: str
    code: str
    token: str
    version: str
    """Of the ticket after the step: whatever comes later is not this browser's to take back."""


@dataclass(frozen=True, slots=True)
class Press:
    """One press: one step, or two where the next visitor was called with it."""

    id: str
    steps: tuple[Step, ...]
    until: datetime

    @property
    def in_words(self) -> str:
        """Finish A-012, call A-013."""
        return ", ".join(gettext(IN_WORDS[s.what], code=s.code) for s in self.steps)


def remember_press(*steps: Step, now: datetime) -> None:
    """Offer to undo it; only what is committed."""
    session[KEPT_AS] = [secrets.token_hex(4), now.isoformat(), *map(list, steps)]


def forget_press() -> None:
    """Nothing is offered any more."""
    session.pop(KEPT_AS, None)


def last_press(office: Office, *, now: datetime) -> Press | None:
    """The last press while it can be undone."""
    if KEPT_AS not in session:
        return None
    press_id, at, *steps = session[KEPT_AS]
    until = datetime.fromisoformat(at) + timedelta(seconds=office.undo_seconds)
    return Press(press_id, tuple(Step(*step) for step in steps), until) if now <= until else None


def version_of(turn: Turn) -> str:
    """Changes with every step of the ticket, also with one that opens another turn."""
    return f"{turn.id}.{turn.version}"


def call_step(office: Office, seq: int, *, now: datetime, what: str = "call") -> Step:
    """The step that made this call."""
    _call, visit = get_called(office, seq, now=now)
    return Step(what, visit.code, visit.token, visit.version)
