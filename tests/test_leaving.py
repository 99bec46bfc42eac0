"""What visitors decide themselves: to leave, to come back after a missed call, to let others pass."""

from datetime import datetime, time, timedelta

import pytest

from ruko import bookings
from ruko.audit import SYSTEM, trail_of
from ruko.errors import Closed, TooLate, WrongState
from ruko.offices import Office, all_villages, close_early
from ruko.tickets import check_in, get_visit, rejoin_until
from tests.conftest import MONDAY, wita
from tests.people import TUESDAY, book, called, code_of, take, ticket_of
from tests.steps import MINUTE, SECOND, Visitor, board, order, people, refusal


def missed(office: Office, now: datetime) -> Visitor:
    """Somebody was called at that moment and did not come."""
    visitor = Visitor(office, now)
    visitor.at("call", now)
    visitor.at("no_show", now)
    return visitor


def booked(office: Office, slot: int, at: datetime, village: int = 3) -> str:
    """Somebody visits PMD by appointment for that hour; returns the ticket's token."""
    wish = {"day": MONDAY, "start": time(slot), "end": time(slot + 1), "room": None}
    booking = book(office, wita(6), village=all_villages(office)[village], **wish)
    bookings.approve(booking, by=SYSTEM, now=wita(6))
    return check_in(office, booking, by=SYSTEM, now=at)[0]


# ── Leaving ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", ["", "call hold", "call start hold", "call no_show", "transfer"])
def test_who_waits_aside_or_was_missed_may_leave(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split(), "leave")
    assert (visitor.state, visitor.turn.closed_at) == ("cancelled", visitor.now)
    assert order(office, visitor.now, visitor.bidang) == []
    assert sum(row["waiting"] for row in board(office, visitor.now)["bidang"]) == 0


