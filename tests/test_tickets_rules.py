"""The queue, rule by rule: a number, a call, a visit, and everything that may come between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from ruko import bookings
from ruko.audit import SYSTEM, Actor, trail_of
from ruko.bookings import Booking
from ruko.db import db
from ruko.errors import Closed, Invalid, NotFound, TooLate, TooSoon, WrongState
from ruko.offices import (
    Office,
    board_version,
    get_counter,
    get_service,
    get_village,
)
from ruko.tickets import (
    Call,
    CounterBusy,
    State,
    Ticket,
    Turn,
    VisitorKind,
    call_next,
    call_ticket,
    check_in,
    close_past_days,
    find_turn,
    finish,
    get_visit,
    history_of,
    issue,
    mark_no_show,
    queue_of,
    recall,
    start,
    transfer,
    turn_at,
    visits_at_counters,
)
from tests.conftest import MONDAY, wita
from tests.people import (
    BINJAI,
    TUESDAY,
    bidang_of,
    binjai,
    book,
    call,
    call_again,
    called,
    code_of,
    loket,
    state_of,
    steps_of,
    take,
    ticket_of,
    turn_of,
)
from tests.statements import statements

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
SATURDAY = date(2026, 11, 28)
NEXT_YEAR = date(2027, 11, 23)
STAFF = Actor("user", 7)


def call_given(office: Office, token: str, now: datetime, code: str = "PEM", **how: Any) -> int:
    counter = loket(office, how.pop("counter", 1))
    return call_ticket(office, bidang_of(office, code), counter, token, by=SYSTEM, now=now, **how)


def visit_of(office: Office, token: str, now: datetime) -> Any:
    return get_visit(token, office_of=lambda _id: office, now=now)[1]


def history(token: str) -> list[str]:
    return [state for state, _bidang, _place in steps_of(token)]


# ── Taking a number ───────────────────────────────────────────────────────────────────────────


def test_numbers_of_a_letter_are_one_two_three(office: Office, now: datetime) -> None:
    tokens = [take(office, now, code) for code in ("PEM", "PMD", "PEM", "PEM", "PMD")]

    assert [code_of(token) for token in tokens] == ["A-001", "B-001", "A-002", "A-003", "B-002"]


def test_the_next_day_begins_with_one_again(office: Office, now: datetime) -> None:
    take(office, now)
    take(office, now)
    tomorrow = take(office, wita(9, day=TUESDAY))

    assert code_of(tomorrow) == "A-001"
    assert ticket_of(tomorrow).day == TUESDAY


def test_the_day_is_the_offices_and_not_the_computers(office: Office) -> None:
    early = take(office, wita(8))  # still Sunday in UTC… at midnight UTC exactly

    assert ticket_of(early).day == MONDAY
    assert ticket_of(early).issued_at == datetime.fromisoformat("2026-11-23T00:00:00+00:00")


def test_a_number_that_was_refused_leaves_no_gap(office: Office, now: datetime) -> None:
    take(office, now)
    with pytest.raises(Invalid):
        issue(
            office,
            bidang_of(office),
            visitor=VisitorKind.VILLAGE_OFFICIAL,
            by=SYSTEM,
            now=now,
        )
    with pytest.raises(Closed):
        take(office, wita(12, 30))

    assert code_of(take(office, now)) == "A-002"


def test_a_number_rolled_back_is_given_to_the_next(office: Office, now: datetime) -> None:
    savepoint = db.session.begin_nested()
    take(office, now)
    savepoint.rollback()

    assert code_of(take(office, now)) == "A-001"


def test_a_new_ticket_waits_and_says_what_it_was_taken_for(office: Office, now: datetime) -> None:
    service = bidang_of(office).services[1]
    token = issue(
        office,
        bidang_of(office),
        visitor=VisitorKind.VILLAGE_OFFICIAL,
        village=binjai(office),
        service=service,
        priority=True,
        by=SYSTEM,
        now=now,
    )

    visit = visit_of(office, token, now)
    assert (visit.state, visit.code, visit.number, visit.day) == ("waiting", "A-001", 1, MONDAY)
    assert (visit.village, visit.village_name) == (BINJAI, "Desa Binjai")
    assert (visit.service, visit.target_minutes) == (service.name, service.target_minutes)
    assert (visit.priority, visit.visitor) == (True, "village_official")
    assert (visit.place, visit.counter, visit.booking) == (None, None, None)
    assert (visit.issued_at, visit.entered_at) == (now, now)


def test_tokens_are_secrets_and_never_repeat(office: Office, now: datetime) -> None:
    tokens = {take(office, now) for _ in range(50)}

    assert len(tokens) == 50
    assert all(len(token) == 24 for token in tokens)  # 144 bits


def test_an_official_names_a_village_of_this_office(office: Office, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        issue(office, bidang_of(office), visitor=VisitorKind.VILLAGE_OFFICIAL, by=SYSTEM, now=now)
    assert refusal.value.field == "village"
    for unknown in ("63.11.01.2001", "", None, 2008, ["63.11.07.2008"]):
        with pytest.raises(Invalid) as refusal:
            get_village(office, unknown)
        assert refusal.value.field == "village"


@pytest.mark.parametrize("visitor", [VisitorKind.RESIDENT, VisitorKind.OTHER])
def test_nobody_else_names_a_village(office: Office, now: datetime, visitor: VisitorKind) -> None:
    with pytest.raises(Invalid) as refusal:
        issue(
            office,
            bidang_of(office),
            visitor=visitor,
            village=binjai(office),
            by=SYSTEM,
            now=now,
        )
    assert refusal.value.field == "village"


def test_a_service_belongs_to_its_bidang(office: Office) -> None:
    here, elsewhere = bidang_of(office, "PEM"), bidang_of(office, "KES")

    for known in (here.services[0].id, str(here.services[0].id)):
        assert get_service(here, known) is here.services[0]
    for wrong in (elsewhere.services[0].id, 0, None, "", "other", "9" * 10_000, True):
        with pytest.raises(Invalid) as refusal:
            get_service(here, wrong)
        assert refusal.value.field == "service"


def test_true_is_no_service_although_it_equals_the_first(office: Office) -> None:
    first = next(s for code in ("PEM", "PMD") for s in bidang_of(office, code).services)
    assert first.id == 1

    with pytest.raises(Invalid):
        get_service(bidang_of(office, "PEM"), True)


@pytest.mark.parametrize(
    ("at", "message", "values"),
    [
        (wita(7, 59, 59), "not open yet", {"opens": time(8)}),
        (wita(11, 30), "No more numbers", {"last": time(11, 30), "opens": time(13)}),
        (wita(11, 59, 59), "No more numbers", {"last": time(11, 30), "opens": time(13)}),
        (wita(12), "has a break", {"opens": time(13)}),
        (wita(12, 59, 59), "has a break", {"opens": time(13)}),
        (
            wita(14, 30),
            "No more numbers",
            {"last": time(14, 30), "opens": wita(8, day=TUESDAY)},
        ),
        (wita(15), "today has ended", {"opens": wita(8, day=TUESDAY)}),
        (wita(9, day=SATURDAY), "closed today", {"opens": wita(8, day=date(2026, 11, 30))}),
        (
            wita(9, day=date(2026, 12, 25)),
            "closed today (",
            {"opens": wita(8, day=date(2026, 12, 28))},
        ),
    ],
)
def test_a_number_is_refused_with_the_reason_and_the_next_opening(
    office: Office, at: datetime, message: str, values: dict[str, Any]
) -> None:
    with pytest.raises(Closed) as refusal:
        take(office, at)

    assert message in str(refusal.value) or message in refusal.value.message
    for name, expected in values.items():
        said = refusal.value.values[name]
        assert (said.replace(tzinfo=None) if isinstance(said, time) else said) == expected
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


@pytest.mark.parametrize("at", [wita(8), wita(11, 29, 59), wita(13), wita(14, 29, 59)])
def test_a_number_is_given_from_the_opening_until_the_last_number_time(
    office: Office, at: datetime
) -> None:
    assert code_of(take(office, at)) == "A-001"


def test_priority_keeps_no_reason_only_yes_or_no() -> None:
    assert {c.name for c in Ticket.__table__.columns if "priority" in c.name} == {"priority"}
    assert {c.name for c in Turn.__table__.columns if "priority" in c.name} == set()


# ── Calling ───────────────────────────────────────────────────────────────────────────────────


def test_a_call_names_place_kind_and_when_it_ends(office: Office, now: datetime) -> None:
    token = take(office, now)
    made = call(office, now + MINUTE, counter=2)

    assert made is not None
    assert (made.seq, made.kind, made.place) == (1, "first", "Loket 2")
    assert made.called_at == now + MINUTE
    assert made.expires_at == now + MINUTE + timedelta(minutes=10)
    visit = visit_of(office, token, now + MINUTE)
    assert (visit.state, visit.place, visit.announcements) == ("called", "Loket 2", 1)
    assert visit.called_at == now + MINUTE


def test_nobody_waiting_is_no_error(office: Office, now: datetime) -> None:
    take(office, now, "PMD")  # waits for somebody else

    before = board_version(office.id)
    assert call(office, now) is None
    assert board_version(office.id) == before


def test_yesterdays_number_is_never_called(office: Office, now: datetime) -> None:
    token = take(office, now)

    assert call(office, wita(9, day=TUESDAY)) is None
    with pytest.raises(WrongState) as refusal:
        call_given(office, token, wita(9, day=TUESDAY))
    assert refusal.value.state == "expired"


def test_walk_ins_are_called_as_they_came(office: Office, now: datetime) -> None:
    tokens = [take(office, now + n * MINUTE) for n in range(3)]

    order = [called(office, now + 5 * MINUTE, counter=n).ticket_id for n in (1, 2, 3)]
    assert order == [ticket_of(token).id for token in tokens]


def test_priority_overtakes_those_of_the_last_thirty_minutes_only(
    office: Office, now: datetime
) -> None:
    long_before = take(office, now)
    same_moment = take(office, now + 1 * MINUTE)
    within = take(office, now + 20 * MINUTE)
    priority = take(office, now + 31 * MINUTE, priority=True)

    order = [called(office, now + 40 * MINUTE, counter=n).ticket_id for n in (1, 2, 3, 4)]
    expected = [long_before, same_moment, priority, within]  # equal rank: who came first
    assert order == [ticket_of(token).id for token in expected]


def test_a_booking_on_time_ranks_an_hour_before_its_slot(office: Office) -> None:
    booking = book(office, wita(7), day=MONDAY, start=time(10), end=time(11))
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9, 30))

    assert turn_of(office, token).rank_at == wita(9)


@pytest.mark.parametrize(
    ("arrival", "rank"),
    [
        (wita(10, 15), wita(9)),  # fifteen minutes after the beginning is on time
        (wita(10, 15, 1), wita(10, 15, 1)),  # later: as a walk-in
    ],
)
def test_a_late_booking_ranks_as_a_walk_in(
    office: Office, arrival: datetime, rank: datetime
) -> None:
    booking = book(office, wita(7), day=MONDAY, start=time(10), end=time(11))
    token, _ = check_in(office, booking, by=SYSTEM, now=arrival)

    assert turn_of(office, token).rank_at == rank


def test_out_of_order_needs_a_reason_that_stays_on_record(office: Office, now: datetime) -> None:
    first, second = take(office, now), take(office, now)

    for reason in ("", "   "):
        with pytest.raises(Invalid) as refusal:
            call_given(office, second, now, reason=reason)
        assert refusal.value.field == "reason"
    assert state_of(office, second) == "waiting"

    call_given(office, second, now, reason=" Ibu membawa bayi demam ")
    assert state_of(office, second) == "called"
    assert state_of(office, first) == "waiting"
    line = trail_of("ticket", ticket_of(second).id)[-1]
    assert line.detail["out_of_order"] == "Ibu membawa bayi demam"


def test_calling_the_first_by_its_number_needs_no_reason(office: Office, now: datetime) -> None:
    first = take(office, now)
    take(office, now)

    call_given(office, first, now)
    assert "out_of_order" not in trail_of("ticket", ticket_of(first).id)[-1].detail


@pytest.mark.parametrize("state", ["called", "serving"])
def test_an_occupied_counter_is_busy_even_when_nobody_waits(
    office: Office, now: datetime, state: str
) -> None:
    take(office, now)
    turn = called(office, now)
    if state == "serving":
        start(office, turn, by=SYSTEM, now=now)

    with pytest.raises(CounterBusy) as refusal:
        call(office, now)
    assert refusal.value.values == {"counter": "Loket 1"}
    with pytest.raises(CounterBusy):
        call(office, now, "SEK")
    waiting = take(office, now)
    with pytest.raises(CounterBusy):
        call_given(office, waiting, now)
    assert call(office, now, counter=2) is not None


@pytest.mark.parametrize("end", ["finish", "no_show", "transfer"])
def test_a_counter_is_free_again_after_the_visit(office: Office, now: datetime, end: str) -> None:
    take(office, now)
    take(office, now)
    turn = called(office, now)
    if end == "finish":
        finish(office, turn, by=SYSTEM, now=now)
    elif end == "no_show":
        mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=now)
    else:
        transfer(office, turn, bidang_of(office, "SEK"), by=SYSTEM, now=now)

    assert turn_at(loket(office)) is None
    assert visits_at_counters(office, now=now) == {}
    assert call(office, now) is not None


def test_another_bidangs_number_is_not_called(office: Office, now: datetime) -> None:
    token = take(office, now, "PMD")

    for wrong in (token, "no-such-token", "", None, 12, ["x"]):
        with pytest.raises(Invalid) as refusal:
            call_ticket(office, bidang_of(office), loket(office), wrong, by=SYSTEM, now=now)
        assert refusal.value.field == "ticket"
    assert state_of(office, token) == "waiting"


def test_a_number_that_does_not_wait_is_not_called(office: Office, now: datetime) -> None:
    token = take(office, now)
    turn = called(office, now)

    for state in ("called", "serving", "done"):
        with pytest.raises(WrongState) as refusal:
            call_given(office, token, now, counter=2)
        assert refusal.value.state == state
        assert refusal.value.extra == {"state": state}
        if state == "called":
            start(office, turn, by=SYSTEM, now=now)
        elif state == "serving":
            finish(office, turn_of(office, token), by=SYSTEM, now=now)


def test_a_counter_is_one_that_the_bidang_may_use(office: Office) -> None:
    here, mine = bidang_of(office, "PEM"), loket(office)
    assert get_counter(office, mine.id, here) is mine
    mine.bidang_id = bidang_of(office, "KES").id
    db.session.flush()

    for wrong in (mine.id, 0, None, True, str(mine.id)):
        with pytest.raises(Invalid) as refusal:
            get_counter(office, wrong, here)
        assert refusal.value.field == "counter"


def test_calls_are_numbered_strictly_through_the_office(office: Office, now: datetime) -> None:
    for code in ("PEM", "PMD", "SEK"):
        take(office, now, code)
    turn = called(office, now, "PEM", counter=1)
    called(office, now, "PMD", counter=2)
    call_again(office, turn, now + 5 * SECOND)
    called(office, now, "SEK", counter=3)

    assert db.session.scalars(select(Call.seq).order_by(Call.id)).all() == [1, 2, 3, 4]
    assert board_version(office.id)[1] == 4


# ── Calling again ─────────────────────────────────────────────────────────────────────────────


def test_the_third_announcement_is_the_last_call(office: Office, now: datetime) -> None:
    take(office, now)
    turn = called(office, now)
    kinds = []
    for n in range(1, 5):
        turn = turn_of(office, code_token(turn))
        made = call_again(office, turn, now + n * 5 * SECOND)
        kinds.append(made.kind)
        assert made.place == "Loket 1"
        assert made.expires_at == made.called_at + timedelta(minutes=10)

    assert kinds == ["recall", "last", "last", "last"]
    assert turn_of(office, code_token(turn)).announcements == 5


def code_token(turn: Turn) -> str:
    return db.session.get_one(Ticket, turn.ticket_id).token


@pytest.mark.parametrize("after", [0.0, 1.0, 4.999])
def test_a_recall_waits_five_seconds(office: Office, now: datetime, after: float) -> None:
    take(office, now)
    turn = called(office, now)

    with pytest.raises(TooSoon) as refusal:
        recall(office, turn, by=SYSTEM, now=now + timedelta(seconds=after))
    assert refusal.value.values == {"seconds": 5}
    assert turn_of(office, code_token(turn)).announcements == 1
    assert db.session.scalar(select(func.count()).select_from(Call)) == 1


def test_the_gap_counts_from_the_last_announcement(office: Office, now: datetime) -> None:
    take(office, now)
    turn = called(office, now)
    call_again(office, turn, now + 5 * SECOND)

    with pytest.raises(TooSoon):
        recall(office, turn_of(office, code_token(turn)), by=SYSTEM, now=now + 9 * SECOND)
    call_again(office, turn_of(office, code_token(turn)), now + 10 * SECOND)


def test_a_clock_that_steps_back_does_not_silence_a_recall(office: Office, now: datetime) -> None:
    take(office, now)
    turn = called(office, now)

    assert call_again(office, turn, now - timedelta(minutes=40)).kind == "recall"
    again = turn_of(office, code_token(turn))
    assert call_again(office, again, now - timedelta(minutes=39)).kind == "last"


def test_only_a_called_visitor_is_called_again(office: Office, now: datetime) -> None:
    token = take(office, now)
    later = now + MINUTE

    with pytest.raises(WrongState) as refusal:
        recall(office, turn_of(office, token), by=SYSTEM, now=later)
    assert refusal.value.state == "waiting"
    start(office, called(office, now), by=SYSTEM, now=now)
    with pytest.raises(WrongState) as refusal:
        recall(office, turn_of(office, token), by=SYSTEM, now=later)
    assert refusal.value.state == "serving"


# ── Serving ───────────────────────────────────────────────────────────────────────────────────


def test_a_visit_starts_and_ends(office: Office, now: datetime) -> None:
    token = take(office, now)
    start(office, called(office, now + MINUTE), by=SYSTEM, now=now + 2 * MINUTE)
    serving = visit_of(office, token, now + 2 * MINUTE)
    assert (serving.state, serving.place) == ("serving", "Loket 1")
    assert serving.started_at == now + 2 * MINUTE

    finish(
        office,
        turn_of(office, token),
        outcome=" Selesai ",
        note=" Surat diserahkan ",
        by=SYSTEM,
        now=now + 9 * MINUTE,
    )
    done = visit_of(office, token, now + 9 * MINUTE)
    assert (done.state, done.place, done.counter) == ("done", None, None)
    assert (done.outcome, done.result_note) == ("Selesai", "Surat diserahkan")
    assert done.closed_at == now + 9 * MINUTE


def test_a_visit_may_end_without_having_been_started(office: Office, now: datetime) -> None:
    token = take(office, now)
    finish(office, called(office, now), by=SYSTEM, now=now)

    done = visit_of(office, token, now)
    assert (done.state, done.started_at, done.outcome, done.result_note) == (
        "done",
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("field", "length"), [("outcome", 41), ("note", 1001), ("outcome", 10_000), ("note", 10_000)]
)
def test_too_long_a_result_is_refused_at_its_field(
    office: Office, now: datetime, field: str, length: int
) -> None:
    token = take(office, now)
    turn = called(office, now)

    with pytest.raises(Invalid) as refusal:
        finish(office, turn, **{field: "x" * length}, by=SYSTEM, now=now)
    assert refusal.value.field == field
    finish(office, turn, outcome="x" * 40, note="🙂" * 1000, by=SYSTEM, now=now)
    assert state_of(office, token) == "done"


def test_too_long_a_note_or_reason_is_refused_at_its_field(office: Office, now: datetime) -> None:
    first, second = take(office, now), take(office, now)
    with pytest.raises(Invalid) as refusal:
        call_given(office, second, now, reason="x" * 501)
    assert refusal.value.field == "reason"
    turn = called(office, now)
    assert turn.ticket_id == ticket_of(first).id
    with pytest.raises(Invalid) as refusal:
        mark_no_show(office, turn, reason="x" * 501, by=SYSTEM, now=now)
    assert refusal.value.field == "reason"
    with pytest.raises(Invalid) as refusal:
        transfer(office, turn, bidang_of(office, "SEK"), note="x" * 501, by=SYSTEM, now=now)
    assert refusal.value.field == "note"
    assert state_of(office, first) == "called"
    transfer(office, turn, bidang_of(office, "SEK"), note="x" * 500, by=SYSTEM, now=now)
    assert state_of(office, first) == "waiting"


@pytest.mark.parametrize("state", ["waiting", "serving", "no_show", "done", "expired"])
def test_start_needs_a_called_visitor(office: Office, now: datetime, state: str) -> None:
    turn, at = brought_to(state, office, now)

    with pytest.raises(WrongState) as refusal:
        start(office, turn, by=SYSTEM, now=at)
    assert refusal.value.state == state


@pytest.mark.parametrize("state", ["waiting", "no_show", "done", "expired"])
def test_finish_needs_a_visitor_at_the_counter(office: Office, now: datetime, state: str) -> None:
    turn, at = brought_to(state, office, now)

    with pytest.raises(WrongState) as refusal:
        finish(office, turn, by=SYSTEM, now=at)
    assert refusal.value.state == state


@pytest.mark.parametrize("state", ["waiting", "serving", "no_show", "done", "expired"])
def test_no_show_needs_a_called_visitor(office: Office, now: datetime, state: str) -> None:
    turn, at = brought_to(state, office, now)

    with pytest.raises(WrongState) as refusal:
        mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=at)
    assert refusal.value.state == state


@pytest.mark.parametrize("state", ["no_show", "done", "expired"])
def test_transfer_needs_an_open_visit(office: Office, now: datetime, state: str) -> None:
    turn, at = brought_to(state, office, now)

    with pytest.raises(WrongState) as refusal:
        transfer(office, turn, bidang_of(office, "SEK"), by=SYSTEM, now=at)
    assert refusal.value.state == state


def brought_to(state: str, office: Office, now: datetime) -> tuple[Turn, datetime]:
    """A turn in that state, and the moment to look at it."""
    token = take(office, now)
    if state == "expired":
        return turn_of(office, token), wita(9, day=TUESDAY)
    if state == "waiting":
        return turn_of(office, token), now
    turn = called(office, now)
    if state == "no_show":
        mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=now)
    elif state == "serving":
        start(office, turn, by=SYSTEM, now=now)
    elif state == "done":
        finish(office, turn, by=SYSTEM, now=now)
    return turn_of(office, token), now


def test_somebody_faster_is_noticed_although_the_row_was_read_before(
    office: Office, now: datetime
) -> None:
    token = take(office, now)
    turn = called(office, now)
    db.session.execute(  # another desk's transaction; this session does not know it yet
        update(Turn)
        .where(Turn.id == turn.id)
        .values(state=State.SERVING, version=Turn.version + 1)
        .execution_options(synchronize_session=False)
    )
    before = board_version(office.id)

    with pytest.raises(WrongState) as refusal:
        mark_no_show(office, turn, reason="Pulang", by=SYSTEM, now=now)
    assert refusal.value.state == "serving"
    assert state_of(office, token) == "serving"
    assert history(token) == ["waiting", "called"]
    assert board_version(office.id) == before


def test_absence_before_the_third_announcement_needs_a_reason(
    office: Office, now: datetime
) -> None:
    token = take(office, now)
    called(office, now)
    for n in range(3):
        turn = turn_of(office, token)
        if n < 2:
            with pytest.raises(Invalid) as refusal:
                mark_no_show(office, turn, reason=" ", by=SYSTEM, now=now)
            assert refusal.value.field == "reason"
            assert refusal.value.values == {"count": 3}
            call_again(office, turn, now + (n + 1) * 5 * SECOND)
        else:
            mark_no_show(office, turn, by=SYSTEM, now=now)

    missed = visit_of(office, token, now)
    assert (missed.state, missed.place, missed.closed_at) == ("no_show", None, None)
    assert turn_of(office, token).counter_id is None
    assert "reason" not in trail_of("ticket", ticket_of(token).id)[-1].detail


def test_the_reason_of_an_early_absence_stays_on_record(office: Office, now: datetime) -> None:
    token = take(office, now)
    mark_no_show(office, called(office, now), reason=" Pulang dulu ", by=SYSTEM, now=now)

    assert trail_of("ticket", ticket_of(token).id)[-1].detail["reason"] == "Pulang dulu"


# ── Another bidang ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["waiting", "called", "serving"])
def test_a_transfer_keeps_number_and_rank_and_carries_the_note(
    office: Office, now: datetime, state: str
) -> None:
    token = take(office, now, priority=True)
    turn = turn_of(office, token)
    if state != "waiting":
        turn = called(office, now)
    if state == "serving":
        start(office, turn, by=SYSTEM, now=now)
        turn = turn_of(office, token)
    earlier = take(office, now + 5 * MINUTE, "SEK")

    transfer(
        office,
        turn,
        bidang_of(office, "SEK"),
        note=" Berkas lengkap ",
        by=SYSTEM,
        now=now + 9 * MINUTE,
    )

    visit = visit_of(office, token, now + 9 * MINUTE)
    assert (visit.code, visit.bidang, visit.state) == ("A-001", "SEK", "waiting")
    assert turn_of(office, token).rank_at == now - timedelta(minutes=30)
    assert (visit.issued_at, visit.entered_at) == (now, now + 9 * MINUTE)
    assert (visit.note, visit.place, visit.announcements) == ("Berkas lengkap", None, 0)
    assert [v.code for v in queue_of(office, bidang_of(office, "SEK"), now=now).waiting] == [
        "A-001",
        code_of(earlier),
    ]
    turns = db.session.scalars(
        select(Turn)
        .filter_by(ticket_id=visit.ticket_id)
        .order_by(Turn.id)
        .execution_options(populate_existing=True)
    ).all()
    assert [t.state for t in turns] == ["transferred", "waiting"]
    assert turns[0].closed_at == now + 9 * MINUTE
    assert call(office, now, "SEK", counter=3) is not None


def test_a_transfer_to_the_same_bidang_is_none(office: Office, now: datetime) -> None:
    token = take(office, now)

    with pytest.raises(Invalid) as refusal:
        transfer(office, turn_of(office, token), bidang_of(office), by=SYSTEM, now=now)
    assert refusal.value.field == "bidang"
    assert history(token) == ["waiting"]


def test_a_transferred_visitor_is_no_longer_called_by_the_first_bidang(
    office: Office, now: datetime
) -> None:
    token = take(office, now)
    transfer(office, turn_of(office, token), bidang_of(office, "SEK"), by=SYSTEM, now=now)

    assert call(office, now) is None
    with pytest.raises(Invalid):
        call_given(office, token, now)


# ── Arriving with a booking ───────────────────────────────────────────────────────────────────


def todays_booking(office: Office, hour: int = 10, **changes: Any) -> Booking:
    return book(office, wita(6), day=MONDAY, start=time(hour), end=time(hour + 1), **changes)


def test_a_booking_gets_a_number_of_the_same_series(office: Office) -> None:
    take(office, wita(8), "PMD")
    booking = todays_booking(office)
    token, new = check_in(office, booking, by=SYSTEM, now=wita(9))

    visit = visit_of(office, token, wita(9))
    assert new
    assert (visit.code, visit.bidang, visit.booking) == ("B-002", "PMD", booking.code)
    assert (visit.village, visit.visitor, visit.priority) == (BINJAI, "village_official", False)
    assert visit.booking_starts_at == wita(10)
    assert booking.state == "checked_in"


@pytest.mark.parametrize("state", ["waiting", "called", "serving"])
def test_scanning_again_gives_the_same_ticket(office: Office, state: str) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    if state != "waiting":
        turn = called(office, wita(9), "PMD")
        if state == "serving":
            start(office, turn, by=SYSTEM, now=wita(9))
    before = board_version(office.id), history(token)

    for at in (wita(9, 1), wita(9, 30), wita(12, 30), wita(15, 30)):
        assert check_in(office, booking, by=SYSTEM, now=at) == (token, False)
    assert state_of(office, token) == state
    assert (board_version(office.id), history(token)) == before
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_a_transferred_booking_keeps_its_ticket(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    transfer(office, turn_of(office, token), bidang_of(office, "SEK"), by=SYSTEM, now=wita(9))

    assert check_in(office, booking, by=SYSTEM, now=wita(9, 5)) == (token, False)
    assert visit_of(office, token, wita(9, 5)).bidang == "SEK"


def test_a_missed_booking_waits_again_while_its_slot_lasts(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    mark_no_show(office, called(office, wita(10), "PMD"), reason="Keluar", by=SYSTEM, now=wita(10))

    assert check_in(office, booking, by=SYSTEM, now=wita(10, 20)) == (token, False)
    turn = turn_of(office, token)
    assert (turn.state, turn.rank_at) == ("waiting", wita(10, 20))  # too late for a head start
    assert (turn.announcements, turn.called_at, turn.counter_id) == (0, None, None)
    assert steps_of(token)[-1] == ("waiting", "PMD", None)
    assert called(office, wita(10, 21), "PMD").id == turn.id

    mark_no_show(office, turn_of(office, token), reason="Keluar", by=SYSTEM, now=wita(10, 30))
    with pytest.raises(TooLate):
        check_in(office, booking, by=SYSTEM, now=wita(11))
    assert state_of(office, token) == "no_show"


def test_missed_at_the_second_bidang_it_waits_again_there(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    transfer(office, turn_of(office, token), bidang_of(office, "SEK"), by=SYSTEM, now=wita(9))
    mark_no_show(office, called(office, wita(10), "SEK"), reason="Keluar", by=SYSTEM, now=wita(10))

    check_in(office, booking, by=SYSTEM, now=wita(10, 5))
    assert visit_of(office, token, wita(10, 5)).bidang == "SEK"
    assert steps_of(token)[-1] == ("waiting", "SEK", None)


def test_a_booking_follows_its_ticket(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    turn = called(office, wita(10), "PMD")
    assert booking_state(booking) == "checked_in"
    start(office, turn, by=STAFF, now=wita(10))
    assert booking_state(booking) == "in_session"
    finish(office, turn_of(office, token), by=STAFF, now=wita(10, 40))
    assert booking_state(booking) == "completed"

    with pytest.raises(WrongState) as refusal:
        check_in(office, booking, by=SYSTEM, now=wita(10, 45))
    assert refusal.value.state == "completed"
    lines = trail_of("booking", booking.id)
    assert [(line.action, line.state) for line in lines] == [
        ("book", "confirmed"),
        ("check_in", "checked_in"),
        ("begin", "in_session"),
        ("complete", "completed"),
    ]
    assert lines[-1].actor_id == 7


def test_a_booking_finished_without_a_start_is_completed_too(office: Office) -> None:
    booking = todays_booking(office)
    check_in(office, booking, by=SYSTEM, now=wita(9))
    finish(office, called(office, wita(9), "PMD"), by=SYSTEM, now=wita(9))

    assert booking_state(booking) == "completed"


def booking_state(booking: Booking) -> str:
    db.session.refresh(booking)
    return booking.state


def test_a_booking_in_two_bidang_is_completed_by_the_second(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    start(office, called(office, wita(10), "PMD"), by=SYSTEM, now=wita(10))
    transfer(office, turn_of(office, token), bidang_of(office, "SEK"), by=SYSTEM, now=wita(10, 5))
    assert booking_state(booking) == "in_session"
    finish(office, called(office, wita(10, 6), "SEK"), by=SYSTEM, now=wita(10, 9))
    assert booking_state(booking) == "completed"


@pytest.mark.parametrize(
    ("at", "refusal"),
    [
        (wita(6, 59, 59), Closed),  # an hour before the office opens, not earlier
        (wita(7), None),
        (wita(9), None),
        (wita(10, 59, 59), None),
        (wita(11), TooLate),
        (wita(9, day=date(2026, 11, 22)), TooSoon),
        (wita(23, 59, 59, day=date(2026, 11, 22)), TooSoon),
        (wita(0), Closed),
        (wita(8, day=TUESDAY), TooLate),
    ],
)
def test_a_booking_is_checked_in_on_its_day_until_it_ends(
    office: Office, at: datetime, refusal: type[Exception] | None
) -> None:
    booking = book(
        office, wita(9, day=date(2026, 11, 20)), day=MONDAY, start=time(10), end=time(11)
    )

    if refusal is None:
        assert check_in(office, booking, by=SYSTEM, now=at)[1]
    else:
        with pytest.raises(refusal):
            check_in(office, booking, by=SYSTEM, now=at)
        assert booking_state(booking) == "confirmed"


def test_too_early_says_from_when(office: Office) -> None:
    booking = book(office, wita(9))  # for tomorrow
    with pytest.raises(TooSoon) as refusal:
        check_in(office, booking, by=SYSTEM, now=wita(9))

    assert refusal.value.values == {"start": wita(7, day=TUESDAY)}


@pytest.mark.parametrize(
    ("hour", "minute", "allowed"),
    [
        (10, 59, True),  # in service
        (11, 0, False),  # the break of a Friday is long …
        (12, 29, False),
        (12, 30, True),  # … and its last hour is early enough for the next span
        (13, 30, True),
        (14, 20, True),  # past the last number, but the office is open
    ],
)
def test_before_the_span_after_a_break_a_booking_may_arrive_too(
    office: Office, hour: int, minute: int, allowed: bool
) -> None:
    friday = date(2026, 11, 27)
    booking = book(office, wita(9), day=friday, start=time(13, 30), end=time(14, 30))
    at = wita(hour, minute, day=friday)

    if allowed:
        assert check_in(office, booking, by=SYSTEM, now=at)[1]
    else:
        with pytest.raises(Closed) as refusal:
            check_in(office, booking, by=SYSTEM, now=at)
        assert "break" in refusal.value.message


def test_a_booking_is_checked_in_after_the_last_number_too(office: Office) -> None:
    booking = todays_booking(office, hour=14)

    with pytest.raises(Closed):
        take(office, wita(14, 45))
    assert check_in(office, booking, by=SYSTEM, now=wita(14, 45))[1]


@pytest.mark.parametrize("state", ["pending", "declined", "cancelled", "expired"])
def test_a_booking_that_does_not_stand_is_not_checked_in(office: Office, state: str) -> None:
    large = bookings.all_rooms(office)[1]
    booking = todays_booking(office, room=large)
    at = wita(9)
    if state == "declined":
        bookings.decline(booking, "Rapat", by=SYSTEM, now=wita(7))
    elif state == "cancelled":
        bookings.cancel(booking, "Batal", by=SYSTEM, privileged=True, now=wita(7))
    elif state == "expired":
        at = wita(10)  # its start passed undecided

    with pytest.raises(WrongState) as refusal:
        check_in(office, booking, by=SYSTEM, now=at)
    assert refusal.value.state == state
    assert refusal.value.message != WrongState.message  # says what to do instead
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_a_booking_missed_by_the_clock_is_reversed_by_its_arrival(office: Office) -> None:
    booking = todays_booking(office)
    booking.state = "no_show"
    db.session.flush()

    assert check_in(office, booking, by=SYSTEM, now=wita(10, 20))[1]
    assert booking_state(booking) == "checked_in"


# ── Past days ─────────────────────────────────────────────────────────────────────────────────


def yesterdays(office: Office) -> dict[str, str]:
    """Monday's tickets, one in each state, by that state."""
    tokens = {state: take(office, wita(9)) for state in ("done", "no_show", "serving", "called")}
    finish(office, called(office, wita(9)), by=SYSTEM, now=wita(9))
    mark_no_show(office, called(office, wita(9)), reason="Pulang", by=SYSTEM, now=wita(9))
    start(office, called(office, wita(9), counter=1), by=SYSTEM, now=wita(9))
    called(office, wita(9), counter=2)
    tokens["waiting"] = take(office, wita(9))
    assert {state: state_of(office, token) for state, token in tokens.items()} == {
        state: state for state in tokens
    }
    return tokens


