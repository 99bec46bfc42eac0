"""Many people at the same moment, in real threads on the engine under test: the constraints decide."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ruko import bookings, events
from ruko.accounts import Role, add_user
from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.bookings import Booking, QuotaSeat, SlotClaim, SlotTaken
from ruko.db import db, writing
from ruko.devices import add_device
from ruko.errors import RukoError, WrongState
from ruko.offices import Office, all_bidang, all_counters, all_villages, board_version, get_office
from ruko.tickets import (
    Call,
    State,
    Ticket,
    Turn,
    call_next,
    check_in,
    finish,
    mark_no_show,
    recall,
    start,
    transfer,
)
from tests.conftest import MONDAY, SLUG, wita
from tests.people import (
    PATIENCE_SECONDS,
    TUESDAY,
    at_once,
    bidang_of,
    book,
    call_of,
    called,
    loket,
    refusals,
    state_of,
    successes,
    take,
    turn_in,
    turn_of,
)

NOW = wita(9)
Ready = Callable[[], None]
Inside = Callable[[], Office]


@pytest.fixture(autouse=True)
def no_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: the screens' own thread takes no part in these races."""
    monkeypatch.setattr(events, "_listeners", [])


@pytest.fixture
def stage(app: Flask) -> Iterator[None]:
    """A session for what comes before and after the race; nothing is asked yet."""
    with app.app_context(), writing():
        yield


@pytest.fixture
def before(stage: None) -> Office:
    """The office, to prepare the race with; `done()` ends that."""
    return get_office(SLUG)


def done() -> None:
    """What was prepared is there for everybody, and the write lock is free."""
    db.session.commit()
    db.session.remove()


@pytest.fixture
def after(stage: None) -> Inside:
    """Look at what the race has left."""

    def look() -> Office:
        db.session.rollback()
        return get_office(SLUG)

    return look


def test_forty_want_one_slot_and_one_gets_it(app: Flask, after: Inside) -> None:
    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        village = all_villages(office)[n % 16]
        return book(office, NOW, village=village).code

    answers = at_once(app, 40, press)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["slot_taken"] * 39
    refused = [a for a in answers if isinstance(a, SlotTaken)]
    assert [len(refusal.alternatives) for refusal in refused] == [3] * 39
    after()
    assert [c.slot_no for c in db.session.scalars(select(SlotClaim))] == [2]
    assert len(db.session.scalars(select(Booking)).all()) == 1
    assert len(db.session.scalars(select(QuotaSeat)).all()) == 1


def test_overlapping_stretches_of_slots_are_never_shared(app: Flask, after: Inside) -> None:
    wishes = [(8, 10), (9, 11), (10, 12), (8, 12), (11, 12), (8, 9)]

    def press(n: int, ready: Ready) -> int:
        ready()
        office = get_office(SLUG)
        first, last = wishes[n % len(wishes)]
        wish = {"start": time(first), "end": time(last), "village": all_villages(office)[n % 16]}
        return book(office, NOW, **wish).id

    answers = at_once(app, 24, press)

    assert set(refusals(answers)) == {"slot_taken"}
    after()
    claimed = {b.id: b.last_slot - b.first_slot + 1 for b in db.session.scalars(select(Booking))}
    assert set(claimed) == set(successes(answers))
    kept = Counter(c.booking_id for c in db.session.scalars(select(SlotClaim)))
    assert kept == claimed  # whole stretches, and UNIQUE keeps them apart


def test_a_village_gets_three_of_ten(app: Flask, after: Inside) -> None:
    slots = [(day, hour) for day in (24, 25) for hour in (8, 9, 10, 11, 13)]

    def press(n: int, ready: Ready) -> str:
        ready()
        day, hour = slots[n]
        office = get_office(SLUG)
        wish = {"day": date(2026, 11, day), "start": time(hour), "end": time(hour + 1)}
        return book(office, NOW, **wish).code

    answers = at_once(app, 10, press)

    assert len(successes(answers)) == 3
    assert refusals(answers) == ["quota_exceeded"] * 7
    after()
    assert sorted(s.n for s in db.session.scalars(select(QuotaSeat))) == [1, 2, 3]
    assert len(db.session.scalars(select(SlotClaim)).all()) == 3


