"""Waiting aside: the place is free, the service time adds up, and the visitor is called again."""

from datetime import datetime

import pytest

from ruko.audit import Actor, trail_of
from ruko.errors import Invalid, WrongState
from ruko.offices import Office
from ruko.tickets import CounterBusy, estimate, own_figures, queue_of
from tests.conftest import wita
from tests.people import TUESDAY, bidang_of, call, called, loket, take
from tests.steps import MINUTE, SECOND, Visitor, board, order, people, refusal

STAFF = Actor("user", 7)


def test_a_held_visitor_leaves_the_place_free(office: Office, now: datetime) -> None:
    visitor, other = Visitor(office, now), take(office, now)
    visitor.does("call", "start")
    visitor.does("hold", reason="  Mengambil KTP  ")
    assert (visitor.state, visitor.turn.held_reason) == ("held", "Mengambil KTP")
    assert called(office, visitor.now).ticket_id != visitor.turn.ticket_id
    queue = queue_of(office, bidang_of(office), now=visitor.now)
    assert [v.token for v in queue.held] == [visitor.token]
    assert [v.token for v in queue.current] == [other]
    assert queue.held[0].place is None


def test_the_board_forgets_a_held_visitor(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "hold")
    shown = board(office, visitor.now)
    assert shown["calls"] == []
    assert shown["bidang"][0]["serving"] == []
    assert shown["bidang"][0]["waiting"] == 0


@pytest.mark.parametrize("way", ["", "call finish", "call no_show", "call hold", "leave"])
def test_only_who_is_at_the_counter_is_held(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    with refusal(WrongState) as caught:
        visitor.does("hold")
    assert caught.value.state == visitor.state


def test_too_long_a_reason_is_refused_at_its_field(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call")
    with refusal(Invalid) as caught:
        visitor.does("hold", reason="x" * 201)
    assert caught.value.field == "reason"
    visitor.does("hold", reason="🙂" * 200)


# ── Called again ──────────────────────────────────────────────────────────────────────────────


def test_a_held_visitor_is_called_to_the_last_place(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now, counter=3)
    visitor.does("call", "start", "hold", "resume")
    (shown,) = board(office, visitor.now)["calls"]
    assert (shown["seq"], shown["kind"], shown["place"]) == (2, "first", "Loket 3")
    assert (visitor.turn.announcements, visitor.turn.held_reason) == (1, None)
    visitor.does("recall", "recall")
    assert board(office, visitor.now)["calls"][0]["kind"] == "last"
    visitor.does("no_show", reason="")


def test_or_to_another_place(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "hold")
    visitor.does("resume", counter=loket(office, 5), by=STAFF)
    assert board(office, visitor.now)["calls"][0]["place"] == "Loket 5"
    assert (visitor.turn.counter_id, visitor.turn.called_by) == (loket(office, 5).id, 7)
    assert call(office, visitor.now) is None  # Loket 1 is free, nobody waits


@pytest.mark.parametrize("place", [None, 2])
def test_not_to_a_place_with_a_visitor(office: Office, now: datetime, place: int | None) -> None:
    visitor, other = Visitor(office, now), Visitor(office, now, counter=place or 1)
    visitor.does("call", "hold")
    other.at("call", visitor.now)
    with refusal(CounterBusy):
        visitor.does("resume", counter=loket(office, place) if place else None)
    assert visitor.state == "held"
    visitor.does("resume", counter=loket(office, 4))


@pytest.mark.parametrize("way", ["", "call", "call start", "call hold resume", "call hold leave"])
def test_only_a_held_visitor_is_called_so(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    with refusal(WrongState):
        visitor.does("resume", counter=loket(office, 6))


def test_yesterdays_held_visitor_has_expired(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "hold")
    with refusal(WrongState) as caught:
        visitor.at("resume", wita(9, day=TUESDAY))
    assert caught.value.state == "expired"


def test_a_held_visitor_may_be_sent_on(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call", "start", "hold")
    visitor.does("transfer", note="Berkas lengkap")
    assert (visitor.state, visitor.bidang) == ("waiting", "SEK")
    assert visitor.turn.served_seconds == 0


# ── The time at the counter ───────────────────────────────────────────────────────────────────


def test_service_before_and_after_adds_up(office: Office) -> None:
    visitor = Visitor(office, wita(9))
    visitor.at("call", wita(9), by=STAFF)
    visitor.at("start", wita(9))
    visitor.at("hold", wita(9, 4))
    visitor.at("resume", wita(10), by=STAFF)
    visitor.at("start", wita(10, 1))
    visitor.at("hold", wita(10, 3))
    visitor.at("resume", wita(10, 30), by=STAFF)
    visitor.at("start", wita(10, 30))
    assert visitor.turn.served_seconds == 6 * 60
    visitor.at("finish", wita(10, 34))
    figures = own_figures(office, 7, now=wita(10, 40))
    assert (figures.done, figures.mean_service_minutes, figures.mean_wait_minutes) == (1, 10, 0)


def test_waiting_for_the_visitor_to_come_is_no_service(office: Office) -> None:
    visitor = Visitor(office, wita(9))
    visitor.at("call", wita(9))
    visitor.at("hold", wita(9, 8))
    assert visitor.turn.served_seconds == 0


def test_a_clock_that_steps_back_takes_no_service_away(office: Office) -> None:
    visitor = Visitor(office, wita(9))
    visitor.at("call", wita(9))
    visitor.at("start", wita(9, 10))
    visitor.at("hold", wita(9, 5))
    assert visitor.turn.served_seconds == 0


def test_the_estimate_counts_the_whole_service_not_the_time_aside(office: Office) -> None:
    for n in range(5):
        visitor = Visitor(office, wita(9, n), counter=1)
        visitor.at("call", wita(9, n))
        visitor.at("start", wita(9, n))
        visitor.at("hold", wita(9, n, 30))
        visitor.at("resume", wita(10, 10 * n))
        visitor.at("start", wita(10, 10 * n))
        visitor.at("finish", wita(10, 10 * n + 9, 30))  # ten minutes in all, over an hour
    wait = estimate(bidang_of(office).id, 3, day=office.day(wita(11)), now=wita(11))
    assert wait == (30, 40)


def test_a_returned_visitor_waits_at_the_same_place_again(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    others = people(office, now + SECOND, 2)
    visitor.does("call", "return")
    assert order(office, visitor.now) == [visitor.token, *others]
    turn = visitor.turn
    assert (turn.counter_id, turn.called_at, turn.called_by) == (None, None, None)
    assert turn.announcements == 0
    assert board(office, visitor.now)["calls"] == []
    assert called(office, visitor.now + MINUTE).id == turn.id


@pytest.mark.parametrize("way", ["", "call start", "call hold", "call no_show", "call finish"])
def test_only_who_is_called_is_returned(office: Office, now: datetime, way: str) -> None:
    visitor = Visitor(office, now)
    visitor.does(*way.split())
    with refusal(WrongState):
        visitor.does("return")


def test_reason_and_steps_stay_on_record(office: Office, now: datetime) -> None:
    visitor = Visitor(office, now)
    visitor.does("call")
    visitor.does("hold", reason="Fotokopi", by=STAFF)
    visitor.does("resume", "return", by=STAFF)
    lines = trail_of("ticket", visitor.turn.ticket_id)
    assert [(line.action, line.state) for line in lines[1:]] == [
        ("call", "called"),
        ("hold", "held"),
        ("resume", "called"),
        ("return", "waiting"),
    ]
    assert lines[2].detail["reason"] == "Fotokopi"
    assert (lines[3].detail["place"], lines[3].actor_id) == ("Loket 1", 7)
