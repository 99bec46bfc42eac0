"""A random office: visitors, desks, villages and days in any order. After each step everything holds."""

import os
from collections.abc import Callable
from datetime import date, time, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from ruko import bookings, events, tickets
from ruko.audit import SYSTEM
from ruko.bookings import Booking
from ruko.db import begin_writing, db, end_writing
from ruko.errors import RukoError
from ruko.offices import (
    Office,
    all_counters,
    all_villages,
    board_version,
    get_bidang,
)
from ruko.tickets import Call, State, Ticket, Turn, begin_day, call_next, call_ticket, check_in
from tests.conftest import MONDAY, clean, wita
from tests.office_invariants import OPEN, OfficeInvariants
from tests.people import book, take, turn_of
from tests.queue_model import AT_COUNTER, Lines, row_of

CODES = ("PMD", "PMD", "SEK")
"""Bookings are for PMD, so that is where most happens."""
WEEK = [MONDAY + timedelta(days=n) for n in (0, 1, 2)]
MODEST = settings(
    max_examples=10,
    stateful_step_count=60,
    deadline=None,
    derandomize="CI" in os.environ,
    # Looking for a smaller example takes minutes; at a desk they are well spent.
    phases=[Phase.reuse, Phase.generate] + ([] if "CI" in os.environ else [Phase.shrink]),
)
anything = st.integers(0, 1000)
"""Which one; taken modulo however many there are."""
STEPS: dict[str, Callable[..., object]] = {
    "recall": tickets.recall,
    "start": tickets.start,
    "hold": tickets.hold,
    "return": tickets.send_back,
    "finish": tickets.finish,
    "no_show": tickets.mark_no_show,
    "absent": partial(tickets.mark_no_show, reason="Pulang"),
    "resume": tickets.resume,
    "leave": tickets.leave,
    "let_pass": tickets.let_pass,
    "rejoin": tickets.rejoin,
}
FROM_CALLED = ["recall", "start", "start", "hold", "return", "no_show", "absent", "finish"]
NOT_UNDOABLE = {"let_pass"}
NEAR = 3  # of the latest steps one may be tried to be undone


