"""What a screen says over its socket: `announced`, by a paired display alone, answered by nothing."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIOTestClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import Device, all_devices, revoke_device
from ruko.live import seats, sockets
from ruko.offices import Office, get_office
from ruko.receipts import Receipt
from tests.conftest import SLUG, VisitingClient
from tests.people import called, take
from tests.test_live import Screen, bell, happen, screen, wait_for
from tests.test_live import told as heard

__all__ = ["bell", "happen", "screen"]  # fixtures

Paired = Callable[..., VisitingClient]
SPOKEN = {"seq": 1, "shown": True, "spoken": True}


@pytest.fixture
def kept(app: Flask) -> Callable[[], list[tuple[str, bool]]]:
    """Each receipt: the screen's name, and whether it spoke."""

    def read() -> list[tuple[str, bool]]:
        with app.app_context():
            rows = db.session.execute(
                select(Device.name, Receipt.spoken_at)
                .join(Device, Device.id == Receipt.device_id)
                .order_by(Device.name)
            )
            return [(row.name, row.spoken_at is not None) for row in rows]

    return read


@pytest.fixture
def calling(happen: Any, now: datetime) -> None:
    """A visitor is called."""

    def one(office: Office) -> None:
        take(office, now)
        called(office, now)

    happen(one)


def says(tv: SocketIOTestClient, said: Any = None, *more: Any) -> None:
    tv.emit("announced", said, *more, namespace="/board")


pytestmark = pytest.mark.usefixtures("calling")


def test_a_paired_display_is_believed_and_the_desk_is_rung(
    screen: Screen, paired: Paired, sign_in: Callable[..., VisitingClient], kept: Any
) -> None:
    desk = screen(sign_in("operator"), namespace="/desk")
    tv = screen(paired("display", "Depan"))
    for said in ({"seq": 1, "shown": True, "spoken": False}, SPOKEN):
        desk.get_received("/desk")
        says(tv, said)
        assert kept() == [("Depan", said is SPOKEN)]
        hint = wait_for(desk, "queue", "/desk")[-1]
        assert hint["bidang"] == "PEM"


def test_it_is_answered_by_nothing(screen: Screen, paired: Paired, app: Flask) -> None:
    tv = screen(paired("display"))
    tv.get_received("/board")
    answer = tv.emit("announced", SPOKEN, namespace="/board", callback=True)
    assert not answer
    assert heard(tv, "error") == []


def test_a_stranger_is_not_believed(screen: Screen, kept: Any) -> None:
    says(screen(), SPOKEN)
    assert kept() == []


def test_a_kiosk_and_a_desk_are_not_believed(
    screen: Screen, paired: Paired, sign_in: Callable[..., VisitingClient], kept: Any
) -> None:
    says(screen(paired("kiosk")), SPOKEN)
    says(screen(sign_in("admin")), SPOKEN)
    assert kept() == []


def test_a_display_of_another_office_is_a_stranger_here(
    screen: Screen, paired: Paired, app: Flask, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = paired("display")
    monkeypatch.setattr(Device, "serves", lambda *_: False)  # what another office's answers
    says(screen(visitor), SPOKEN)
    assert kept() == []


def test_a_display_that_was_revoked_meanwhile_is_not_believed(
    screen: Screen, paired: Paired, app: Flask, kept: Any, now: datetime
) -> None:
    tv = screen(paired("display"))
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=now)
        db.session.commit()
    says(tv, SPOKEN)
    assert kept() == []


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        [SPOKEN],
        "1",
        1,
        {},
        {"seq": 1},
        {"seq": 1, "spoken": True},
        {"seq": 1, "shown": False, "spoken": True},
        {"seq": 1, "shown": 1, "spoken": True},
        {"seq": True, "shown": True},
        {"seq": "1", "shown": True},
        {"seq": 1.0, "shown": True},
        {"seq": None, "shown": True},
        {"seq": [1], "shown": True},
        {"seq": 0, "shown": True},
        {"seq": -1, "shown": True},
        {"seq": 2, "shown": True},
        {"seq": 2**31, "shown": True},
        {"seq": 10**40, "shown": True},
    ],
    ids=repr,
)
def test_nonsense_is_passed_over_and_the_screen_stays(
    screen: Screen, paired: Paired, kept: Any, said: Any
) -> None:
    tv = screen(paired("display", "Depan"))
    says(tv, said)
    assert kept() == []
    assert tv.is_connected("/board")
    says(tv, SPOKEN)
    assert kept() == [("Depan", True)]


def test_spoken_is_true_or_it_was_only_shown(screen: Screen, paired: Paired, kept: Any) -> None:
    tv = screen(paired("display", "Depan"))
    says(tv, {"seq": 1, "shown": True, "spoken": "yes"})
    assert kept() == [("Depan", False)]


def test_a_word_said_again_after_a_reconnect_changes_nothing(
    screen: Screen, paired: Paired, kept: Any
) -> None:
    browser = paired("display", "Depan")
    tv = screen(browser)
    says(tv, SPOKEN)
    tv.disconnect("/board")
    again = screen(browser)
    for _ in range(3):
        says(again, SPOKEN)
        says(again, {"seq": 1, "shown": True, "spoken": False})
    assert kept() == [("Depan", True)]


def test_a_locked_database_is_logged_and_the_screen_stays(
    screen: Screen,
    paired: Paired,
    kept: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tv = screen(paired("display", "Depan"))

    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(sockets, "note_announced", locked)
        says(tv, SPOKEN)
    assert "the receipt of call 1" in caplog.text
    assert tv.is_connected("/board")
    says(tv, SPOKEN)
    assert kept() == [("Depan", True)]


def test_too_many_words_cost_nobody_the_seat(screen: Screen, paired: Paired, kept: Any) -> None:
    """Else a stranger would stay beyond those who are counted."""
    tv, stranger = screen(paired("display", "Depan")), screen()
    before = set(seats.guests)
    for each in (tv, stranger):
        says(each, SPOKEN, SPOKEN)
        each.emit("announced", namespace="/board")
    assert set(seats.guests) == before
    says(tv, SPOKEN)
    assert kept() == [("Depan", True)]