@pytest.mark.parametrize(
    "way", ["call", "call recall", "call start", "call finish", "leave", "call hold resume"]
)
def test_nobody_leaves_from_the_counter_or_twice(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    state = visitor.state
    with refusal(WrongState) as caught:
        visitor.does("leave")
    assert caught.value.state == state == visitor.state


def test_a_number_left_is_never_called(office: Office, now: datetime) -> None:
    visitor, other = Visitor(office, now), take(office, now + SECOND)
    visitor.does("leave")
    assert called(office, now + MINUTE).ticket_id == ticket_of(other).id
    visitor.counter = 2
    with refusal(WrongState):
        visitor.does("call")


def test_a_number_left_is_not_given_again(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("leave")
    assert code_of(take(office, now + MINUTE)) == "A-002"


def test_yesterdays_number_is_neither_left_nor_joined_again(office: Office, now: datetime) -> None:
    waiting, away = Visitor(office, now), missed(office, now)
    for visitor, step, state in (
        (waiting, "leave", "expired"),
        (waiting, "let_pass", "expired"),
        (away, "leave", "no_show"),
        (away, "rejoin", "no_show"),
    ):
        with refusal(WrongState) as caught:
            visitor.at(step, wita(9, day=TUESDAY))
        assert caught.value.state == state


# ── Waiting again after a missed call ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(("others", "place"), [(0, 0), (1, 1), (2, 2), (3, 2), (7, 2)])
def test_who_was_missed_waits_again_behind_the_next_two(
    office: Office, now: datetime, others: int, place: int
) -> None:
    visitor = missed(office, now)
    people(office, now + SECOND, others)
    visitor.at("rejoin", now + MINUTE)
    assert order(office, now + MINUTE).index(visitor.token) == place
    take(office, now + MINUTE)
    assert order(office, now + MINUTE).index(visitor.token) == place  # later ones come later


def test_behind_as_many_as_the_office_says(office: Office, now: datetime) -> None:
    away = [missed(office, now) for _ in range(3)]
    people(office, now + SECOND, 6)
    for visitor, behind in zip(away, (5, 1, 0), strict=True):
        office.rejoin_behind = behind
        visitor.at("rejoin", now + MINUTE)
        assert order(office, now + MINUTE).index(visitor.token) == behind


def test_who_waits_again_begins_a_new_wait(office: Office, now: datetime) -> None:
    visitor = missed(office, now)
    visitor.at("rejoin", now + 10 * MINUTE)
    turn = visitor.turn
    assert (turn.entered_at, turn.called_at, turn.missed_at) == (now + 10 * MINUTE, None, None)
    assert (turn.announcements, turn.counter_id, turn.called_by) == (0, None, None)
    assert trail_of("ticket", turn.ticket_id)[-1].action == "rejoin"


def test_two_who_come_back_are_both_behind_the_next_two(office: Office, now: datetime) -> None:
    first, second = missed(office, now), missed(office, now)
    next_ones = people(office, now + SECOND, 4)
    first.at("rejoin", now + MINUTE)
    second.at("rejoin", now + MINUTE)
    waiting = order(office, now + MINUTE)
    assert waiting[:2] == next_ones[:2]
    assert set(waiting[2:4]) == {first.token, second.token}
    assert waiting[4:] == next_ones[2:]


def test_coming_back_again_and_again_never_mixes_the_others(office: Office, now: datetime) -> None:
    visitor = missed(office, now)
    others = people(office, now + SECOND, 5)
    for n in range(40):  # halves the gap behind the second one until there is none
        moment = now + MINUTE + n * SECOND
        visitor.at("rejoin", moment)
        waiting = order(office, moment)
        assert [t for t in waiting if t != visitor.token] == others
        assert waiting.index(visitor.token) == 2
        visitor.at("call", moment)
        visitor.at("no_show", moment)


def test_many_come_back_between_the_same_two(office: Office, now: datetime) -> None:
    """Ranks are whole microseconds; where no further one fits, the place is a little later."""
    away = [missed(office, now) for _ in range(30)]
    others = people(office, now + SECOND, 4)
    for visitor in away:
        visitor.at("rejoin", now + MINUTE)
        waiting = order(office, now + MINUTE)
        assert waiting[:2] == others[:2]
        assert [t for t in waiting if t in others] == others
        assert waiting.index(visitor.token) < waiting.index(others[2])


def test_appointments_whose_time_has_not_come_are_not_the_next_ones(office: Office) -> None:
    visitor = Visitor(office, wita(8), "PMD")
    visitor.does("call", "no_show")
    early = [booked(office, 11, wita(8, 2), village=n) for n in (3, 4)]  # rank 10:00
    visitor.at("rejoin", wita(8, 5))
    assert order(office, wita(8, 5), "PMD") == [visitor.token, *early]


def test_appointments_of_one_rank_are_not_torn_apart(office: Office) -> None:
    visitor = Visitor(office, wita(9), "PMD")
    visitor.does("call", "no_show")
    same = [booked(office, 10, wita(9, 1), village=n) for n in (3, 4, 5)]  # all rank 9:00
    last = take(office, wita(9, 1, 1), "PMD")
    visitor.at("rejoin", wita(9, 2))
    assert order(office, wita(9, 2), "PMD") == [*same, visitor.token, last]


def test_within_the_offices_window(office: Office, now: datetime) -> None:
    late, just = missed(office, now), missed(office, now)
    assert rejoin_until(office, just.turn) == now + 60 * MINUTE
    just.at("rejoin", now + 60 * MINUTE)
    with refusal(TooLate) as caught:
        late.at("rejoin", now + 60 * MINUTE + timedelta(microseconds=1))
    assert "10:00" in str(caught.value)
    office.rejoin_minutes = 90
    late.at("rejoin", now + 80 * MINUTE)
    assert late.state == "waiting"


def test_the_window_counts_from_the_absence_not_from_the_call(office: Office) -> None:
    visitor = Visitor(office, wita(9))
    visitor.at("call", wita(9))
    visitor.at("no_show", wita(9, 20))
    visitor.at("rejoin", wita(10, 15))
    assert visitor.state == "waiting"


def test_a_clock_that_steps_back_keeps_the_window_open(office: Office) -> None:
    visitor = missed(office, wita(9))
    visitor.at("rejoin", wita(8, 30))
    assert visitor.state == "waiting"


@pytest.mark.parametrize(
    ("missed_at", "at", "allowed"),
    [
        ((11, 20), (11, 45), True),  # after the last number: the wait goes on
        ((11, 50), (12, 30), True),  # in the break
        ((14, 40), (14, 59), True),
        ((14, 40), (15, 0), False),
        ((14, 40), (15, 30), False),
    ],
)
def test_until_nobody_is_served_any_more(
    office: Office, missed_at: tuple[int, int], at: tuple[int, int], allowed: bool
) -> None:
    visitor = Visitor(office, wita(9))
    visitor.at("call", wita(*missed_at))
    visitor.at("no_show", wita(*missed_at))
    if allowed:
        visitor.at("rejoin", wita(*at))
        assert visitor.state == "waiting"
    else:
        with refusal(Closed):
            visitor.at("rejoin", wita(*at))


def test_not_after_the_day_was_closed_early(office: Office, now: datetime) -> None:
    visitor = missed(office, now)
    close_early(office, "Listrik padam", by=SYSTEM, now=now + MINUTE)
    with refusal(Closed) as caught:
        visitor.at("rejoin", now + 2 * MINUTE)
    assert "Listrik padam" in str(caught.value)


@pytest.mark.parametrize("way", ["", "call", "call start", "call hold", "call finish", "leave"])
def test_only_who_was_missed_waits_again(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    with refusal(WrongState) as caught:
        visitor.does("rejoin")
    assert caught.value.state == visitor.state


# ── Letting somebody pass ─────────────────────────────────────────────────────────────────────


def test_the_next_visitor_goes_first(office: Office, now: datetime) -> None:
    a, b, c = (Visitor(office, now + n * SECOND) for n in range(3))
    a.at("let_pass", now + MINUTE)
    assert order(office, now + MINUTE) == [b.token, a.token, c.token]
    assert called(office, now + MINUTE).ticket_id == ticket_of(b.token).id
    assert take(office, now + MINUTE) == order(office, now + MINUTE)[-1]


def test_as_many_as_the_office_says(office: Office, now: datetime) -> None:
    office.let_pass_behind = 3
    a, b = Visitor(office, now), Visitor(office, now + SECOND)
    others = people(office, now + 2 * SECOND, 4)
    a.at("let_pass", now + MINUTE)
    assert order(office, now + MINUTE) == [b.token, *others[:2], a.token, *others[2:]]
    b.at("let_pass", now + MINUTE)
    assert order(office, now + MINUTE) == [*others[:2], a.token, b.token, *others[2:]]


def test_the_last_one_but_fewer_than_that_is_last(office: Office, now: datetime) -> None:
    office.let_pass_behind = 3
    a, b = Visitor(office, now), Visitor(office, now + SECOND)
    a.at("let_pass", now + MINUTE)
    assert order(office, now + MINUTE) == [b.token, a.token]


def test_once_in_a_visit(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 3)
    visitor.at("let_pass", now + MINUTE)
    place = order(office, now + MINUTE)
    with refusal(WrongState) as caught:
        visitor.at("let_pass", now + MINUTE)
    assert caught.value.state == "waiting"
    assert "once" in str(caught.value)
    assert order(office, now + MINUTE) == place
    assert visitor.trail == ["issue", "let_pass"]


def test_once_although_called_and_returned_or_sent_on(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 2)
    people(office, now + SECOND, 2, "SEK")
    visitor.at("let_pass", now + MINUTE)
    visitor.does("call", "return")
    with refusal(WrongState):
        visitor.does("let_pass")
    visitor.does("transfer")
    with refusal(WrongState):
        visitor.does("let_pass")


def test_with_nobody_behind_the_place_and_the_right_to_it_are_kept(
    office: Office, now: datetime
) -> None:
    first, last = Visitor(office, now), Visitor(office, now + SECOND)
    with refusal(WrongState) as caught:
        last.at("let_pass", now + MINUTE)
    assert "nobody waits behind you" in str(caught.value)
    assert order(office, now + MINUTE) == [first.token, last.token]
    newcomer = take(office, now + MINUTE)
    last.at("let_pass", now + 2 * MINUTE)
    assert order(office, now + 2 * MINUTE) == [first.token, newcomer, last.token]


def test_an_appointment_whose_time_has_not_come_is_not_let_pass(office: Office) -> None:
    visitor = Visitor(office, wita(8), "PMD")
    early = booked(office, 11, wita(8, 2))  # rank 10:00
    with refusal(WrongState):
        visitor.at("let_pass", wita(8, 5))
    visitor.at("let_pass", wita(10))
    assert order(office, wita(10), "PMD") == [early, visitor.token]


def test_an_early_appointment_itself_lets_pass_who_is_due(office: Office) -> None:
    early = Visitor(office, wita(8), token=booked(office, 11, wita(8)))  # rank 10:00
    people(office, wita(8, 1), 1, "PMD")
    with refusal(WrongState):  # everybody who is due stands before it anyway
        early.at("let_pass", wita(8, 5))


def test_among_equal_ranks_the_later_ones_are_behind(office: Office) -> None:
    first, second, third = (
        Visitor(office, wita(9), token=booked(office, 10, wita(9), village=n)) for n in (3, 4, 5)
    )
    second.at("let_pass", wita(9, 5))
    assert order(office, wita(9, 5), "PMD") == [first.token, third.token, second.token]
    first.at("let_pass", wita(9, 6))
    assert order(office, wita(9, 6), "PMD") == [third.token, first.token, second.token]


def test_that_somebody_has_passed_is_told_and_the_board_rings(
    office: Office, now: datetime
) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 1)
    version = board(office, now)["version"]
    visitor.at("let_pass", now + MINUTE)
    assert board(office, now + MINUTE)["version"] == version + 1
    seen = get_visit(visitor.token, office_of=lambda _id: office, now=now + MINUTE)[1]
    assert (seen.let_pass, seen.people_ahead) == (True, 1)


@pytest.mark.parametrize("way", ["call", "call start", "call hold", "call no_show", "leave"])
def test_only_who_waits_lets_pass(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    people(office, now + SECOND, 2)
    visitor.does(*way.split())
    with refusal(WrongState) as caught:
        visitor.does("let_pass")
    assert caught.value.state == visitor.state
    assert ticket_of(visitor.token).let_pass_at is None