class OfficeMachine(OfficeInvariants):
    """Each rule is one unit of work that commits, or is refused and leaves nothing behind."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        clean(self.app)
        self.context = self.app.app_context()
        self.context.push()
        begin_writing()
        self.day = MONDAY
        self.now = wita(8)
        self.steps = 0
        self.lines = Lines(CODES)
        self.stood: dict[str, dict[str, Any]] = {}
        """How a ticket's turn was before its last step, where that can be undone."""

    def teardown(self) -> None:
        db.session.rollback()
        end_writing()
        self.context.pop()

    def act(
        self, work: Callable[[Office], Any], *, shown: bool = True, how: str = "arrival"
    ) -> RukoError | None:
        """One unit of work; `shown` says that the board must know of its success.

        `how` says how the work may bring somebody into a line. Returns the refusal.
        """
        self.steps += 1
        self.now += timedelta(seconds=6)  # long enough to be called again
        before = board_version(self.office.id)
        try:
            happened = work(self.office)
        except RukoError as refusal:
            db.session.rollback()
            assert board_version(self.office.id) == before  # nothing half-written
            self.lines.follow(self.office, self.now, "none")
            return refusal
        db.session.commit()
        version, seq = board_version(self.office.id)
        assert version >= before[0]
        assert seq >= before[1]
        if shown and happened is not None:
            assert version > before[0]
        if self.office.queue_day is not None:
            self.lines.forget_other_days(self.office.queue_day)
        over = select(Ticket.token).join(Turn).where(Turn.state == State.EXPIRED)
        for token in db.session.scalars(over):
            self.stood.pop(token, None)
        self.lines.follow(self.office, self.now, how)
        return None

    def step(self, token: str | None, name: str, **given: Any) -> None:
        """One step with a ticket; how it stood is kept for undoing it."""
        if token is None:
            return
        before = row_of(self.office, token)
        rule = STEPS.get(name) or getattr(tickets, name)

        def work(office: Office) -> bool:
            rule(office, turn_of(office, token), by=SYSTEM, now=self.now, **given)
            return True

        how = name if name in {"let_pass", "rejoin"} else "back" if name == "return" else "arrival"
        if self.act(work, how=how):
            return
        self.stood.pop(token, None)
        if name not in NOT_UNDOABLE:
            self.stood[token] = before

    def some_token(self, which: int, *states: State) -> str | None:
        """A ticket with a turn in one of those states; without states, any ticket."""
        tokens = select(Ticket.token).order_by(Ticket.id)
        if states:
            tokens = tokens.join(Turn, Turn.ticket_id == Ticket.id).where(Turn.state.in_(states))
        found = db.session.scalars(tokens).all()
        return found[which % len(found)] if found else None

    def some_booking(self, which: int) -> Booking | None:
        """One of today's if there is one: those are the ones to which something can happen."""
        every = select(Booking).order_by(Booking.id).execution_options(populate_existing=True)
        found = (
            db.session.scalars(every.where(Booking.date == self.day)).all()
            or db.session.scalars(every).all()
        )
        return found[which % len(found)] if found else None

    @initialize(people=st.integers(1, 4), booked=st.sets(st.sampled_from([8, 9, 10]), min_size=1))
    def the_day_begins_with_a_queue(self, people: int, booked: set[int]) -> None:
        office = self.office
        for hour in sorted(booked):
            village = all_villages(office)[hour]
            wish = {"day": MONDAY, "start": time(hour), "end": time(hour + 1)}
            book(office, wita(6), village=village, **wish)
        db.session.commit()
        for _ in range(people):
            self.act(lambda office: take(office, self.now, "PMD"))

    # ── Time ──

    @rule(minutes=st.integers(-20, 45))
    def time_passes_or_the_clock_is_put_right(self, minutes: int) -> None:
        moved = self.now + timedelta(minutes=minutes)
        if moved.date() == self.day:
            self.now = moved

    @precondition(lambda self: self.steps % 8 == 7)  # else hardly anybody is ever served
    @rule(day=st.sampled_from(WEEK), hour=st.sampled_from([8, 9, 10, 13]))
    def another_day_dawns(self, day: date, hour: int) -> None:
        self.day, self.now = day, wita(hour, day=day)
        if day == self.office.queue_day:
            return
        begin_day(self.office, now=self.now)
        db.session.commit()
        self.lines.adopt(self.office, day)
        self.stood.clear()

    # ── Visitors ──

    @rule(code=st.sampled_from(CODES), priority=st.booleans())
    def somebody_takes_a_number(self, code: str, priority: bool) -> None:
        def visit(office: Office) -> str:
            token = take(office, self.now, code, priority=priority)
            number = db.session.scalars(select(Ticket.number).filter_by(token=token)).one()
            limit = get_bidang(office, code).daily_capacity
            assert limit is None or number <= limit
            if number == 1:
                stale = (Turn.day != self.day, Turn.state.in_(OPEN))
                assert db.session.scalars(select(Turn.id).where(*stale)).all() == []
            return token

        self.act(visit)

    @rule(which=anything)
    def a_booking_is_scanned(self, which: int) -> None:
        booking = self.some_booking(which)
        if booking is None:
            return
        before, tokens = booking.state, []

        def scan(office: Office) -> bool:
            tokens.append(check_in(office, booking, by=SYSTEM, now=self.now)[0])
            return True

        refusal = self.act(scan, shown=before == "confirmed")
        if not refusal and turn_of(self.office, tokens[0]).before is None:
            self.stood.pop(tokens[0], None)

    @rule(which=anything, what=st.sampled_from(["leave", *["let_pass"] * 4]))
    def a_waiting_visitor_decides(self, which: int, what: str) -> None:
        self.step(self.some_token(which, State.WAITING), what)

    @rule(which=anything, what=st.sampled_from(["rejoin", "rejoin", "rejoin", "leave"]))
    def a_missed_visitor_decides(self, which: int, what: str) -> None:
        if token := self.some_token(which, State.NO_SHOW):
            self.step(token, what)
        else:
            self.something_happens_at_a_call(which, "absent")

    # ── Villages and the operator ──

    @rule(
        village=anything,
        room=st.integers(0, 2),
        ahead=st.sampled_from([0, 0, 0, 0, 1, 7]),
        hour=st.sampled_from([8, 9, 10, 11, 13, 14]),
        hours=st.sampled_from([1, 1, 2]),
    )
    def a_village_books(self, village: int, room: int, ahead: int, hour: int, hours: int) -> None:
        def wish(office: Office) -> Booking:
            rooms = [*bookings.all_rooms(office), None]
            return book(
                office,
                self.now,
                village=all_villages(office)[village % 3],
                room=rooms[room],
                day=self.day + timedelta(days=ahead),
                start=time(hour),
                end=time(hour + hours),
            )

        self.act(wish, shown=room == 0)

    @rule(which=anything, what=st.sampled_from(["approve", "decline", "cancel"]))
    def a_booking_is_decided(self, which: int, what: str) -> None:
        booking = self.some_booking(which)
        if booking is None:
            return

        def decide(_office: Office) -> None:
            if what == "approve":
                bookings.approve(booking, by=SYSTEM, now=self.now)
            elif what == "decline":
                bookings.decline(booking, "Rapat", by=SYSTEM, now=self.now)
            else:
                bookings.cancel(booking, "Batal", by=SYSTEM, privileged=False, now=self.now)

        self.act(decide, shown=False)

    @precondition(lambda self: self.steps % 6 == 5)
    @rule(what=st.sampled_from(["close", "open", "limit", "no limit"]), limit=st.integers(0, 4))
    def the_operator_decides(self, what: str, limit: int) -> None:
        def decide(office: Office) -> None:
            if what == "close":
                bookings.close_early(office, "Listrik padam", by=SYSTEM, now=self.now)
            elif what == "open":
                bookings.reopen(office, by=SYSTEM, now=self.now)
            else:
                get_bidang(office, "PMD").daily_capacity = limit if what == "limit" else None

        if not self.act(decide, shown=False) and what == "close":
            later = self.now + timedelta(minutes=9)
            self.act(lambda office: bookings.reopen(office, by=SYSTEM, now=later))
            self.now += timedelta(minutes=10)  # else nobody comes any more

    # ── Desks ──

    @rule(code=st.sampled_from(CODES), counter=st.integers(0, 3))
    def a_desk_calls_the_next(self, code: str, counter: int) -> None:
        self.desk_calls(code, counter)

    def desk_calls(self, code: str, counter: int) -> None:
        first = self.lines.first(self.day, code)
        before = row_of(self.office, first) if first else None

        def call(office: Office) -> int | None:
            place = all_counters(office)[counter]
            seq = call_next(office, get_bidang(office, code), place, by=SYSTEM, now=self.now)
            made = db.session.scalars(select(Call).filter_by(seq=seq)).one_or_none()
            turn = db.session.get(Turn, made.turn_id) if made else None
            ticket = db.session.get(Ticket, turn.ticket_id) if turn else None
            assert (ticket and ticket.token) == first
            return seq

        if not self.act(call) and first and before:
            self.stood[first] = before

    @rule(which=anything, counter=st.integers(0, 3), reason=st.sampled_from(["", "Rombongan"]))
    def a_desk_calls_a_given_one(self, which: int, counter: int, reason: str) -> None:
        token = self.some_token(which, State.WAITING) or "nobody"
        code = CODES[which % 3]
        before = None if token == "nobody" else row_of(self.office, token)
        first = self.lines.first(self.day, code)

        def call(office: Office) -> int:
            bidang, place = get_bidang(office, code), all_counters(office)[counter]
            return call_ticket(office, bidang, place, token, reason=reason, by=SYSTEM, now=self.now)

        if not self.act(call) and before:
            assert reason or token == first
            self.stood[token] = before

    @rule(which=anything, what=st.sampled_from(FROM_CALLED))
    def something_happens_at_a_call(self, which: int, what: str) -> None:
        if token := self.some_token(which, State.CALLED):
            self.step(token, what)
        else:
            self.desk_calls("PMD", which % 4)

    @rule(which=anything, what=st.sampled_from(["finish", "finish", "hold"]))
    def a_visit_ends_or_is_held(self, which: int, what: str) -> None:
        if token := self.some_token(which, State.SERVING):
            self.step(token, what)
        else:
            self.something_happens_at_a_call(which, "start")

    @rule(which=anything, counter=st.sampled_from([None, 0, 1, 2, 3]))
    def a_held_visitor_is_called_again(self, which: int, counter: int | None) -> None:
        place = None if counter is None else all_counters(self.office)[counter]
        if token := self.some_token(which, State.HELD):
            self.step(token, "resume", counter=place)
        else:
            self.a_visit_ends_or_is_held(which, "hold")

    @rule(which=anything, code=st.sampled_from(CODES), state=st.sampled_from(sorted(OPEN)))
    def somebody_is_sent_on(self, which: int, code: str, state: State) -> None:
        self.step(self.some_token(which, state), "transfer", to=get_bidang(self.office, code))

    @rule(which=anything, what=st.sampled_from(sorted(STEPS)))
    def a_step_that_may_not_fit_at_all(self, which: int, what: str) -> None:
        self.step(self.some_token(which), what)

    @rule(which=st.integers(0, NEAR - 1))
    def one_of_the_latest_steps_is_undone(self, which: int) -> None:
        latest = (
            select(Ticket.token)
            .join(Turn, Turn.ticket_id == Ticket.id)
            .where(Turn.stepped_at.is_not(None))
            .order_by(Turn.stepped_at.desc(), Turn.id.desc())
            .limit(NEAR)
        )
        tokens = db.session.scalars(latest).all()
        if not tokens:
            return
        token = tokens[which % len(tokens)]
        before, turn = self.stood.get(token), turn_of(self.office, token)
        age = None if turn.stepped_at is None else self.now - turn.stepped_at
        is_today = turn.day == self.day

        def back(office: Office) -> bool:
            tickets.undo(office, turn_of(office, token), by=SYSTEM, now=self.now)
            return True

        refusal = self.act(back, how="back")
        if refusal is None:
            assert before is not None
            assert row_of(self.office, token) == before
            del self.stood[token]
        elif refusal.code == "too_late":
            assert age is not None
            assert age > timedelta(seconds=54)  # six more went by
        elif refusal.code == "counter_busy":
            assert before is not None
            there = select(Turn.id).where(Turn.counter_id == before["counter_id"])
            assert db.session.scalar(there.where(Turn.state.in_(AT_COUNTER))) is not None
        else:
            assert refusal.code == "wrong_state"
            assert before is None or not is_today

    @rule(counter=st.integers(0, 3), back=st.booleans())
    def a_desk_rests(self, counter: int, back: bool) -> None:
        def rest(office: Office) -> None:
            place = all_counters(office)[counter]
            if back:
                tickets.end_break(office, place, by=SYSTEM, now=self.now)
            else:
                bidang = get_bidang(office, CODES[counter % 3])
                tickets.take_break(office, bidang, place, minutes=15, by=SYSTEM, now=self.now)

        self.act(rest, shown=False)


def test_whatever_happens_in_an_office_every_rule_of_it_holds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_listeners", [])
    machine = type("TheOffice", (OfficeMachine,), {"app": app})
    run_state_machine_as_test(machine, settings=MODEST)
