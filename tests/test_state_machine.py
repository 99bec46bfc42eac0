"""A random office: visitors, desks, villages and days in any order. After each step everything holds."""

import os
from collections import Counter
from collections.abc import Callable
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from ruko import bookings, events
from ruko.audit import SYSTEM, AuditEvent
from ruko.bookings import Booking, QuotaSeat, SlotClaim
from ruko.db import begin_writing, db, end_writing
from ruko.errors import RukoError
from ruko.offices import (
    Office,
    all_counters,
    all_villages,
    board_version,
    get_bidang,
    get_office,
)
from ruko.tickets import (
    Call,
    State,
    Ticket,
    TicketSeries,
    Turn,
    call_next,
    call_ticket,
    check_in,
    find_turn,
    finish,
    get_visit,
    mark_no_show,
    recall,
    start,
    transfer,
)
from tests.conftest import MONDAY, SLUG, clean, wita
from tests.people import book, take

CODES = ("PMD", "PMD", "SEK")
"""Bookings are for PMD, so that is where most happens."""
HOLDING = {"pending", "confirmed", "checked_in", "in_session", "completed", "no_show"}
"""States of a booking that holds its slots and its quota seat."""
OPEN = {State.WAITING, State.CALLED, State.SERVING, State.HELD}
WEEK = [MONDAY + timedelta(days=n) for n in (0, 1, 2)]
MODEST = settings(
    max_examples=12,
    stateful_step_count=50,
    deadline=None,
    derandomize="CI" in os.environ,
    # Looking for a smaller example takes minutes; at a desk they are well spent.
    phases=[Phase.reuse, Phase.generate] + ([] if "CI" in os.environ else [Phase.shrink]),
)
anything = st.integers(0, 1000)
"""Which one; taken modulo however many there are."""


