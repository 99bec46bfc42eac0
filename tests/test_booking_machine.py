"""Random villages, rooms, holds, proposals, closures and clocks. After each step everything holds."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
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

from ruko import bookings, events, tickets
from ruko.audit import SYSTEM, AuditEvent
from ruko.bookings import Alternative, Booking, Draft, Room, SlotTaken
from ruko.db import begin_writing, db, end_writing
from ruko.errors import RukoError
from ruko.offices import Bidang, Closure, Office, all_villages, get_bidang, get_category, get_office
from ruko.tickets import Ticket, check_in
from tests.booking_invariants import (
    a_sentence,
    everything_holds,
    officers_needed,
    seats_used,
    the_grid_agrees,
)
from tests.conftest import MONDAY, SLUG, clean, wita
from tests.people import book, call, turn_of

CODES = ("PMD", "KES")
DAYS = [MONDAY + timedelta(days=n) for n in (0, 1, 3, 7)]
MODEST = settings(
    max_examples=8,
    stateful_step_count=40,
    deadline=None,
    derandomize="CI" in os.environ,
    # Looking for a smaller example takes minutes; at a desk they are well spent.
    phases=[Phase.reuse, Phase.generate] + ([] if "CI" in os.environ else [Phase.shrink]),
)
anything = st.integers(0, 1000)
"""Which one; taken modulo however many there are."""
hours = st.sampled_from(
    [(8, 1), (9, 1), (9, 1), (9, 2), (9, 3), (10, 1), (10, 2), (13, 1), (13, 2)]
)
"""When it begins, and how long it lasts."""
ahead = st.sampled_from([0, 0, 0, 1, 1, 7])
"""Days from the present one; most meet there."""
rooms = st.integers(0, 2)
Work = Callable[[Office], Any]


class BookingMachine(RuleBasedStateMachine):
    """Each rule is one unit of work that commits, or is refused with a sentence and leaves nothing."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        clean(self.app)
        self.context = self.app.app_context()
        self.context.push()
        begin_writing()
        self.now = wita(8)
        self.beyond = False
        self.officers: Counter[tuple[int, date, int]] = Counter()
        self.seats: Counter[tuple[int, str]] = Counter()
        self.told: Sequence[Any] = []
        self.count = 0

    def teardown(self) -> None:
        db.session.rollback()
        end_writing()
        self.context.pop()

    @property
    def office(self) -> Office:
        return get_office(SLUG)

    def act(self, work: Work) -> RukoError | None:
        """One unit of work; returns the refusal. What it offers instead must be bookable."""
        self.now += timedelta(seconds=7)
        try:
            work(self.office)
            db.session.commit()
        except RukoError as refusal:
            db.session.rollback()
            a_sentence(refusal)
            return refusal
        return None

    def wish(
        self,
        work: Callable[..., Any],
        room: int,
        days: int,
        hour: tuple[int, int],
    ) -> None:
        """Something that takes a time; `work(office, room=…, day=…, start=…, end=…)`."""
        day = self.office.day(self.now) + timedelta(days=days)
        start, length = hour
        when = {"day": day, "start": time(start), "end": time(start + length)}
        refusal = self.act(lambda office: work(office, room=self.room(room), **when))
        if isinstance(refusal, SlotTaken):
            for offered in refusal.alternatives:
                self.try_out(work, offered)

    def try_out(self, work: Callable[..., Any], offered: Alternative) -> None:
        """What was offered in place of a taken time is really to be had."""
        room = db.session.get_one(Room, offered.room.id)
        work(self.office, room=room, day=offered.date, start=offered.start, end=offered.end)
        db.session.flush()
        db.session.rollback()

    def room(self, which: int) -> Room | None:
        """The small one, the large one that needs approval, or an outside visit."""
        return [*bookings.all_rooms(self.office), None][which]

    def one(self, table: Any, which: int, *where: Any) -> Any:
        """One that fits, or None."""
        found = db.session.scalars(select(table).where(*where).order_by(table.id)).all()
        return found[which % len(found)] if found else None

    def booking(self, which: int) -> Booking | None:
        """Mostly one of the present day or later, to which something can happen."""
        today = self.office.day(self.now)
        coming: Booking | None = self.one(Booking, which, Booking.date >= today)
        every: Booking | None = self.one(Booking, which)
        return every if which % 7 == 0 else coming or every

    def draft(self, which: int) -> Draft | None:
        found: Draft | None = self.one(Draft, which, Draft.for_booking_id.is_(None))
        return found

    @initialize(limit=st.sampled_from([1, 2, 3]), lanes=st.sampled_from([None, 1, 2]))
    def an_office_opens(self, limit: int, lanes: int | None) -> None:
        for n, room in enumerate(bookings.all_rooms(self.office)):
            village = all_villages(self.office)[n]
            book(self.office, wita(6), village=village, room=room, day=MONDAY, end=time(12))
        self.office.quota_per_week = limit
        get_bidang(self.office, "PMD").officers = lanes
        db.session.commit()
        self.officers = officers_needed(self.office)

    # ── Time ──

    @rule(minutes=st.sampled_from([1, 5, 11, 11, 16, 16, 40, 60, 90, 25 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.in_hours()

    @rule(minutes=st.integers(1, 60))
    def the_clock_is_put_back(self, minutes: int) -> None:
        self.now = max(wita(8), self.now - timedelta(minutes=minutes))

    @precondition(lambda self: self.office.day(self.now) == MONDAY)
    @rule(days=st.sampled_from([1, 7]))
    def days_pass(self, days: int) -> None:
        self.now = wita(8, day=MONDAY + timedelta(days=days))

    def in_hours(self) -> None:
        """Nights and Sundays are long, and nothing happens."""
        local = self.office.local(self.now)
        if local.hour >= 15:
            self.now = wita(8, day=local.date() + timedelta(days=1))
        if self.office.day(self.now) > MONDAY + timedelta(days=10):
            self.now = wita(8)

    # ── Villages ──

    @rule(
        village=anything,
        code=st.sampled_from(CODES),
        room=rooms,
        days=ahead,
        hour=hours,
    )
    def a_village_books(
        self,
        village: int,
        code: str,
        room: int,
        days: int,
        hour: tuple[int, int],
    ) -> None:
        beyond = "Musdes" if village % 4 == 3 else None

        def book(office: Office, **place: Any) -> None:
            bookings.book(
                office,
                village=all_villages(office)[village // 4 % 4],
                bidang=get_bidang(office, code),
                category=get_category(office, "stunting"),
                topic="Rembuk stunting",
                attendees=3 + village % 20,
                leader="Rahmawati",
                phone=None,
                by=SYSTEM,
                on_behalf=beyond is not None,
                quota_reason=beyond,
                now=self.now,
                **place,
            )

        self.beyond |= beyond is not None
        self.wish(book, room, days, hour)

    @rule(village=anything, code=st.sampled_from(CODES))
    def somebody_begins_to_write(self, village: int, code: str) -> None:
        def begin(office: Office) -> None:
            draft = bookings.begin(
                office,
                village=all_villages(office)[village % 4],
                bidang=get_bidang(office, code),
                category=get_category(office, "stunting"),
                topic="Rembuk stunting",
                by=SYSTEM,
                now=self.now,
            )
            self.write(draft, village)

        self.act(begin)

    def write(self, draft: Draft, which: int) -> None:
        bookings.who_comes(
            draft,
            leader="Sekretaris",
            role="secretary",
            attendees=2 + which % 4,
            phone=None,
            now=self.now,
        )

    @rule(which=anything, room=rooms, days=ahead, hour=hours)
    def a_time_is_held(self, which: int, room: int, days: int, hour: tuple[int, int]) -> None:
        draft = self.draft(which)
        if draft is None:
            return
        reason = "Musdes" if which % 9 == 0 else None
        self.beyond |= reason is not None

        def hold(_office: Office, **place: Any) -> None:
            bookings.hold(draft, now=self.now, quota_reason=reason, **place)

        self.wish(hold, room, days, hour)

    @rule(
        which=anything, what=st.sampled_from(["send", "send", "send", "discard", "describe", "who"])
    )
    def a_draft_goes_on(self, which: int, what: str) -> None:
        draft = self.draft(which)
        if draft is None:
            return
        self.beyond |= draft.quota_reason is not None

        def go_on(office: Office) -> None:
            if what == "send":
                sent = draft.booking_id
                booking = bookings.send(draft, by=SYSTEM, on_behalf=False, now=self.now)
                assert sent in {None, booking.id}
            elif what == "discard":
                bookings.discard(draft, now=self.now)
            elif what == "who":
                self.write(draft, which)
            else:
                bookings.describe(
                    draft,
                    bidang=get_bidang(office, CODES[which % 2]),
                    category=get_category(office, "stunting"),
                    topic="Lain",
                    now=self.now,
                )

        self.act(go_on)

    @rule(which=anything, room=rooms, days=ahead, hour=hours, privileged=st.booleans())
    def a_booking_is_moved(
        self, which: int, room: int, days: int, hour: tuple[int, int], privileged: bool
    ) -> None:
        booking = self.booking(which)
        if booking is None:
            return

        def move(_office: Office, **place: Any) -> None:
            bookings.move(booking, by=SYSTEM, privileged=privileged, now=self.now, **place)

        self.wish(move, room, days, hour)

    # ── The office ──

    @rule(which=anything, room=rooms, days=ahead, hour=hours)
    def another_time_is_proposed(
        self, which: int, room: int, days: int, hour: tuple[int, int]
    ) -> None:
        booking = self.booking(which)
        if booking is None:
            return

        def propose(_office: Office, **place: Any) -> None:
            bookings.propose(booking, by=SYSTEM, now=self.now, **place)

        self.wish(propose, room, days, hour)

    @rule(which=anything, what=st.sampled_from(["accept", "accept", "refuse", "withdraw"]))
    def a_proposal_is_answered(self, which: int, what: str) -> None:
        draft: Draft | None = self.one(
            Draft, which, Draft.for_booking_id.is_not(None), Draft.held_until.is_not(None)
        )
        booking = db.session.get(Booking, draft.for_booking_id) if draft else self.booking(which)
        if booking is not None:
            answer = getattr(bookings, f"{what}_proposal")
            self.act(lambda _office: answer(booking, by=SYSTEM, now=self.now))

    @rule(
        which=anything,
        what=st.sampled_from(["approve", "approve", "decline", "cancel", "conclude"]),
    )
    def a_booking_is_decided(self, which: int, what: str) -> None:
        booking = self.booking(which)
        if booking is None:
            return

        def decide(_office: Office) -> None:
            if what == "approve":
                bookings.approve(booking, by=SYSTEM, now=self.now)
            elif what == "decline":
                bookings.decline(booking, "Rapat", by=SYSTEM, now=self.now)
            elif what == "cancel":
                privileged = which % 2 == 0
                bookings.cancel(booking, "Batal", by=SYSTEM, privileged=privileged, now=self.now)
            else:
                bookings.conclude(booking, by=SYSTEM, now=self.now)

        self.act(decide)

    @rule(
        room=st.sampled_from([0, 1, 2]),
        days=st.sampled_from([0, 0, 1, 7]),
        hour=st.sampled_from([8, 9, 10]),
        length=st.sampled_from([1, 2, 30]),
        minute=st.sampled_from([0, 0, 30]),
    )
    def the_office_closes_something(
        self, room: int, days: int, hour: int, length: int, minute: int
    ) -> None:
        def close(office: Office) -> None:
            start = wita(hour, minute, day=office.day(self.now) + timedelta(days=days))
            end = start + timedelta(hours=length)
            bookings.close(
                office, self.room(room), start, end, "Perbaikan", by=SYSTEM, now=self.now
            )

        self.act(close)

    @rule(which=anything, what=st.sampled_from(["end", "end", "end", "early", "reopen"]))
    def a_closure_ends_or_the_day_does(self, which: int, what: str) -> None:
        closure = self.one(Closure, which, Closure.ends_at > self.now)

        def change(office: Office) -> None:
            if what == "early":
                bookings.close_early(office, "Listrik padam", by=SYSTEM, now=self.now)
            elif what == "reopen":
                bookings.reopen(office, by=SYSTEM, now=self.now)
            elif closure:
                bookings.end_closure(closure, by=SYSTEM, now=self.now)

        self.act(change)

    @rule(code=st.sampled_from(CODES), number=st.sampled_from([None, 1, 2, 3]))
    def the_officers_are_counted_anew(self, code: str, number: int | None) -> None:
        def count(office: Office) -> None:
            get_bidang(office, code).officers = number

        self.act(count)

    # ── The day itself ──

    @rule(which=anything, late=st.sampled_from([0, 0, 10, 20, 40]))
    def they_come(self, which: int, late: int) -> None:
        """Mostly near the start of one of the day's."""
        today = self.office.day(self.now)
        waited: Booking | None = self.one(
            Booking,
            which,
            Booking.date == today,
            Booking.state.in_(["confirmed", "no_show"]),
            Booking.ends_at > self.now,
        )
        booking = waited or self.booking(which)
        if booking is None:
            return
        if waited and which % 3:
            self.now = max(self.now, booking.starts_at + timedelta(minutes=late))
        self.act(lambda office: check_in(office, booking, by=SYSTEM, now=self.now))

    @rule(which=anything, undo=st.booleans(), after=st.sampled_from([0, 20, 50]))
    def a_visit_goes_on(self, which: int, undo: bool, after: int) -> None:
        ticket = self.one(Ticket, which)
        if ticket is None:
            return
        token = ticket.token
        state = turn_of(self.office, token).state
        self.now += timedelta(seconds=after)

        def step(office: Office) -> None:
            turn = turn_of(office, token)
            if undo and state != "waiting":
                tickets.undo(office, turn, by=SYSTEM, now=self.now)
            elif state == "waiting":
                bidang = db.session.get_one(Bidang, turn.bidang_id)
                call(office, self.now, bidang.code, counter=1 if bidang.code == "PMD" else 2)
            elif state == "called":
                tickets.start(office, turn, by=SYSTEM, now=self.now)
            else:
                tickets.finish(office, turn, by=SYSTEM, now=self.now)

        self.act(step)

    # ── What always holds ──

    @invariant()
    def every_claim_has_its_reason(self) -> None:
        """Settled and rolled back: the lag of what time has ended stays in the machine."""
        everything_holds(self.office, self.now)
        needed, seats = officers_needed(self.office), seats_used(self.office)
        limits = {one.id: one.officers for one in db.session.scalars(select(Bidang))}
        for where, count in needed.items():
            limit = limits[where[0]]
            assert limit is None or count <= max(limit, self.officers[where])
        for week, used in seats.items():
            limit = self.office.quota_per_week
            assert self.beyond or used <= max(limit, self.seats[week])
        db.session.rollback()
        self.officers, self.seats = officers_needed(self.office), seats_used(self.office)
        self.beyond = False

    @invariant()
    def nothing_is_deleted_and_the_trail_only_grows(self) -> None:
        count = db.session.scalar(select(func.count()).select_from(Booking)) or 0
        assert count >= self.count
        self.count = count
        lines = select(*AuditEvent.__table__.columns).order_by(AuditEvent.id)
        told = [tuple(line) for line in db.session.execute(lines)]
        assert told[: len(self.told)] == self.told
        self.told = told

    @invariant()
    def the_grid_of_a_moment_agrees(self) -> None:
        moment = self.now + timedelta(minutes=(len(self.told) * 7) % 61)
        the_grid_agrees(self.office, DAYS[len(self.told) % len(DAYS)], moment)
        db.session.rollback()


def test_whatever_villages_and_the_office_do_every_claim_has_its_reason(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_listeners", [])
    machine = type("TheHouse", (BookingMachine,), {"app": app})
    run_state_machine_as_test(machine, settings=MODEST)