def test_approve_and_decline_at_once_is_one_of_them(app: Flask, after: Inside) -> None:
    for _ in range(5):
        office = get_office(SLUG)
        booking_id = book(office, NOW, room=bookings.all_rooms(office)[1]).id
        done()

        def press(n: int, ready: Ready, booking_id: int = booking_id) -> str:
            booking = db.session.get_one(Booking, booking_id)
            ready()
            if n % 2:
                bookings.approve(booking, by=SYSTEM, now=NOW)
                return "confirmed"
            bookings.decline(booking, "Ruang dipakai", by=SYSTEM, now=NOW)
            return "declined"

        answers = at_once(app, 4, press)

        assert len(successes(answers)) == 1
        assert refusals(answers) == ["wrong_state"] * 3
        after()
        booking = db.session.get_one(Booking, booking_id)
        assert booking.state == successes(answers)[0]
        assert {a.state for a in answers if isinstance(a, RukoError)} == {booking.state}  # type: ignore[attr-defined]
        assert len(trail_of("booking", booking_id)) == 2
        held = db.session.scalar(select(func.count()).select_from(SlotClaim))
        assert held == (1 if booking.state == "confirmed" else 0)
        if booking.state == "confirmed":
            bookings.cancel(booking, "Ulang", by=SYSTEM, privileged=True, now=NOW)
        db.session.commit()


def test_640_numbers_from_32_kiosks_are_distinct_and_without_a_gap(
    app: Flask, after: Inside
) -> None:
    def press(n: int, ready: Ready) -> int:
        ready()
        for _ in range(20):
            take(get_office(SLUG), NOW)
            db.session.commit()
        return 20

    assert at_once(app, 32, press) == [20] * 32

    office = after()
    numbers = db.session.scalars(select(Ticket.number).order_by(Ticket.number)).all()
    assert numbers == list(range(1, 641))
    assert db.session.scalar(select(func.count(Ticket.token.distinct()))) == 640
    assert board_version(office.id) == (640, 0)


def test_eight_desks_call_two_hundred_and_lose_nobody(
    app: Flask, before: Office, after: Inside
) -> None:
    for n in range(200):
        take(before, NOW + timedelta(seconds=n), priority=n % 7 == 0)
    done()
    later = NOW + timedelta(minutes=20)

    def work(n: int, ready: Ready) -> list[int]:
        ready()
        seqs: list[int] = []
        while True:
            office = get_office(SLUG)
            seq = call_next(
                office, bidang_of(office), all_counters(office)[n], by=SYSTEM, now=later
            )
            if seq is None:
                waiting = select(func.count()).where(Turn.state == State.WAITING)
                assert db.session.scalar(waiting) == 0, "told “none waiting” while somebody waits"
                return seqs
            seqs.append(seq)
            turn = turn_in(call_of(office, seq))
            db.session.commit()
            finish(get_office(SLUG), turn, by=SYSTEM, now=later)
            db.session.commit()

    desks = at_once(app, 8, work)

    assert all(isinstance(seqs, list) for seqs in desks), desks
    after()
    calls = db.session.scalars(select(Call).order_by(Call.seq)).all()
    assert sorted(seq for seqs in desks for seq in seqs) == list(range(1, 201))  # type: ignore[union-attr]
    assert len({c.turn_id for c in calls}) == 200
    assert db.session.scalars(select(Turn.state).distinct()).all() == ["done"]


