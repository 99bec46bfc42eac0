"""The same Idempotency-Key: one ticket, one booking, one call, and the same answer again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import clock
from ruko.app import create_app
from tests.apart import close
from tests.conftest import settings_for
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
TICKETS = f"{OFFICE}/tickets"
RESIDENT = {"bidang": "PEM", "visitor": "resident"}


@pytest.fixture
def kiosk(program: Programs) -> Program:
    return program("kiosk")


def replayed(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def queue(program: Program, bidang: str = "PEM") -> list[dict[str, Any]]:
    waiting: list[dict[str, Any]] = json_of(program.get(f"{OFFICE}/queue", bidang=bidang))[
        "waiting"
    ]
    return waiting


def test_a_repeated_key_gives_the_same_ticket(kiosk: Program, program: Programs) -> None:
    first = kiosk.post(TICKETS, RESIDENT, key="one")
    again = kiosk.post(TICKETS, dict(reversed(RESIDENT.items())), key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (replayed(first), replayed(again)) == (False, True)
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"]
    assert len(queue(program("operator"))) == 1


def test_sixteen_at_once_are_one_ticket(app: Flask, kiosk: Program, program: Programs) -> None:
    def press(_: int) -> TestResponse:
        return Program(app, kiosk.headers).post(TICKETS, RESIDENT, key="sixteen")

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(press, range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum(replayed(answer) for answer in answers) == 15
    assert len(queue(program("operator"))) == 1


def test_the_answer_outlives_a_restart(
    app: Flask, kiosk: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kiosk.post(TICKETS, RESIDENT, key="restart")
    monkeypatch.setattr("ruko.app.install_live", lambda *_: None)  # Socket.IO is one per process
    restarted = create_app(settings_for(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path))
    again = Program(restarted, kiosk.headers).post(TICKETS, RESIDENT, key="restart")
    close(restarted)
    assert replayed(again)
    assert again.json == first.json


def test_another_body_or_address_is_a_mismatch(kiosk: Program) -> None:
    kiosk.post(TICKETS, RESIDENT, key="used")
    for answer in (
        kiosk.post(TICKETS, RESIDENT | {"bidang": "SEK"}, key="used"),
        kiosk.post(TICKETS, {"bidang": 7}, key="used"),
        kiosk.post(f"{OFFICE}/check-ins", {"code": "AAAAAAAA"}, key="used"),
    ):
        assert refused(answer, 422, "idempotency_mismatch")


def test_another_callers_equal_key_is_another_key(kiosk: Program, program: Programs) -> None:
    first, second = (
        json_of(somebody.post(TICKETS, RESIDENT, key="equal"), 201)
        for somebody in (kiosk, program("operator"))
    )
    assert (first["number"], second["number"]) == (1, 2)


def test_a_refusal_is_forgotten(kiosk: Program, time_is: Callable[..., Any]) -> None:
    time_is(12, 30)
    assert refused(kiosk.post(TICKETS, RESIDENT, key="early"), 409, "closed")
    time_is(13, 0)
    again = kiosk.post(TICKETS, RESIDENT, key="early")
    assert (again.status_code, replayed(again)) == (201, False)


def test_a_key_lasts_a_day(kiosk: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk.post(TICKETS, RESIDENT, key="daily")
    monday = clock.now()
    monkeypatch.setattr(clock, "now", lambda: monday + timedelta(hours=23, minutes=59))
    assert replayed(kiosk.post(TICKETS, RESIDENT, key="daily"))
    monkeypatch.setattr(clock, "now", lambda: monday + timedelta(hours=24))
    fresh = kiosk.post(TICKETS, RESIDENT, key="daily")
    assert (fresh.status_code, replayed(fresh)) == (201, False)


def test_a_repeated_call_calls_once_even_if_all_has_moved_on(
    kiosk: Program, program: Programs
) -> None:
    desk = program("staff", bidang="PEM")
    counter = json_of(desk.get(f"{OFFICE}/counters"))["items"][0]["id"]
    body = {"bidang": "PEM", "counter": counter}
    assert desk.post(f"{OFFICE}/calls", body, key="none").status_code == 204
    tokens = [json_of(kiosk.post(TICKETS, RESIDENT), 201)["token"] for _ in range(2)]
    nobody = desk.post(f"{OFFICE}/calls", body, key="none")
    assert (nobody.status_code, nobody.data, replayed(nobody)) == (204, b"", True)
    first = desk.post(f"{OFFICE}/calls", body, key="call")
    desk.post(f"/turns/{tokens[0]}/transfer", {"bidang": "SEK"}, key="over")
    again = desk.post(f"{OFFICE}/calls", body, key="call")
    assert (again.json, replayed(again)) == (first.json, True)
    over = desk.post(f"/turns/{tokens[0]}/transfer", {"bidang": "SEK"}, key="over")
    assert replayed(over)
    assert [turn["token"] for turn in queue(desk)] == [tokens[1]]


def test_a_repeated_booking_and_its_cancelling_happen_once(program: Programs) -> None:
    binjai = program("village", village="63.11.07.2008")
    room = json_of(binjai.get(f"{OFFICE}/rooms"))["items"][0]["id"]
    wish = {"room": room, "date": "2026-11-24", "start": "09:00", "end": "10:00"}
    wish |= {"bidang": "KES", "category": "stunting", "topic": "Gizi", "attendees": 4}
    wish |= {"leader": "Rahmawati"}
    made = [binjai.post(f"{OFFICE}/bookings", wish, key="book") for _ in range(2)]
    assert made[0].json == made[1].json
    cancel = f"/bookings/{json_of(made[0], 201)['code']}/cancel"
    gone = [binjai.post(cancel, {"reason": "Sakit"}, key="off") for _ in range(2)]
    assert [answer.status_code for answer in gone] == [200, 200]
    assert replayed(gone[1])


def test_a_key_is_short_and_printable(kiosk: Program) -> None:
    for key in ("x" * 201, "\x01"):
        assert refused(kiosk.post(TICKETS, RESIDENT, key=key), 422, "invalid", "Idempotency-Key")