def test_a_past_day_reads_as_expired_at_once(office: Office) -> None:
    tokens = yesterdays(office)
    midnight = wita(0, day=TUESDAY)

    for state, token in tokens.items():
        last_second = visit_of(office, token, wita(23, 59, 59))
        assert last_second.state == state
        shown = visit_of(office, token, midnight)
        assert shown.state == (state if state in ("done", "no_show") else "expired")
        assert (shown.place, shown.people_ahead) == (None, 0)
        assert state_of(office, token) == state  # reading has changed nothing
    queue = queue_of(office, bidang_of(office), now=midnight)
    assert (queue.current, queue.waiting, queue.no_show, queue.held) == ((), (), (), ())
    assert (queue.today.issued, queue.today.median_wait_minutes) == (0, None)
    assert visits_at_counters(office, now=midnight) == {}


def test_the_first_number_of_the_day_closes_the_past(office: Office) -> None:
    tokens = yesterdays(office)
    morning = wita(8, day=TUESDAY)
    take(office, morning)

    for state, token in tokens.items():
        turn = turn_of(office, token)
        if state == "done":
            assert (turn.state, turn.closed_at) == ("done", wita(9))
        elif state == "no_show":  # an absence stays on record
            assert (turn.state, turn.closed_at) == ("no_show", None)
        else:
            assert (turn.state, turn.closed_at) == ("expired", morning)
            assert history(token)[-1] == "expired"
    assert turn_at(loket(office, 1)) is None


