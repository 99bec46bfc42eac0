"""Rooms, slots and bookings, as other programs use them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from api.pages import write_cursor
from tests.api_booker import BINJAI, BOOKINGS, PANGGUNG, book, rooms, wish
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
Clock = Callable[..., Any]


@pytest.fixture
def binjai(program: Programs) -> Program:
    return program("village", "binjai", village=BINJAI)


@pytest.fixture
def panggung(program: Programs) -> Program:
    return program("village", "panggung", village=PANGGUNG)


@pytest.fixture
def operator(program: Programs) -> Program:
    return program("operator")


# ── Rooms and slots ───────────────────────────────────────────────────────────────────────────


def test_the_default_office_has_two_rooms(binjai: Program) -> None:
    assert [(r["name"], r["capacity"], r["needs_approval"]) for r in rooms(binjai)] == [
        ("Ruang RUKO 1", 12, False),
        ("Ruang RUKO 2", 20, True),
    ]


def test_a_village_sees_its_own_slots_and_others_only_as_taken(
    binjai: Program, panggung: Program, operator: Program
) -> None:
    book(binjai, topic="Rahasia desa")
    first = {"date": "2026-11-24", "room": rooms(binjai)[0]["id"]}
    mine, others, office = (
        json_of(who.get(f"{OFFICE}/slots", **first)) for who in (binjai, panggung, operator)
    )
    assert [slot["start"] for slot in mine["rooms"][0]["slots"]] == [
        *("08:00", "09:00", "10:00", "11:00", "13:00", "14:00")
    ]
    assert mine["rooms"][0]["slots"][1]["state"] == "mine"
    assert others["rooms"][0]["slots"][1] == {
        "start": "09:00",
        "end": "10:00",
        "state": "taken",
        "reason": None,
    }
    assert mine["quota"] == {"period": "2026-W48", "limit": 3, "used": 1}
    assert others["quota"]["used"] == 0
    assert office["quota"] is None
    assert (mine["open"], mine["closed_reason"], len(mine["rooms"])) == (True, None, 1)


def test_a_closed_day_says_why(binjai: Program) -> None:
    sunday = json_of(binjai.get(f"{OFFICE}/slots", date="2026-11-29"))
    assert sunday["open"] is False
    assert sunday["closed_reason"]
    far = json_of(binjai.get(f"{OFFICE}/slots", date="2026-12-28"))
    assert {s["state"] for room in far["rooms"] for s in room["slots"]} == {"closed"}


def test_what_has_passed_is_past(binjai: Program) -> None:
    today = json_of(binjai.get(f"{OFFICE}/slots", date="2026-11-23"))
    states = [slot["state"] for slot in today["rooms"][0]["slots"]]
    assert states == ["past", "past", "free", "free", "free", "free"]


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("date", {}),
        ("date", {"date": "tomorrow"}),
        ("date", {"date": "2026-02-30"}),
        ("date", {"date": "0001-01-01"}),
        ("date", {"date": "9999-12-31"}),
        ("date", {"date": "2026-11-24T09:00"}),
        ("room", {"date": "2026-11-24", "room": "9999"}),
        ("room", {"date": "2026-11-24", "room": "one"}),
    ],
)
def test_slots_ask_for_a_day_of_the_calendar(
    binjai: Program, field: str, query: dict[str, str]
) -> None:
    assert refused(binjai.get(f"{OFFICE}/slots", **query), 422, "invalid", field)


# ── Booking ───────────────────────────────────────────────────────────────────────────────────


def test_a_village_books_a_room(binjai: Program) -> None:
    answer = binjai.post(BOOKINGS, wish(binjai, phone="0812-3456-7890"))
    booking = json_of(answer, 201)
    assert (booking["state"], booking["village"], booking["bidang"]) == ("confirmed", BINJAI, "KES")
    assert booking["starts_at"] == "2026-11-24T09:00:00+08:00"
    assert booking["ends_at"] == "2026-11-24T10:00:00+08:00"
    assert booking["phone"] == "0812-3456-7890"
    assert len(booking["code"]) == 8
    assert booking["url"] == f"http://localhost/paringin-selatan/booking/{booking['code']}"
    assert answer.headers["Location"] == f"/api/v1/bookings/{booking['code']}"
    assert json_of(binjai.get(f"/bookings/{booking['code'].lower()}")) == booking


def test_a_room_with_approval_and_an_outside_visit_wait_for_the_operator(binjai: Program) -> None:
    assert book(binjai, room=1)["state"] == "pending"
    visit = book(binjai, start="10:00", end="11:00")
    outside = json_of(
        binjai.post(BOOKINGS, wish(binjai) | {"room": None, "start": "13:00", "end": "14:00"}), 201
    )
    assert visit["state"] == "confirmed"
    assert (outside["state"], outside["room"]) == ("pending", None)


def test_the_operator_books_on_behalf_of_a_village(operator: Program, binjai: Program) -> None:
    code = book(operator, village=BINJAI)["code"]
    assert json_of(binjai.get(f"/bookings/{code}"))["village"] == BINJAI
    assert refused(operator.post(BOOKINGS, wish(operator)), 422, "invalid", "village")


def test_a_village_books_for_itself_only(binjai: Program) -> None:
    book(binjai, village=BINJAI)
    answer = binjai.post(BOOKINGS, wish(binjai, village=PANGGUNG, start="10:00", end="11:00"))
    assert refused(answer, 403, "forbidden")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attendees": 13}, "invalid"),
        ({"start": "09:15"}, "invalid"),
        ({"date": "2026-11-20"}, "forbidden"),
        ({"date": "2026-11-29"}, "forbidden"),
    ],
)
def test_what_nobody_could_book_is_said_before_what_this_village_may_not(
    binjai: Program, changes: dict[str, Any], code: str
) -> None:
    for beyond in ({"village": PANGGUNG}, {"quota_reason": "Mendesak"}):
        answer = binjai.post(BOOKINGS, wish(binjai) | beyond | changes)
        assert refused(answer, 422 if code == "invalid" else 403, code)


def test_a_taken_slot_offers_others(binjai: Program, panggung: Program) -> None:
    book(binjai)
    answer = panggung.post(BOOKINGS, wish(panggung))
    assert refused(answer, 409, "slot_taken")
    alternatives = json_of(answer, 409)["alternatives"]
    assert 1 <= len(alternatives) <= 3
    for other in alternatives:
        assert set(other) == {"room", "date", "start", "end"}
    assert json_of(panggung.post(BOOKINGS, wish(panggung) | alternatives[0]), 201)


def test_the_quota_of_a_week_ends(binjai: Program) -> None:
    for start, end in (("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "11:00")):
        book(binjai, start=start, end=end)
    answer = binjai.post(BOOKINGS, wish(binjai, start="13:00", end="14:00"))
    assert refused(answer, 409, "quota_exceeded")


@pytest.mark.parametrize(
    ("status", "code", "changes"),
    [
        (409, "too_soon", {"date": "2026-11-23", "start": "08:00", "end": "09:00"}),
        (409, "too_soon", {"date": "2026-11-23", "start": "09:00", "end": "10:00"}),
        (409, "too_late", {"date": "2026-12-24"}),
        (409, "closed", {"date": "2026-11-29"}),
        (409, "closed", {"start": "11:00", "end": "14:00"}),
        (409, "closed", {"start": "06:00", "end": "07:00"}),
        (422, "invalid", {"attendees": 13}),
        (422, "invalid", {"start": "09:30", "end": "10:00"}),
        (422, "invalid", {"start": "10:00", "end": "09:00"}),
        (422, "invalid", {"start": "25:00"}),
        (422, "invalid", {"date": "24-11-2026"}),
        (422, "invalid", {"category": "unknown"}),
        (422, "invalid", {"bidang": "XXX"}),
        (422, "invalid", {"room": 9999}),
        (422, "invalid", {"topic": "   "}),
        (422, "invalid", {"phone": "call me"}),
        (422, "invalid", {"attendees": 0}),
        (422, "invalid", {"attendees": 2.5}),
    ],
)
def test_a_booking_that_cannot_be(
    binjai: Program, status: int, code: str, changes: dict[str, Any]
) -> None:
    assert refused(binjai.post(BOOKINGS, wish(binjai) | changes), status, code)


def test_a_forgotten_room_is_not_an_outside_visit(binjai: Program) -> None:
    body = wish(binjai)
    del body["room"]
    assert refused(binjai.post(BOOKINGS, body), 422, "invalid", "room")


# ── Finding them again ────────────────────────────────────────────────────────────────────────


def test_a_village_sees_its_own_bookings_only(
    binjai: Program, panggung: Program, operator: Program
) -> None:
    mine, other = book(binjai), book(panggung, start="10:00", end="11:00")
    assert json_of(binjai.get(BOOKINGS))["items"] == [mine]
    assert json_of(operator.get(BOOKINGS))["items"] == [mine, other]
    for path in ("", ".ics", "/qr.svg"):
        assert refused(binjai.get(f"/bookings/{other['code']}{path}"), 404, "not_found")
    cancel = binjai.post(f"/bookings/{other['code']}/cancel", {"reason": "Iri"})
    assert refused(cancel, 404, "not_found")
    assert refused(binjai.get(BOOKINGS, village=PANGGUNG), 403, "forbidden")


def test_bookings_are_found_by_day_village_and_state(
    binjai: Program, panggung: Program, operator: Program
) -> None:
    tuesday, wednesday = book(binjai), book(binjai, date="2026-11-25")
    pending = book(panggung, room=1)

    def codes(**query: Any) -> list[str]:
        return [b["code"] for b in json_of(operator.get(BOOKINGS, **query))["items"]]

    assert codes(from_="2026-11-25") == [wednesday["code"]]
    assert codes(to="2026-11-24") == [tuesday["code"], pending["code"]]
    assert codes(from_="2026-11-24", to="2026-11-24", village=BINJAI) == [tuesday["code"]]
    assert codes(state="pending") == [pending["code"]]
    for field, value in (("state", "gone"), ("village", "x"), ("from", "soon"), ("limit", "-1")):
        answer = operator.get(BOOKINGS, **{field if field != "from" else "from_": value})
        assert refused(answer, 422, "invalid", field)


def test_a_long_list_comes_in_pages(binjai: Program, operator: Program) -> None:
    made = [book(binjai, date=f"2026-11-2{n}")["code"] for n in (4, 5, 6)]
    first = json_of(operator.get(BOOKINGS, limit=2))
    rest = json_of(operator.get(BOOKINGS, limit=2, cursor=first["next_cursor"]))
    assert [b["code"] for b in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None
    for cursor in ("x", "MA", "bm93LzE"):
        assert refused(operator.get(BOOKINGS, cursor=cursor), 422, "invalid", "cursor")
    beyond = write_cursor("9999-12-31T23:59:59/9999999999")  # an id that PostgreSQL cannot hold
    assert json_of(operator.get(BOOKINGS, cursor=beyond))["items"] == []


def test_a_booking_goes_into_a_calendar_and_onto_a_picture(binjai: Program) -> None:
    code = book(binjai)["code"]
    calendar = binjai.get(f"/bookings/{code}.ics")
    assert calendar.mimetype == "text/calendar"
    assert f'"ruko-{code}.ics"' in calendar.headers["Content-Disposition"]
    assert "DTSTART:20261124T010000Z" in calendar.text
    assert binjai.get(f"/bookings/{code}/qr.svg").mimetype == "image/svg+xml"


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_approved_once(binjai: Program, operator: Program) -> None:
    code = book(binjai, room=1)["code"]
    assert json_of(operator.post(f"/bookings/{code}/approve"))["state"] == "confirmed"
    again = operator.post(f"/bookings/{code}/approve")
    assert refused(again, 409, "wrong_state")
    assert json_of(again, 409)["state"] == "confirmed"


def test_a_request_is_declined_with_a_reason(binjai: Program, operator: Program) -> None:
    code = book(binjai, room=1)["code"]
    decline = f"/bookings/{code}/decline"
    assert refused(operator.post(decline), 422, "invalid", "reason")
    declined = json_of(operator.post(decline, {"reason": "Ruang dipakai"}))
    assert (declined["state"], declined["reason"]) == ("declined", "Ruang dipakai")


def test_a_village_cancels_until_an_hour_before_and_the_operator_always(
    binjai: Program, operator: Program, time_is: Clock
) -> None:
    cancel = f"/bookings/{book(binjai)['code']}/cancel"
    time_is(8, 1, day=date(2026, 11, 24))
    assert refused(binjai.post(cancel, {"reason": "Sakit"}), 409, "too_late")
    cancelled = json_of(operator.post(cancel, {"reason": "Sakit", "code": "other"}))
    assert (cancelled["state"], cancelled["cancel_code"]) == ("cancelled", "other")


def test_deciding_is_for_the_operator(binjai: Program, program: Programs) -> None:
    code = book(binjai, room=1)["code"]
    for somebody in (binjai, program("staff", bidang="KES"), program("camat"), program("kiosk")):
        assert refused(somebody.post(f"/bookings/{code}/approve"), 403, "forbidden")
        answer = somebody.post(f"/bookings/{code}/decline", {"reason": "Tidak"})
        assert refused(answer, 403, "forbidden")


def test_who_only_looks_books_nothing(program: Programs) -> None:
    for somebody in (program("camat"), program("staff", bidang="KES")):
        assert json_of(somebody.get(BOOKINGS))["items"] == []
        assert refused(somebody.post(BOOKINGS, wish(somebody)), 403, "forbidden")
