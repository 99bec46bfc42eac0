"""The published order, whatever comes: lowest rank first, then who took the number first."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ruko.audit import SYSTEM
from ruko.db import db
from ruko.offices import Office, all_counters, all_villages
from ruko.tickets import Turn, check_in, finish, queue_of
from tests.conftest import MONDAY, wita
from tests.people import bidang_of, book, call, take, turn_in, turn_of

OPENS = wita(8)
PRIORITY = timedelta(minutes=30)
BOOKED = timedelta(minutes=60)
SLOTS = (8, 9, 10, 11)
MODEST = settings(
    max_examples=25,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Arrival:
    """Somebody comes so many minutes after eight; `slot` is the hour of their booking."""

    minute: int
    priority: bool = False
    slot: int | None = None

    @property
    def at(self) -> datetime:
        return OPENS + timedelta(minutes=self.minute)

    @property
    def rank(self) -> datetime:
        """By the published rule, told here a second time and differently."""
        if self.slot is not None and self.at <= wita(self.slot, 15):
            return wita(self.slot) - BOOKED
        return self.at - PRIORITY if self.priority else self.at


walk_ins = st.builds(Arrival, st.integers(0, 200), st.booleans())
booked = st.builds(
    lambda slot, offset: Arrival(min(max(0, 60 * (slot - 8) + offset), 209), slot=slot),
    st.sampled_from(SLOTS),
    st.integers(-60, 40),
)


@st.composite
def days(draw: st.DrawFn) -> list[Arrival]:
    """A morning's arrivals as they come; at most one booking for each slot."""
    people = draw(st.lists(walk_ins, max_size=14))
    people += draw(st.lists(booked, max_size=4, unique_by=lambda a: a.slot))
    return sorted(people, key=lambda a: a.minute)


@contextmanager
def a_day_of_its_own() -> Iterator[None]:
    """Each example in a savepoint that is taken back."""
    savepoint = db.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        db.session.expire_all()


def arrive(office: Office, people: list[Arrival]) -> list[Turn]:
    """Everybody comes in turn; returns their turns, in the same order."""
    villages = all_villages(office)
    bookings = {
        a.slot: book(
            office,
            wita(6),
            day=MONDAY,
            start=time(a.slot),
            end=time(a.slot + 1),
            village=villages[a.slot],
        )
        for a in people
        if a.slot is not None
    }
    tokens = [
        take(office, a.at, "PMD", priority=a.priority)
        if a.slot is None
        else check_in(office, bookings[a.slot], by=SYSTEM, now=a.at)[0]
        for a in people
    ]
    return [turn_of(office, token) for token in tokens]


def call_everybody(office: Office, now: datetime) -> list[int]:
    """One desk calls until nobody waits; the turns in the order of their calls."""
    order: list[int] = []
    while made := call(office, now, "PMD"):
        order.append(made.turn_id)
        finish(office, turn_in(made), by=SYSTEM, now=now)
    return order


@MODEST
@given(days())
def test_everybody_is_called_by_rank_and_then_by_arrival(
    office: Office, people: list[Arrival]
) -> None:
    with a_day_of_its_own():
        turns = arrive(office, people)
        ids = [turn.id for turn in turns]
        assert [turn.rank_at for turn in turns] == [a.rank for a in people]

        shown = queue_of(office, bidang_of(office, "PMD"), now=wita(11, 30)).waiting
        order = call_everybody(office, wita(11, 30))

    ranked = sorted(zip([a.rank for a in people], ids, strict=True))
    assert order == [turn_id for _rank, turn_id in ranked]
    assert [visit.people_ahead for visit in shown] == list(range(len(people)))


@MODEST
@given(days())
def test_walk_ins_are_fifo_and_so_are_those_with_priority(
    office: Office, people: list[Arrival]
) -> None:
    with a_day_of_its_own():
        turns = arrive(office, people)
        kinds = {t.id: (a.slot, a.priority) for t, a in zip(turns, people, strict=True)}
        order = call_everybody(office, wita(11, 30))

    for kind in ((None, False), (None, True)):
        alike = [turn_id for turn_id in order if kinds[turn_id] == kind]
        assert alike == sorted(alike)  # numbers rise with arrival


@MODEST
@given(days())
def test_nobody_waits_behind_somebody_who_came_later_than_the_head_start(
    office: Office, people: list[Arrival]
) -> None:
    """No starvation: who comes later than the longest head start cannot overtake."""
    with a_day_of_its_own():
        turns = arrive(office, people)
        came = {t.id: a for t, a in zip(turns, people, strict=True)}
        order = [came[turn_id] for turn_id in call_everybody(office, wita(11, 30))]

    for place, later in enumerate(order):
        for overtaken in order[place + 1 :]:
            ahead = later.at - overtaken.at
            if later.slot is None:
                assert ahead <= (PRIORITY if later.priority else timedelta())
            else:  # until fifteen minutes after its slot's beginning, an hour before it
                assert ahead <= BOOKED + timedelta(minutes=15)


@MODEST
@given(
    st.lists(
        st.one_of(st.just("arrives"), st.just("arrives with priority"), st.just("is called")),
        max_size=30,
    )
)
def test_interleaved_arrivals_and_calls_always_call_the_lowest_rank(
    office: Office, steps: list[str]
) -> None:
    waiting: list[tuple[datetime, int]] = []
    now = OPENS
    with a_day_of_its_own():
        for step in steps:
            now += timedelta(minutes=6)
            if step == "is called":
                made = call(office, now, "PMD")
                expected = min(waiting, default=None)
                assert (made and made.turn_id) == (expected and expected[1])
                if made and expected:
                    waiting.remove(expected)
                    finish(office, turn_in(made), by=SYSTEM, now=now)
            else:
                turn = turn_of(office, take(office, now, "PMD", priority="priority" in step))
                waiting.append((turn.rank_at, turn.id))


@pytest.mark.parametrize(
    ("setting", "minutes"),
    [("priority_head_start_minutes", 0), ("priority_head_start_minutes", 90)],
)
def test_the_head_start_is_the_offices_to_decide(
    office: Office, setting: str, minutes: int
) -> None:
    setattr(office, setting, minutes)
    ordinary, special = take(office, wita(8)), take(office, wita(9), priority=True)

    first = call(office, wita(9))
    assert first is not None
    winner = special if minutes == 90 else ordinary
    assert first.turn_id == turn_of(office, winner).id


def test_a_clock_that_steps_back_keeps_the_order_by_rank_and_loses_nobody(office: Office) -> None:
    tokens = [take(office, wita(10)), take(office, wita(9)), take(office, wita(9, 30))]
    turns = [turn_of(office, token).id for token in tokens]

    calls = [call(office, wita(9, 31), counter=n) for n in (1, 2, 3, 4)]
    assert [c and c.turn_id for c in calls] == [turns[1], turns[2], turns[0], None]
    assert len(all_counters(office)) >= 6