def test_the_first_call_of_a_day_frees_the_counters_that_yesterday_left_occupied(
    office: Office,
) -> None:
    tokens = yesterdays(office)
    morning = wita(8, day=TUESDAY)

    assert call(office, morning, counter=1) is None  # nobody has come yet
    assert state_of(office, tokens["serving"]) == "expired"
    assert turn_at(loket(office, 1)) is None


def test_a_clock_a_year_ahead_blocks_no_counter_once_it_is_right_again(office: Office) -> None:
    future = wita(9, day=NEXT_YEAR)
    left = take(office, future)
    start(office, called(office, future), by=SYSTEM, now=future)
    waiting = take(office, future)
    assert visit_of(office, left, wita(9)).state == "expired"

    with pytest.raises(WrongState) as refusal:
        finish(office, turn_of(office, left), by=SYSTEM, now=wita(9))
    assert refusal.value.state == "expired"

    today = take(office, wita(9))  # the first number of today
    assert code_of(today) == "A-001"
    assert state_of(office, left) == state_of(office, waiting) == "expired"
    assert called(office, wita(9)).ticket_id == ticket_of(today).id


def test_a_clock_put_right_at_midday_blocks_no_counter_either(office: Office) -> None:
    take(office, wita(8))  # so that no first number of today comes any more
    future = wita(9, day=NEXT_YEAR)
    left = take(office, future)
    called(office, future)
    assert code_of(take(office, wita(9))) == "A-002"

    assert call(office, wita(9)) is not None
    assert state_of(office, left) == "expired"


