"""What the desk shows: who is here, who waits, and the day so far."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, render_template

from desk.last_press import Press, last_press
from desk.seat import Seat, choice_page, find_seat
from ruko import clock, words
from ruko.accounts import User
from ruko.errors import N_, RukoError
from ruko.receipts import Hearing, hearings
from ruko.tickets import (
    CounterBusy,
    OwnFigures,
    Queue,
    Rest,
    State,
    Visit,
    breaks_now,
    estimate,
    own_figures,
    queue_of,
    rejoin_until,
    visits_at_counters,
)
from ruko.web import current_office, undo

SHOWN = 30
"""Of those who wait; the rest is one press away."""
OCCUPIED = N_(
    "%(place)s is occupied: %(code)s of %(bidang)s is there."
    " Finish or transfer that visit first, or choose another place."
)


@dataclass(frozen=True, slots=True)
class Screen:
    """One reading of the queue, from one seat."""

    seat: Seat
    queue: Queue
    here: Visit | None
    """Who is at this place."""
    is_mine: bool
    """Whether this account may act on the visitor who is here."""
    by_another: bool
    """Whether another account called them."""
    heard: Hearing | None
    """How the waiting room was told, while they are called and a display could tell it."""
    rest: Rest | None
    """The break at this place."""
    elsewhere: tuple[Visit, ...]
    """Who is with the same bidang at other places."""
    also_mine: tuple[Visit, ...]
    """Whom this account called to other places."""
    missed: tuple[tuple[Visit, datetime], ...]
    """Who may wait again, and until when; the last one first."""
    estimate: tuple[int, int] | None
    own: OwnFigures
    press: Press | None

    @property
    def shown(self) -> tuple[Visit, ...]:
        """The first of those who wait."""
        return self.queue.waiting[:SHOWN]

    @property
    def appointment(self) -> Visit | None:
        """The next one who comes by appointment."""
        return next((visit for visit in self.queue.waiting if visit.booking_starts_at), None)


def read_screen(user: User, seat: Seat) -> Screen:
    """The queue as it is now."""
    office, now = current_office(), clock.now()
    queue = queue_of(office, seat.bidang, now=now)
    at_counters = visits_at_counters(office, now=now)
    place = seat.counter.id if seat.counter else None
    here = at_counters.get(place) if place else None
    until = [(visit, rejoin_until(office, visit)) for visit in queue.no_show]
    return Screen(
        seat=seat,
        queue=queue,
        here=here,
        is_mine=here is not None and user.may_see(here.bidang_id),
        by_another=here is not None and here.called_by not in {None, user.id},
        heard=_heard(here, now),
        rest=next((r for r in breaks_now(office, now=now) if r.counter_id == place), None),
        elsewhere=tuple(v for v in queue.current if not here or v.ticket_id != here.ticket_id),
        also_mine=tuple(
            v for at, v in at_counters.items() if at != place and v.called_by == user.id
        ),
        missed=tuple(sorted((m for m in until if now <= m[1]), key=lambda m: m[1], reverse=True)),
        estimate=estimate(seat.bidang.id, len(queue.waiting), day=office.day(now), now=now),
        own=own_figures(office, user.id, now=now),
        press=last_press(office, now=now),
    )


def _heard(here: Visit | None, now: datetime) -> Hearing | None:
    called = [here.turn_id] if here and here.state == State.CALLED else []
    return next(iter(hearings(current_office(), called, now=now).values()), None)


def screen_page(user: User, *, problem: str | None = None, status: int = 200) -> Response:
    """The whole desk page; without a seat, the page to choose one."""
    seat = find_seat(user)
    if seat is None:
        return make_response(choice_page(user), status)
    page = render_template(
        "desk/screen.html", screen=read_screen(user, seat), seat=seat, problem=problem
    )
    return make_response(page, status)


def refused(user: User, error: RukoError) -> Response:
    """What a rule refused, said above the present state of the desk."""
    undo()
    return screen_page(user, problem=_why(user, error), status=error.status)


def _why(user: User, error: RukoError) -> str:
    """The refusal's sentence; of an occupied place it tells the number that is there."""
    seat = find_seat(user)
    if isinstance(error, CounterBusy) and seat and seat.counter:
        visit = visits_at_counters(current_office(), now=clock.now()).get(seat.counter.id)
        if visit:
            error = RukoError(
                OCCUPIED, place=seat.counter.name, code=visit.code, bidang=visit.bidang_name
            )
    return words.sentence(error)
