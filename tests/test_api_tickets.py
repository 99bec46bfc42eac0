"""Taking a number, checking in, and reading a ticket, as other programs do."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
Clock = Callable[..., Any]

BINJAI = "63.11.07.2008"
RESIDENT = {"bidang": "PEM", "visitor": "resident"}


@pytest.fixture
def kiosk(program: Programs) -> Program:
    return program("kiosk")


def issue(kiosk: Program, **changes: Any) -> Any:
    return json_of(kiosk.post(f"{OFFICE}/tickets", RESIDENT | changes), 201)


def book(program: Program, **changes: Any) -> Any:
    """A booking of the village for today at ten in the first room."""
    rooms = json_of(program.get(f"{OFFICE}/rooms"))
    wish = {
        "room": rooms["items"][0]["id"],
        "date": "2026-11-23",
        "start": "10:00",
        "end": "11:00",
        "bidang": "PMD",
        "category": "stunting",
        "topic": "Rembuk stunting",
        "attendees": 5,
        "leader": "Rahmawati",
    }
    return json_of(program.post(f"{OFFICE}/bookings", wish | changes), 201)


# ── Taking a number ───────────────────────────────────────────────────────────────────────────


def test_a_visitor_takes_a_number(kiosk: Program) -> None:
    answer = kiosk.post(f"{OFFICE}/tickets", RESIDENT)
    ticket = json_of(answer, 201)
    assert (ticket["code"], ticket["number"], ticket["state"]) == ("A-001", 1, "waiting")
    assert (ticket["bidang"], ticket["village"], ticket["priority"]) == ("PEM", None, False)
    assert ticket["people_ahead"] == 0
    assert ticket["issued_at"] == "2026-11-23T09:00:00+08:00"
    assert ticket["url"] == f"http://localhost/t/{ticket['token']}"
    assert ticket["qr_url"].startswith("http://localhost/")
    assert len(ticket["token"]) >= 22
    assert answer.headers["Location"] == f"/api/v1/tickets/{ticket['token']}"


def test_numbers_rise_by_letter(kiosk: Program) -> None:
    codes = [issue(kiosk, bidang=code)["code"] for code in ("PEM", "PEM", "SEK", "PEM")]
    assert codes == ["A-001", "A-002", "F-001", "A-003"]


def test_an_official_names_the_village_and_nobody_else_does(kiosk: Program) -> None:
    ticket = issue(kiosk, visitor="village_official", village=BINJAI)
    assert ticket["village"] == BINJAI
    tickets = f"{OFFICE}/tickets"
    for body in (
        RESIDENT | {"visitor": "village_official"},
        RESIDENT | {"village": BINJAI},
        RESIDENT | {"visitor": "village_official", "village": "63.11.01.2001"},
    ):
        assert refused(kiosk.post(tickets, body), 422, "invalid", "village")


def test_priority_comes_first(kiosk: Program) -> None:
    issue(kiosk)
    assert issue(kiosk, priority=True)["people_ahead"] == 0


def test_a_service_of_the_bidang_may_be_named(kiosk: Program) -> None:
    office = json_of(kiosk.get(OFFICE))
    mine, others = (office["bidang"][i]["services"][0] for i in (0, 1))
    assert issue(kiosk, service=mine["id"])["service"] == mine["name"]
    body = RESIDENT | {"service": others["id"]}
    assert refused(kiosk.post(f"{OFFICE}/tickets", body), 422, "invalid", "service")


def test_nothing_unknown_is_guessed(kiosk: Program) -> None:
    for field, value in (("bidang", "XXX"), ("bidang", "pem"), ("visitor", "guest")):
        answer = kiosk.post(f"{OFFICE}/tickets", RESIDENT | {field: value})
        assert refused(answer, 422, "invalid", field)


@pytest.mark.parametrize(
    ("hour", "minute", "day"),
    [
        (7, 59, date(2026, 11, 23)),
        (11, 30, date(2026, 11, 23)),
        (12, 30, date(2026, 11, 23)),
        (14, 30, date(2026, 11, 23)),
        (9, 0, date(2026, 11, 22)),
        (9, 0, date(2026, 12, 25)),
    ],
)
def test_no_numbers_outside_service(
    kiosk: Program, time_is: Clock, hour: int, minute: int, day: date
) -> None:
    time_is(hour, minute, day=day)
    assert refused(kiosk.post(f"{OFFICE}/tickets", RESIDENT), 409, "closed")


# ── Checking in ───────────────────────────────────────────────────────────────────────────────


def test_a_booking_is_checked_in_once(kiosk: Program, program: Programs) -> None:
    booking = book(program("operator"), village=BINJAI, date="2026-11-23", start="10:00")
    first = kiosk.post(f"{OFFICE}/check-ins", {"code": booking["code"].lower()})
    again = kiosk.post(f"{OFFICE}/check-ins", {"code": booking["code"]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    ticket = json_of(first, 201)
    assert (ticket["booking"], ticket["village"]) == (booking["code"], BINJAI)


def test_a_check_in_has_its_day_and_its_end(
    kiosk: Program, program: Programs, time_is: Clock
) -> None:
    code = book(program("operator"), village=BINJAI, date="2026-11-24")["code"]
    check_in = (f"{OFFICE}/check-ins", {"code": code})
    assert refused(kiosk.post(*check_in), 409, "too_soon")
    time_is(6, 59, day=date(2026, 11, 24))
    assert refused(kiosk.post(*check_in), 409, "closed")
    time_is(11, day=date(2026, 11, 24))
    assert refused(kiosk.post(*check_in), 409, "too_late")


def test_a_cancelled_booking_says_its_state(kiosk: Program, program: Programs) -> None:
    operator = program("operator")
    code = book(operator, village=BINJAI, start="11:00", end="12:00")["code"]
    operator.post(f"/bookings/{code}/cancel", {"reason": "Sakit"})
    answer = kiosk.post(f"{OFFICE}/check-ins", {"code": code})
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "cancelled"


def test_an_unknown_booking_code_is_not_found(kiosk: Program) -> None:
    for code in ("AAAAAAAA", "x", "<script>", "🙂" * 8):
        assert refused(kiosk.post(f"{OFFICE}/check-ins", {"code": code}), 404, "not_found")


# ── The ticket in the hand ────────────────────────────────────────────────────────────────────


def test_the_token_alone_shows_the_ticket_and_its_history(
    kiosk: Program, program: Programs
) -> None:
    issued = issue(kiosk)
    answer = program().get(f"/tickets/{issued['token']}")
    assert json_of(answer) == issued | {
        "history": [
            {
                "at": "2026-11-23T09:00:00+08:00",
                "state": "waiting",
                "bidang": "PEM",
                "place": None,
            }
        ]
    }
    assert answer.headers["Poll-After"] == "5"


def test_who_waits_long_asks_seldom(kiosk: Program, program: Programs) -> None:
    last = [issue(kiosk) for _ in range(8)][-1]
    assert program().get(f"/tickets/{last['token']}").headers["Poll-After"] == "20"


def test_an_unchanged_ticket_is_not_sent_again(
    kiosk: Program, program: Programs, time_is: Clock
) -> None:
    token, phone = issue(kiosk)["token"], program()
    first = phone.get(f"/tickets/{token}")
    tag = {"If-None-Match": first.headers["ETag"]}
    time_is(9, 20)
    again = phone.get(f"/tickets/{token}", headers=tag)
    assert again.status_code == 304
    assert again.headers["Poll-After"] == "5"
    assert again.headers["ETag"] == first.headers["ETag"]
    desk = program("operator")
    counter = json_of(desk.get(f"{OFFICE}/counters"))["items"][0]
    desk.post(f"{OFFICE}/calls", {"bidang": "PEM", "counter": counter["id"]})
    called = json_of(phone.get(f"/tickets/{token}", headers=tag))
    assert (called["state"], called["place"]) == ("called", counter["name"])
    assert [step["state"] for step in called["history"]] == ["waiting", "called"]


def test_a_compressed_ticket_keeps_its_tag(kiosk: Program, program: Programs) -> None:
    path = f"/tickets/{issue(kiosk)['token']}"
    squeezed = {"Accept-Encoding": "br"}
    tag = program().client.get(f"/api/v1{path}", headers=squeezed).headers["ETag"]
    answer = program().get(path, headers=squeezed | {"If-None-Match": tag})
    assert answer.status_code == 304


def test_yesterdays_ticket_reads_as_expired(
    kiosk: Program, program: Programs, time_is: Clock
) -> None:
    token = issue(kiosk)["token"]
    time_is(9, day=date(2026, 11, 24))
    assert json_of(program().get(f"/tickets/{token}"))["state"] == "expired"


def test_the_qr_picture_is_drawn_at_its_own_address(kiosk: Program, program: Programs) -> None:
    answer = program().get(f"/tickets/{issue(kiosk)['token']}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert re.match(r"<svg ", answer.text)
    assert "max-age" in answer.headers["Cache-Control"]


def test_an_unknown_ticket_is_not_found(program: Programs) -> None:
    for path in ("/tickets/nothing", "/tickets/nothing/qr.svg", "/tickets/%F0%9F%99%82"):
        assert refused(program().get(path), 404, "not_found")


def test_only_failed_look_ups_of_strangers_are_limited(kiosk: Program, program: Programs) -> None:
    token, stranger = issue(kiosk)["token"], program()
    for _ in range(60):
        assert refused(stranger.get("/tickets/guessed"), 404, "not_found")
    limited = stranger.get("/tickets/guessed")
    assert refused(limited, 429, "rate_limited")
    assert int(limited.headers["Retry-After"]) > 0
    assert stranger.get(f"/tickets/{token}").status_code == 200
    assert refused(kiosk.get("/tickets/guessed"), 404, "not_found")
