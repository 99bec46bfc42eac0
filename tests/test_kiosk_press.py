"""One press, one number: a press whose answer got lost is settled, or withdrawn for whoever has gone."""

import itertools
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from ruko import clock
from ruko.audit import SYSTEM
from ruko.offices import Office
from ruko.tickets import Ticket, mark_no_show, rejoin, start
from tests import people
from tests.conftest import VisitingClient
from tests.kiosk_visitor import HOME, act, count, hidden, token_in, visit_of, walk

KEY = "0123456789abcdef0123456789abcdef"
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def kiosk(paired: Callable[..., VisitingClient]) -> VisitingClient:
    return paired("kiosk")


@pytest.fixture
def press(kiosk: VisitingClient) -> dict[str, str]:
    """What the last touch of a visitor sends."""
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    return {**hidden(page), "request_key": KEY, "priority": "no"}


def withdraw(kiosk: VisitingClient, key: str = KEY) -> None:
    answer = kiosk.submit(f"{HOME}/withdraw", {"request_key": key})
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_press_of_somebody_who_left_gives_its_number_back(
    app: Flask, kiosk: VisitingClient, press: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever time passes within a request."""
    begun, ticks = clock.now(), itertools.count()
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(milliseconds=next(ticks)))
    token = token_in(kiosk.submit(f"{HOME}/number", press))

    withdraw(kiosk)
    withdraw(kiosk)

    assert visit_of(app, token).state == "cancelled"
    assert count(app, Ticket) == 1


def test_a_press_that_never_arrived_takes_no_number_any_more(
    app: Flask, kiosk: VisitingClient, press: dict[str, str]
) -> None:
    withdraw(kiosk)

    late = kiosk.submit(f"{HOME}/number", press)

    assert late.status_code == 422
    assert "Nomor Anda belum diambil" in late.text
    assert count(app, Ticket) == 0
    withdraw(kiosk)


def test_a_number_that_was_called_meanwhile_is_left_to_the_desk(
    app: Flask, kiosk: VisitingClient, press: dict[str, str]
) -> None:
    token = token_in(kiosk.submit(f"{HOME}/number", press))
    now = clock.now()
    act(app, lambda o: start(o, people.called(o, now, "SEK"), by=SYSTEM, now=now))

    withdraw(kiosk)

    assert visit_of(app, token).state == "serving"


def test_an_arrival_can_be_withdrawn_and_made_again(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    code: str = act(app, lambda o: people.book(o, clock.now()).code)
    time_is(8, 45, day=TUESDAY)
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": code, "request_key": KEY}))

    withdraw(kiosk)
    assert visit_of(app, token).state == "cancelled"

    assert token_in(kiosk.submit(f"{HOME}/appointment", {"code": code})) == token
    assert visit_of(app, token).state == "waiting"


def test_a_second_scan_of_somebody_in_the_queue_withdraws_nothing(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    """The press found the number, it did not make it: whoever goes away keeps it."""
    code: str = act(app, lambda o: people.book(o, clock.now()).code)
    time_is(8, 45, day=TUESDAY)
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": code}))
    time_is(8, 46, day=TUESDAY)
    again = kiosk.submit(f"{HOME}/appointment", {"code": code, "request_key": KEY})
    assert token_in(again) == token

    withdraw(kiosk)

    assert visit_of(app, token).state == "waiting"


def test_who_came_back_by_the_phone_keeps_the_number(
    app: Flask, kiosk: VisitingClient, press: dict[str, str]
) -> None:
    token = token_in(kiosk.submit(f"{HOME}/number", press))
    now = clock.now()

    def miss(office: Office) -> None:
        mark_no_show(office, people.called(office, now, "SEK"), reason="x", by=SYSTEM, now=now)

    act(app, miss)
    later = now + timedelta(seconds=1)
    act(app, lambda o: rejoin(o, people.turn_of(o, token), by=SYSTEM, now=later))

    withdraw(kiosk)

    assert visit_of(app, token).state == "waiting"


def test_nobody_withdraws_the_press_of_another_kiosk(
    app: Flask,
    kiosk: VisitingClient,
    press: dict[str, str],
    paired: Callable[..., VisitingClient],
) -> None:
    token = token_in(kiosk.submit(f"{HOME}/number", press))

    withdraw(paired("kiosk", "Teras"))

    assert visit_of(app, token).state == "waiting"


def test_the_key_decides_not_the_page(
    app: Flask, kiosk: VisitingClient, press: dict[str, str]
) -> None:
    first = token_in(kiosk.submit(f"{HOME}/number", press))
    again = token_in(kiosk.submit(f"{HOME}/number", press))
    other = token_in(kiosk.submit(f"{HOME}/number", {**press, "request_key": KEY[::-1]}))

    assert first == again != other
    assert count(app, Ticket) == 2


@pytest.mark.parametrize("key", ["x" * 10_000, "\u202e" * 4, ""])
def test_no_key_of_ours(kiosk: VisitingClient, key: str) -> None:
    assert kiosk.submit(f"{HOME}/withdraw", {"request_key": key}).status_code in {204, 422}