def test_a_past_visit_of_a_booking_is_closed_with_it(office: Office) -> None:
    booking = todays_booking(office)
    token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))
    take(office, wita(8, day=TUESDAY))

    assert state_of(office, token) == "expired"
    assert booking_state(booking) == "completed"
    with pytest.raises(WrongState):
        check_in(office, booking, by=SYSTEM, now=wita(9, day=TUESDAY))


def test_closing_the_past_twice_writes_nothing_twice(office: Office) -> None:
    token = take(office, wita(9))
    for _ in range(2):
        close_past_days(office, now=wita(8, day=TUESDAY))

    assert history(token) == ["waiting", "expired"]


def test_closing_the_past_leaves_today_alone(office: Office, now: datetime) -> None:
    token = take(office, now)
    turn = called(office, now)
    close_past_days(office, now=wita(23, 59))

    assert state_of(office, token) == "called"
    assert turn_at(loket(office)) is turn


# ── Reading ───────────────────────────────────────────────────────────────────────────────────


def test_the_history_of_a_ticket_names_no_person_and_every_step(office: Office) -> None:
    token = take(office, wita(9))
    turn = called(office, wita(9, 5), counter=2)
    call_again(office, turn, wita(9, 6))
    start(office, turn_of(office, token), by=STAFF, now=wita(9, 7))
    transfer(office, turn_of(office, token), bidang_of(office, "SEK"), by=STAFF, now=wita(9, 20))
    called(office, wita(9, 30), "SEK", counter=3)
    finish(office, turn_of(office, token), by=STAFF, now=wita(9, 40))

    assert steps_of(token) == [
        ("waiting", "PEM", None),
        ("called", "PEM", "Loket 2"),
        ("called", "PEM", "Loket 2"),
        ("serving", "PEM", "Loket 2"),
        ("waiting", "SEK", None),
        ("called", "SEK", "Loket 3"),
        ("done", "SEK", None),
    ]
    times = [step.at for step in history_of(ticket_of(token).id)]
    assert times == [wita(9, m) for m in (0, 5, 6, 7, 20, 30, 40)]