@pytest.mark.parametrize("waiting", [2, 8])
def test_two_people_at_one_counter_call_one_visitor(
    app: Flask, before: Office, after: Inside, waiting: int
) -> None:
    for _ in range(waiting):
        take(before, NOW)
    done()

    def press(n: int, ready: Ready) -> int | None:
        office = get_office(SLUG)
        bidang, counter = bidang_of(office), loket(office)
        ready()
        return call_next(office, bidang, counter, by=SYSTEM, now=NOW)

    answers = at_once(app, 2, press)

    assert successes(answers) == [1]
    assert refusals(answers) == ["counter_busy"]
    after()
    states = Counter(db.session.scalars(select(Turn.state)))
    assert states == {"called": 1, "waiting": waiting - 1}
    assert len(db.session.scalars(select(Call)).all()) == 1


def test_eight_desks_want_the_only_visitor(app: Flask, before: Office, after: Inside) -> None:
    take(before, NOW)
    done()

    def press(n: int, ready: Ready) -> int | None:
        office = get_office(SLUG)
        bidang, counter = bidang_of(office), all_counters(office)[n]
        ready()
        return call_next(office, bidang, counter, by=SYSTEM, now=NOW)

    answers = at_once(app, 8, press)

    assert sorted(answers, key=str) == [1, *[None] * 7]
    after()
    assert len(db.session.scalars(select(Call)).all()) == 1


def test_a_desk_waits_for_the_other_instead_of_hearing_that_nobody_waits(
    app: Flask, before: Office, after: Inside
) -> None:
    """One desk's call is under way and then fails; the other must get the only visitor."""
    take(before, NOW)
    done()
    holding, called_too = threading.Event(), threading.Event()

    def first_desk() -> None:
        with app.app_context(), writing():
            office = get_office(SLUG)
            assert call_next(office, bidang_of(office), loket(office, 1), by=SYSTEM, now=NOW)
            holding.set()
            wait_until_blocked(app, called_too)
            db.session.rollback()

    def second_desk() -> int | None:
        holding.wait(PATIENCE_SECONDS)
        with app.app_context(), writing():
            called_too.set()
            office = get_office(SLUG)
            seq = call_next(office, bidang_of(office), loket(office, 2), by=SYSTEM, now=NOW)
            db.session.commit()
            return seq

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(first_desk), pool.submit(second_desk)
        first.result(PATIENCE_SECONDS)
        assert second.result(PATIENCE_SECONDS) == 1
    after()
    assert [c.place for c in db.session.scalars(select(Call))] == ["Loket 2"]


def wait_until_blocked(app: Flask, begun: threading.Event) -> None:
    """Return once the other thread waits for this one's locks.

    PostgreSQL says so itself; on SQLite it waits before its first query, so having begun is enough.
    """
    begun.wait(PATIENCE_SECONDS)
    if db.engine.dialect.name != "postgresql":
        return
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE_SECONDS, deadline.set)
    timer.start()
    with db.engine.connect() as watcher:
        while not deadline.is_set():
            waiting = watcher.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if waiting.scalar_one():
                break
    timer.cancel()
    assert not deadline.is_set(), "the other thread was never blocked"


def test_a_booking_scanned_sixteen_times_is_one_ticket(
    app: Flask, before: Office, after: Inside
) -> None:
    booking_id = book(before, wita(6), day=MONDAY, start=time(10), end=time(11)).id
    done()

    def scan(n: int, ready: Ready) -> tuple[str, bool]:
        booking = db.session.get_one(Booking, booking_id)
        ready()
        return check_in(get_office(SLUG), booking, by=SYSTEM, now=NOW)

    answers = at_once(app, 16, scan)

    assert refusals(answers) == []
    tokens = {token for token, _new in successes(answers)}
    assert len(tokens) == 1
    assert sum(new for _token, new in successes(answers)) == 1
    after()
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.number, ticket.token) == (1, *tokens)
    assert len(trail_of("ticket", ticket.id)) == 1
    assert [line.action for line in trail_of("booking", booking_id)] == ["book", "check_in"]


