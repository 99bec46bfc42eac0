"""How a call was announced, as other programs read it; each answer is held against its schema."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from ruko import clock
from ruko.db import db, writing
from ruko.devices import all_devices
from ruko.offices import get_office
from ruko.receipts import note_announced
from tests.conftest import SLUG, VisitingClient
from tests.programs import Program
from tests.test_api_desk import act, call, counter, counters, desk, issue, kiosk, queue

__all__ = ["counter", "desk", "kiosk"]  # fixtures

Paired = Callable[..., VisitingClient]
NINE = "2026-11-23T09:00:00+08:00"


@pytest.fixture
def tv(paired: Paired, app: Flask) -> Callable[..., None]:
    """A paired display, which tells of a call."""
    paired("display", "Depan")

    def tell(seq: int, *, spoken: bool) -> None:
        with app.app_context(), writing():
            office = get_office(SLUG)
            device = next(d for d in all_devices(office) if d.kind == "display")
            note_announced(office.id, device.id, seq, spoken=spoken, now=clock.now())
            db.session.commit()

    return tell


def test_a_call_is_pending_shown_and_spoken(
    kiosk: Program, desk: Program, counter: int, tv: Any, time_is: Callable[..., datetime]
) -> None:
    issue(kiosk)
    answer = call(desk, counter)
    assert answer["turn"]["call"] == {
        "seq": 1,
        "shown_at": None,
        "spoken_at": None,
        "heard": "pending",
    }
    tv(1, spoken=False)
    assert queue(desk)["current"][0]["call"] == {
        "seq": 1,
        "shown_at": NINE,
        "spoken_at": None,
        "heard": "pending",
    }
    time_is(9, 0, 30)
    assert queue(desk)["current"][0]["call"]["heard"] == "unheard"
    tv(1, spoken=True)
    assert queue(desk)["current"][0]["call"] == {
        "seq": 1,
        "shown_at": NINE,
        "spoken_at": "2026-11-23T09:00:30+08:00",
        "heard": "spoken",
    }


def test_only_who_is_called_has_a_call(
    kiosk: Program, desk: Program, counter: int, tv: Any
) -> None:
    issue(kiosk)
    issue(kiosk)
    call(desk, counter)
    now = queue(desk)
    assert now["current"][0]["call"]
    assert [turn["call"] for turn in now["waiting"]] == [None]
    assert act(desk, now["current"][0]["token"], "start")["call"] is None
    assert queue(desk)["current"][0]["call"] is None


def test_each_of_several_has_its_own(kiosk: Program, desk: Program, tv: Any) -> None:
    for place in counters(desk)[:3]:
        issue(kiosk)
        call(desk, place["id"])
    tv(2, spoken=True)
    told = {turn["ticket"]: turn["call"] for turn in queue(desk)["current"]}
    assert {code: (one["seq"], one["heard"]) for code, one in told.items()} == {
        "A-001": (1, "pending"),
        "A-002": (2, "spoken"),
        "A-003": (3, "pending"),
    }


def test_without_a_display_nothing_is_claimed(kiosk: Program, desk: Program, counter: int) -> None:
    issue(kiosk)
    assert call(desk, counter)["turn"]["call"] is None