class OfficeMachine(RuleBasedStateMachine):
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
        self.version, self.seq = 0, 0
        self.steps = 0

    def teardown(self) -> None:
        db.session.rollback()
        end_writing()
        self.context.pop()

    @property
    def office(self) -> Office:
        return get_office(SLUG)

    def act(self, work: Callable[[Office], Any], *, shown: bool = True) -> None:
        """One unit of work; `shown` says that the board must know of its success."""
        self.steps += 1
        self.now += timedelta(seconds=6)  # long enough to be called again
        before = board_version(self.office.id)
        try:
            happened = work(self.office)
        except RukoError:
            db.session.rollback()
            assert board_version(self.office.id) == before  # nothing half-written
            return
        db.session.commit()
        version, seq = board_version(self.office.id)
        assert version >= before[0]
        assert seq >= before[1]
        if shown and happened is not None:
            assert version > before[0]

    def some_token(self, which: int) -> str | None:
        tokens = db.session.scalars(select(Ticket.token).order_by(Ticket.id)).all()
        return tokens[which % len(tokens)] if tokens else None

    def some_turn(self, which: int, *states: State) -> Turn | None:
        """A ticket's latest turn, of one in those states if there is one."""
        of_them = (
            select(Ticket.token)
            .join(Turn, Turn.ticket_id == Ticket.id)
            .where(Turn.state.in_(states))
            .order_by(Ticket.id)
        )
        tokens = db.session.scalars(of_them).all()
        token = tokens[which % len(tokens)] if tokens else self.some_token(which)
        return find_turn(self.office, token)

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
        for _ in range(people):
            take(office, self.now, "PMD")
        db.session.commit()

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

    # ── Visitors ──

    @rule(code=st.sampled_from(CODES), priority=st.booleans())
    def somebody_takes_a_number(self, code: str, priority: bool) -> None:
        def visit(office: Office) -> str:
            token = take(office, self.now, code, priority=priority)
            if db.session.scalars(select(Ticket.number).filter_by(token=token)).one() == 1:
                stale = (Turn.day != self.day, Turn.state.in_(OPEN))
                assert db.session.scalars(select(Turn.id).where(*stale)).all() == []
            return token

        self.act(visit)

    @rule(which=anything)
    def a_booking_is_scanned(self, which: int) -> None:
        booking = self.some_booking(which)
        if booking:
            before = booking.state
            self.act(
                lambda office: check_in(office, booking, by=SYSTEM, now=self.now),
                shown=before == "confirmed",
            )

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

    # ── Desks ──

    @rule(code=st.sampled_from(CODES), counter=st.integers(0, 3))
    def a_desk_calls_the_next(self, code: str, counter: int) -> None:
        def call(office: Office) -> int | None:
            bidang, place = get_bidang(office, code), all_counters(office)[counter]
            day = office.day(self.now)
            first = db.session.scalar(
                select(Turn.id)
                .filter_by(bidang_id=bidang.id, day=day, state=State.WAITING)
                .order_by(Turn.rank_at, Turn.id)
                .limit(1)
            )
            seq = call_next(office, bidang, place, by=SYSTEM, now=self.now)
            made = db.session.scalars(select(Call).filter_by(seq=seq)).one_or_none()
            assert (made and made.turn_id) == first
            return seq

        self.act(call)

    @rule(which=anything, counter=st.integers(0, 3), reason=st.sampled_from(["", "Rombongan"]))
    def a_desk_calls_a_given_one(self, which: int, counter: int, reason: str) -> None:
        def call(office: Office) -> int:
            turn = self.some_turn(which, State.WAITING)
            token = db.session.get_one(Ticket, turn.ticket_id).token if turn else "nobody"
            code = CODES[which % 3]
            bidang = get_bidang(office, code)
            place = all_counters(office)[counter]
            return call_ticket(office, bidang, place, token, reason=reason, by=SYSTEM, now=self.now)

        self.act(call)

    @rule(which=anything)
    def a_desk_calls_again(self, which: int) -> None:
        self.at_desk(which, lambda o, t: recall(o, t, by=SYSTEM, now=self.now), State.CALLED)

    @rule(which=anything)
    def a_visit_starts(self, which: int) -> None:
        self.at_desk(which, lambda o, t: start(o, t, by=SYSTEM, now=self.now), State.CALLED)

    @rule(which=anything)
    def a_visit_ends(self, which: int) -> None:
        self.at_desk(
            which,
            lambda o, t: finish(o, t, by=SYSTEM, now=self.now),
            State.SERVING,
        )

    @rule(which=anything, reason=st.sampled_from(["", "Pulang"]))
    def somebody_is_absent(self, which: int, reason: str) -> None:
        self.at_desk(
            which,
            lambda o, t: mark_no_show(o, t, reason=reason, by=SYSTEM, now=self.now),
            State.CALLED,
        )

    @rule(which=anything, code=st.sampled_from(CODES))
    def somebody_is_sent_on(self, which: int, code: str) -> None:
        self.at_desk(
            which,
            lambda o, t: transfer(o, t, get_bidang(o, code), by=SYSTEM, now=self.now),
            State.SERVING,
            State.CALLED,
            State.WAITING,
        )

    def at_desk(self, which: int, work: Callable[[Office, Turn], object], *states: State) -> None:
        turn = self.some_turn(which, *states)
        if turn:
            self.act(lambda office: work(office, turn) or True)

    # ── What always holds ──

    @invariant()
    def numbers_have_no_gap(self) -> None:
        numbers: dict[tuple[date, str], list[int]] = {}
        for ticket in db.session.execute(
            select(Ticket.day, Ticket.letter, Ticket.number).order_by(Ticket.number)
        ):
            numbers.setdefault((ticket.day, ticket.letter), []).append(ticket.number)
        for given in numbers.values():
            assert given == list(range(1, len(given) + 1))
        last = db.session.execute(select(TicketSeries.day, TicketSeries.letter, TicketSeries.last))
        assert {(s.day, s.letter): s.last for s in last} == {k: len(v) for k, v in numbers.items()}

    @invariant()
    def a_ticket_is_in_one_place_and_a_place_has_one_ticket(self) -> None:
        turns = db.session.execute(
            select(Turn.id, Turn.ticket_id, Turn.state, Turn.counter_id, Turn.closed_at)
        ).all()
        open_turns = Counter(t.ticket_id for t in turns if t.state in OPEN)
        assert set(open_turns.values()) <= {1}
        places = Counter(t.counter_id for t in turns if t.state in {"called", "serving"})
        assert set(places.values()) <= {1}
        assert None not in places
        latest = {t.ticket_id: t for t in sorted(turns)}
        assert all(t.state == "transferred" for t in turns if latest[t.ticket_id] is not t)
        assert all(t.state != "transferred" for t in latest.values())
        trail = db.session.execute(
            select(AuditEvent.subject_id, AuditEvent.state)
            .where(AuditEvent.subject == "ticket")
            .order_by(AuditEvent.id)
        )
        assert {row.subject_id: row.state for row in trail} == {
            ticket: turn.state for ticket, turn in latest.items()
        }

    @invariant()
    def no_other_day_reads_as_open(self) -> None:
        office = self.office
        other_days = select(Ticket.token).where(Ticket.day != office.day(self.now))
        for token in db.session.scalars(other_days.order_by(Ticket.id.desc()).limit(3)):
            visit = get_visit(token, office_of=lambda _id: office, now=self.now)[1]
            assert visit.state in {"done", "no_show", "expired"}
            assert visit.place is None

    @invariant()
    def slots_and_seats_belong_to_exactly_the_bookings_that_hold_them(self) -> None:
        holding = [
            b
            for b in db.session.scalars(select(Booking).execution_options(populate_existing=True))
            if b.state in HOLDING
        ]
        claims = db.session.execute(
            select(SlotClaim.booking_id, SlotClaim.room_id, SlotClaim.date, SlotClaim.slot_no)
        )
        assert {tuple(claim) for claim in claims} == {
            (b.id, b.room_id, b.date, no)
            for b in holding
            if b.room_id
            for no in range(b.first_slot, b.last_slot + 1)
        }
        seats = db.session.execute(
            select(QuotaSeat.booking_id, QuotaSeat.village_id, QuotaSeat.period, QuotaSeat.n)
        ).all()
        assert {(s.booking_id, s.village_id, s.period) for s in seats} == {
            (b.id, b.village_id, bookings.period_of(b.date)) for b in holding
        }
        assert all(1 <= s.n <= 3 for s in seats)

    @invariant()
    def a_booking_and_its_ticket_tell_the_same(self) -> None:
        pairs = db.session.execute(
            select(Booking.state, Turn.state, Turn.day, Turn.id, Ticket.id.label("ticket"))
            .join(Ticket, Ticket.booking_id == Booking.id)
            .join(Turn, Turn.ticket_id == Ticket.id)
            .order_by(Turn.id)
        )
        latest = {row.ticket: row for row in pairs}
        for booking_state, turn_state, *_ in latest.values():
            if turn_state == "serving":
                assert booking_state == "in_session"
            elif turn_state == "done":
                assert booking_state == "completed"
            else:
                assert booking_state in {"checked_in", "in_session", "completed"}

    @invariant()
    def versions_and_calls_only_rise(self) -> None:
        version, seq = board_version(self.office.id)
        assert version >= self.version
        assert seq >= self.seq
        self.version, self.seq = version, seq
        seqs = db.session.scalars(select(Call.seq).order_by(Call.id)).all()
        assert list(seqs) == list(range(1, seq + 1))
        assert all(a < b for a, b in pairwise(seqs))

    @invariant()
    def a_ticket_keeps_its_rank_when_it_is_sent_on(self) -> None:
        turns = db.session.execute(
            select(Turn.ticket_id, func.count(Turn.rank_at.distinct()).label("ranks"))
            .join(Ticket, Ticket.id == Turn.ticket_id)
            .where(Ticket.booking_id.is_(None))
            .group_by(Turn.ticket_id)
        )
        assert all(row.ranks == 1 for row in turns)


def test_whatever_happens_in_an_office_every_rule_of_it_holds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_listeners", [])
    machine = type("TheOffice", (OfficeMachine,), {"app": app})
    run_state_machine_as_test(machine, settings=MODEST)