def test_a_missed_booking_scanned_sixteen_times_waits_once(
    app: Flask, before: Office, after: Inside
) -> None:
    booking = book(before, wita(6), day=MONDAY, start=time(9), end=time(10))
    booking_id = booking.id
    token, _ = check_in(before, booking, by=SYSTEM, now=NOW)
    mark_no_show(before, called(before, NOW, "PMD"), reason="Keluar", by=SYSTEM, now=NOW)
    done()

    def scan(n: int, ready: Ready) -> tuple[str, bool]:
        booking = db.session.get_one(Booking, booking_id)
        ready()
        return check_in(get_office(SLUG), booking, by=SYSTEM, now=NOW)

    assert at_once(app, 16, scan) == [(token, False)] * 16
    office = after()
    turn = turn_of(office, token)
    assert (turn.state, turn.announcements) == ("waiting", 0)
    actions = [line.action for line in trail_of("ticket", turn.ticket_id)]
    assert actions == ["issue", "call", "no_show", "check_in_again"]


@pytest.mark.parametrize("_round", range(3))
def test_start_absence_transfer_and_recall_at_once_is_one_of_them(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    token = take(before, NOW)
    called(before, NOW)
    done()
    later = NOW + timedelta(seconds=30)

    def press(n: int, ready: Ready) -> str:
        office = get_office(SLUG)
        turn = turn_of(office, token)
        elsewhere = bidang_of(office, "SEK")
        if n == 0:
            ready()
            start(office, turn, by=SYSTEM, now=later)
            return "serving"
        if n == 1:
            ready()
            mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=later)
            return "no_show"
        if n == 2:
            ready()
            finish(office, turn, by=SYSTEM, now=later)
            return "done"
        ready()
        transfer(office, turn, elsewhere, by=SYSTEM, now=later)
        return "waiting"

    answers = at_once(app, 4, press)

    office = after()
    # A second one may follow where the order makes sense: start, then finish or transfer.
    allowed = [["serving"], ["no_show"], ["done"], ["waiting"], ["done", "serving"]]
    assert sorted(successes(answers)) in [*allowed, ["serving", "waiting"]]
    assert set(refusals(answers)) == {"wrong_state"}
    shown = str(state_of(office, token))
    assert shown in successes(answers)
    lines = trail_of("ticket", turn_of(office, token).ticket_id)
    assert len(lines) == 2 + len(successes(answers))
    assert lines[-1].state == shown


def test_recalls_at_once_announce_no_more_often_than_they_say(
    app: Flask, before: Office, after: Inside
) -> None:
    token = take(before, NOW)
    called(before, NOW)
    done()
    later = NOW + timedelta(seconds=10)

    def press(n: int, ready: Ready) -> int:
        ready()
        office = get_office(SLUG)
        return recall(office, turn_of(office, token), by=SYSTEM, now=later)

    answers = at_once(app, 6, press)

    assert successes(answers) == [2]
    assert set(refusals(answers)) <= {"too_soon", "wrong_state"}
    office = after()
    assert turn_of(office, token).announcements == 2
    assert [c.seq for c in db.session.scalars(select(Call).order_by(Call.id))] == [1, 2]


def test_the_first_numbers_of_all_letters_close_yesterday_once(
    app: Flask, before: Office, after: Inside
) -> None:
    left = [take(before, wita(10), code) for code in ("PEM", "PMD", "SEK") for _ in range(15)]
    codes = [bidang.code for bidang in all_bidang(before)]
    done()
    morning = wita(8, day=TUESDAY)

    def press(n: int, ready: Ready) -> str:
        ready()
        return take(get_office(SLUG), morning, codes[n])

    answers = at_once(app, len(codes), press)

    assert refusals(answers) == []
    office = after()
    assert {state_of(office, token) for token in left} == {State.EXPIRED}
    closings = select(func.count()).where(AuditEvent.action == "expire")
    assert db.session.scalar(closings) == len(left)