def test_people_ahead_are_those_called_before(office: Office, now: datetime) -> None:
    walk_in = take(office, now)
    priority = take(office, now + MINUTE, priority=True)
    last = take(office, now + 2 * MINUTE)
    take(office, now, "PMD")

    def ahead() -> list[int]:
        return [
            visit_of(office, t, now + 3 * MINUTE).people_ahead for t in (priority, walk_in, last)
        ]

    assert ahead() == [0, 1, 2]
    called(office, now + 3 * MINUTE)
    assert ahead() == [0, 0, 1]


def test_the_queue_is_read_in_calling_order_with_its_figures(office: Office) -> None:
    tokens = [take(office, wita(9)) for _ in range(5)]
    priority = take(office, wita(9, 10), priority=True)
    finish(office, called(office, wita(9, 10)), by=SYSTEM, now=wita(9, 11))  # the priority one
    mark_no_show(office, called(office, wita(9, 20)), reason="Pulang", by=SYSTEM, now=wita(9, 21))
    start(office, called(office, wita(9, 30), counter=1), by=SYSTEM, now=wita(9, 30))
    called(office, wita(9, 40), counter=2)

    queue = queue_of(office, bidang_of(office), now=wita(9, 40))
    assert state_of(office, priority) == "done"
    assert [v.code for v in queue.no_show] == [code_of(tokens[0])]
    assert {v.place for v in queue.current} == {"Loket 1", "Loket 2"}
    assert [(v.code, v.people_ahead) for v in queue.waiting] == [
        (code_of(tokens[3]), 0),
        (code_of(tokens[4]), 1),
    ]
    assert (queue.today.issued, queue.today.done, queue.today.no_show) == (6, 1, 1)
    assert queue.today.median_wait_minutes == 25  # of 0, 20, 30, 40


def test_a_clock_that_steps_back_makes_no_wait_negative(office: Office) -> None:
    take(office, wita(10))
    called(office, wita(9))

    queue = queue_of(office, bidang_of(office), now=wita(9))
    assert queue.today.median_wait_minutes == 0


def test_an_unknown_ticket_is_not_found(office: Office, now: datetime) -> None:
    for unknown in ("x", "", "a" * 500, "🙂"):
        with pytest.raises(NotFound):
            get_visit(unknown, office_of=lambda _id: office, now=now)
        assert find_turn(office, unknown) is None


def test_another_offices_ticket_is_nobodys(office: Office, now: datetime) -> None:
    token = take(office, now)
    other = Office(
        **{
            c.name: getattr(office, c.name)
            for c in Office.__table__.columns
            if c.name not in {"id", "slug", "code"}
        },
        slug="awayan",
        code="63.11.04",
    )
    db.session.add(other)
    db.session.flush()

    assert find_turn(other, token) is None
    with pytest.raises(Invalid):
        call_ticket(other, bidang_of(office), loket(office), token, by=SYSTEM, now=now)


# ── The board is changed, and last ────────────────────────────────────────────────────────────


@contextmanager
def writes() -> Iterator[list[str]]:
    """The tables that are written meanwhile, in order."""
    written: list[str] = []
    with statements(db.engine, "INSERT", "UPDATE", "DELETE") as sent:
        yield written
    written += [
        words[1 if words[0] == "UPDATE" else 2].strip('"') for words in map(str.split, sent)
    ]