def test_yesterday_is_closed_once_although_two_begin_to_close_it(
    app: Flask, before: Office, after: Inside
) -> None:
    token = take(before, wita(10))
    done()
    morning = wita(8, day=TUESDAY)
    holding, begun = threading.Event(), threading.Event()

    def first() -> None:
        with app.app_context(), writing():
            take(get_office(SLUG), morning, "PEM")
            holding.set()
            wait_until_blocked(app, begun)
            db.session.commit()

    def second() -> None:
        holding.wait(PATIENCE_SECONDS)
        with app.app_context(), writing():
            begun.set()
            take(get_office(SLUG), morning, "PMD")
            db.session.commit()

    with ThreadPoolExecutor(2) as pool:
        for one in (pool.submit(first), pool.submit(second)):
            one.result(PATIENCE_SECONDS)
    office = after()
    turn = turn_of(office, token)
    assert (turn.state, turn.version) == ("expired", 2)
    assert [line.action for line in trail_of("ticket", turn.ticket_id)] == ["issue", "expire"]


def test_desks_kiosks_and_check_ins_together_keep_every_count(
    app: Flask, before: Office, after: Inside
) -> None:
    """A busy minute: numbers, arrivals, calls, transfers at once; afterwards all adds up."""
    villages = all_villages(before)
    booked = [
        book(before, wita(6), day=MONDAY, start=time(h), end=time(h + 1), village=villages[h]).id
        for h in (9, 10, 11, 13, 14)
    ]
    for _ in range(20):
        take(before, NOW, "PMD")
    done()

    def scan(booking_id: int, now: datetime) -> None:
        booking = db.session.get_one(Booking, booking_id)
        if booking.state == "completed":
            return  # a desk was quick
        with suppress(WrongState):  # or is just now
            check_in(get_office(SLUG), booking, by=SYSTEM, now=now)
        db.session.commit()

    def person(n: int, ready: Ready) -> str:
        ready()
        for step in range(6):
            office = get_office(SLUG)
            now: datetime = NOW + timedelta(minutes=step)
            if n < 4:
                take(office, now, "PMD", priority=bool(step % 2))
            elif n < 6:
                for booking_id in booked:
                    scan(booking_id, now)
            else:
                seq = call_next(
                    office, bidang_of(office, "PMD"), all_counters(office)[n], by=SYSTEM, now=now
                )
                assert seq is not None
                turn = turn_in(call_of(office, seq))
                db.session.commit()
                if step % 2:
                    transfer(get_office(SLUG), turn, bidang_of(office, "SEK"), by=SYSTEM, now=now)
                else:
                    finish(get_office(SLUG), turn, by=SYSTEM, now=now)
            db.session.commit()
        return "done"

    assert at_once(app, 8, person) == ["done"] * 8

    office = after()
    numbers = db.session.scalars(select(Ticket.number).order_by(Ticket.number)).all()
    assert numbers == list(range(1, 20 + 4 * 6 + len(booked) + 1))
    seqs = db.session.scalars(select(Call.seq).order_by(Call.id)).all()
    assert seqs == list(range(1, 13))
    states = Counter(db.session.scalars(select(Turn.state)))
    assert (states[State.DONE], states[State.TRANSFERRED]) == (6, 6)
    assert board_version(office.id)[1] == 12


def test_two_accounts_or_tablets_of_one_name_are_one_and_a_sentence(
    app: Flask, password_hash: str
) -> None:
    def open_account(_n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        add_user(
            office,
            "operator",
            Role.OPERATOR,
            password_hash,
            must_change_password=False,
            by=SYSTEM,
            now=NOW,
        )
        add_device(office, "kiosk", "Lobi", by=SYSTEM, now=NOW)
        return "made"

    answers = at_once(app, 4, open_account)

    assert successes(answers) == ["made"]
    assert refusals(answers) == ["invalid"] * 3