def test_each_step_raises_the_boards_version_and_does_so_last(office: Office) -> None:
    booking = todays_booking(office)
    version = board_version(office.id)[0]
    token = ""

    def arrives() -> None:
        nonlocal token
        token, _ = check_in(office, booking, by=SYSTEM, now=wita(9))

    steps: list[tuple[str, Callable[[], object]]] = [
        ("issue", lambda: take(office, wita(9), "PEM")),
        ("check in", arrives),
        ("call", lambda: called(office, wita(9), "PMD")),
        ("recall", lambda: recall(office, turn_of(office, token), by=SYSTEM, now=wita(9, 1))),
        (
            "no-show",
            lambda: mark_no_show(
                office, turn_of(office, token), reason="Pulang", by=SYSTEM, now=wita(9, 2)
            ),
        ),
        ("check in again", arrives),
        ("call again", lambda: call_given(office, token, wita(9, 3), "PMD", reason="Kembali")),
        ("start", lambda: start(office, turn_of(office, token), by=SYSTEM, now=wita(9, 4))),
        (
            "transfer",
            lambda: transfer(
                office, turn_of(office, token), bidang_of(office, "SEK"), by=SYSTEM, now=wita(9, 5)
            ),
        ),
        ("call there", lambda: called(office, wita(9, 6), "SEK")),
        ("finish", lambda: finish(office, turn_of(office, token), by=SYSTEM, now=wita(9, 7))),
    ]
    for name, step in steps:
        with writes() as written:
            step()
        assert board_version(office.id)[0] == version + 1, name
        version += 1
        assert [t for t in written if t != "call"][-1] == "office_state", (name, written)


def test_a_call_without_a_free_counter_changes_nothing(office: Office, now: datetime) -> None:
    take(office, now)
    take(office, now)
    called(office, now)

    with writes() as written, pytest.raises(CounterBusy):
        call_next(office, bidang_of(office), loket(office), by=SYSTEM, now=now)
    assert written == []
