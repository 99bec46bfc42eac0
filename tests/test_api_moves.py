"""Another time for a booking, its end, and what only the office may say, as programs do it."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from flask import Flask

from ruko import bookings, clock
from ruko.audit import SYSTEM
from ruko.bookings import CancelCode, Channel, LeaderRole, get_booking
from ruko.db import db, writing
from ruko.offices import get_bidang, get_category, get_office, get_village
from tests.api_booker import (
    BINJAI,
    BOOKINGS,
    PANGGUNG,
    book,
    room_id,
    slot_states,
    times,
    wish,
)
from tests.conftest import SLUG
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
Clock = Callable[..., Any]
TUESDAY = date(2026, 11, 24)


@pytest.fixture
def binjai(program: Programs) -> Program:
    return program("village", "binjai", village=BINJAI)


@pytest.fixture
def panggung(program: Programs) -> Program:
    return program("village", "panggung", village=PANGGUNG)


@pytest.fixture
def operator(program: Programs) -> Program:
    return program("operator")


# ── Moving ────────────────────────────────────────────────────────────────────────────────────


def test_a_village_moves_its_booking(binjai: Program) -> None:
    code = book(binjai)["code"]
    moved = json_of(binjai.post(f"/bookings/{code}/move", times(binjai)))
    assert (moved["state"], moved["starts_at"]) == ("confirmed", "2026-11-25T10:00:00+08:00")
    assert moved["ends_at"] == "2026-11-25T11:00:00+08:00"
    assert slot_states(binjai)["09:00"] == "free"
    assert slot_states(binjai, date="2026-11-25")["10:00"] == "mine"


def test_a_move_into_a_room_with_approval_waits_for_it(binjai: Program, operator: Program) -> None:
    code = book(binjai)["code"]
    moved = json_of(binjai.post(f"/bookings/{code}/move", times(binjai, 2)))
    assert (moved["state"], moved["room"]) == ("pending", room_id(binjai, 2))
    assert json_of(operator.post(f"/bookings/{code}/approve"))["state"] == "confirmed"
    later = times(operator, 2, start="13:00", end="14:00")
    assert json_of(operator.post(f"/bookings/{code}/move", later))["state"] == "confirmed"


def test_a_move_outside_is_a_visit_that_waits(binjai: Program) -> None:
    code = book(binjai)["code"]
    visit = json_of(binjai.post(f"/bookings/{code}/move", times(binjai) | {"room": None}))
    assert (visit["state"], visit["room"], visit["room_name"]) == ("pending", None, None)
    back = json_of(binjai.post(f"/bookings/{code}/move", times(binjai)))
    assert back["state"] == "confirmed"


def test_a_move_that_lost_the_race_keeps_its_slot_and_offers_others(
    binjai: Program, panggung: Program
) -> None:
    mine = book(binjai)
    book(panggung, date="2026-11-25", start="10:00", end="11:00")
    answer = binjai.post(f"/bookings/{mine['code']}/move", times(binjai))
    assert refused(answer, 409, "slot_taken")
    alternatives = json_of(answer, 409)["alternatives"]
    assert 1 <= len(alternatives) <= 3
    assert json_of(binjai.get(f"/bookings/{mine['code']}")) == mine
    assert slot_states(binjai)["09:00"] == "mine"
    for other in alternatives:
        json_of(binjai.post(f"/bookings/{mine['code']}/move", other))


def test_with_a_used_up_quota_a_move_within_the_week_is_still_offered(
    binjai: Program, panggung: Program
) -> None:
    codes = [book(binjai, date=f"2026-11-2{n}")["code"] for n in (4, 5, 6)]
    book(panggung, date="2026-11-25", start="10:00", end="11:00")
    answer = binjai.post(f"/bookings/{codes[0]}/move", times(binjai))
    assert json_of(answer, 409)["alternatives"][0]["date"] == "2026-11-25"


def test_a_move_counts_in_the_week_it_goes_to(binjai: Program) -> None:
    code = book(binjai)["code"]
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        book(binjai, date=day)
    full = binjai.post(f"/bookings/{code}/move", times(binjai, date="2026-12-03"))
    assert refused(full, 409, "quota_exceeded")
    assert slot_states(binjai)["09:00"] == "mine"


@pytest.mark.parametrize(
    ("status", "error", "changes"),
    [
        (422, "invalid", {"room": 9999}),
        (422, "invalid", {"start": "09:30", "end": "10:00"}),
        (422, "invalid", {"start": "11:00", "end": "10:00"}),
        (422, "invalid", {"date": "2026-02-30"}),
        (409, "too_soon", {"date": "2026-11-23", "start": "09:00", "end": "10:00"}),
        (409, "too_late", {"date": "2026-12-24"}),
        (409, "closed", {"date": "2026-11-29"}),
        (409, "closed", {"start": "11:00", "end": "14:00"}),
    ],
)
def test_a_move_that_cannot_be_keeps_the_old_slot(
    binjai: Program, status: int, error: str, changes: dict[str, Any]
) -> None:
    mine = book(binjai)
    answer = binjai.post(f"/bookings/{mine['code']}/move", times(binjai, **changes))
    assert refused(answer, status, error)
    assert json_of(binjai.get(f"/bookings/{mine['code']}")) == mine


def test_more_people_than_seats_do_not_move_in(binjai: Program) -> None:
    code = book(binjai, 1, attendees=20)["code"]
    answer = binjai.post(f"/bookings/{code}/move", times(binjai, 1))
    assert refused(answer, 422, "invalid", "attendees")


def test_a_forgotten_room_does_not_move_outside(binjai: Program) -> None:
    code, body = book(binjai)["code"], times(binjai)
    del body["room"]
    assert refused(binjai.post(f"/bookings/{code}/move", body), 422, "invalid", "room")


def test_a_village_moves_until_an_hour_before_and_the_operator_always(
    binjai: Program, operator: Program, time_is: Clock
) -> None:
    move = f"/bookings/{book(binjai)['code']}/move"
    time_is(8, 1, day=TUESDAY)
    assert refused(binjai.post(move, times(binjai)), 409, "too_late")
    off = times(binjai, start="10:30", end="11:00")
    assert refused(binjai.post(move, off), 422, "invalid", "start")  # comes before too late
    assert json_of(operator.post(move, times(operator)))["starts_at"].startswith("2026-11-25T10")


def test_what_is_over_is_not_moved(binjai: Program, operator: Program) -> None:
    code = book(binjai)["code"]
    json_of(binjai.post(f"/bookings/{code}/cancel", {"reason": "Selesai sendiri"}))
    answer = operator.post(f"/bookings/{code}/move", times(operator))
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "cancelled"


def test_a_move_sent_again_is_one_move(binjai: Program) -> None:
    code = book(binjai)["code"]
    body = times(binjai)
    first = binjai.post(f"/bookings/{code}/move", body, key="pindah-1")
    again = binjai.post(f"/bookings/{code}/move", body, key="pindah-1")
    assert json_of(first) == json_of(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = binjai.post(f"/bookings/{code}/move", body | {"start": "11:00"}, key="pindah-1")
    assert refused(other, 422, "idempotency_mismatch")


# ── Who may ───────────────────────────────────────────────────────────────────────────────────

BODIES: dict[str, Any] = {
    "move": {"room": None, "date": "2026-11-25", "start": "10:00", "end": "11:00"},
    "cancel": {"reason": "Uji"},
    "decline": {"reason": "Uji"},
    "approve": None,
    "complete": None,
}


@pytest.mark.parametrize("step", BODIES)
def test_another_villages_booking_is_not_there(
    binjai: Program, panggung: Program, program: Programs, step: str
) -> None:
    path = f"/bookings/{book(binjai)['code']}/{step}"
    assert refused(panggung.post(path, BODIES[step]), 404, "not_found")
    assert refused(program("kiosk").post(path, BODIES[step]), 403, "forbidden")
    assert refused(program().post(path, BODIES[step]), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("step", "roles"),
    [
        ("approve", ["village", "staff", "camat"]),
        ("decline", ["village", "staff", "camat"]),
        ("move", ["staff", "camat"]),
        ("cancel", ["staff", "camat"]),
        ("complete", ["village", "camat", "other staff"]),
    ],
)
def test_each_step_has_its_people(
    binjai: Program, program: Programs, step: str, roles: list[str]
) -> None:
    people = {
        "village": binjai,
        "staff": program("staff", bidang="KES"),
        "other staff": program("staff", bidang="PEM"),
        "camat": program("camat"),
    }
    path = f"/bookings/{book(binjai)['code']}/{step}"
    for role in roles:
        assert refused(people[role].post(path, BODIES[step]), 403, "forbidden")


# ── It took place ─────────────────────────────────────────────────────────────────────────────


def test_the_bidang_says_that_a_meeting_took_place(
    binjai: Program, program: Programs, time_is: Clock
) -> None:
    complete = f"/bookings/{book(binjai)['code']}/complete"
    staff = program("staff", bidang="KES")
    assert refused(staff.post(complete), 409, "too_soon")
    time_is(9, 20, day=TUESDAY)  # nobody checked in: it reads as missed, and can be taken back
    assert json_of(staff.get(complete.removesuffix("/complete")))["state"] == "no_show"
    done = staff.post(complete, key="usai-1")
    assert json_of(done)["state"] == "completed"
    assert json_of(staff.post(complete, key="usai-1")) == json_of(done)
    again = staff.post(complete)
    assert refused(again, 409, "wrong_state")
    assert json_of(again, 409)["state"] == "completed"


def test_a_missed_meeting_stays_missed_from_the_next_day(
    binjai: Program, operator: Program, time_is: Clock
) -> None:
    code = book(binjai)["code"]
    time_is(9, day=date(2026, 11, 25))
    assert refused(operator.post(f"/bookings/{code}/complete"), 409, "wrong_state")


def test_a_visit_is_concluded_without_a_ticket(
    binjai: Program, operator: Program, time_is: Clock
) -> None:
    code = json_of(binjai.post(BOOKINGS, wish(binjai) | {"room": None}), 201)["code"]
    json_of(operator.post(f"/bookings/{code}/approve"))
    time_is(10, day=TUESDAY)
    assert json_of(operator.post(f"/bookings/{code}/complete"))["state"] == "completed"


# ── Cancelling ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", CancelCode)
def test_a_cancellation_keeps_its_kind_of_reason(binjai: Program, code: CancelCode) -> None:
    booked = book(binjai)
    assert booked["cancel_code"] is None
    cancel = f"/bookings/{booked['code']}/cancel"
    told = {"reason": "Jalan terputus", "code": str(code)}
    cancelled = json_of(binjai.post(cancel, told, key="batal"))
    assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "Jalan terputus")
    assert cancelled["cancel_code"] == code
    assert json_of(binjai.post(cancel, told, key="batal")) == cancelled


def test_an_unknown_kind_of_reason_is_invalid(binjai: Program) -> None:
    cancel = f"/bookings/{book(binjai)['code']}/cancel"
    for code in ("", "bored", 1, ["weather"]):
        answer = binjai.post(cancel, {"reason": "Uji", "code": code})
        assert refused(answer, 422, "invalid", "code")
    assert refused(binjai.post(cancel, {"code": "weather"}), 422, "invalid", "reason")
    assert json_of(binjai.post(cancel, {"reason": "Uji", "code": None}))["cancel_code"] is None


# ── What a booking may also say ───────────────────────────────────────────────────────────────


def test_a_booking_says_who_leads_and_how_it_came(binjai: Program, operator: Program) -> None:
    own = book(binjai, leader_role="head")
    assert (own["leader_role"], own["on_behalf"], own["channel"]) == ("head", False, None)
    assert (own["papers"], own["bring_along"], own["village_confirmed_at"]) == (0, None, None)
    other = book(operator, village=BINJAI, channel="whatsapp", start="10:00", end="11:00")
    assert (other["on_behalf"], other["channel"]) == (True, "whatsapp")
    for field, words in (("leader_role", LeaderRole), ("channel", Channel)):
        answer = operator.post(BOOKINGS, wish(operator, village=BINJAI) | {field: "king"})
        assert refused(answer, 422, "invalid", field)
        assert all(word in json_of(answer, 422)["detail"] for word in words)


def test_what_the_officer_and_the_village_add_is_shown(
    app: Flask, operator: Program, binjai: Program
) -> None:
    code = book(operator, village=BINJAI)["code"]
    with app.app_context(), writing():
        booking = get_booking(code)
        bookings.ask_to_bring(booking, "Peta desa", by=SYSTEM, now=clock.now())
        bookings.confirm_by_village(booking, by=SYSTEM, now=clock.now())
        paper: dict[str, Any] = {
            "name": "peta.pdf",
            "kind": "application/pdf",
            "size": 9,
            "digest": "0" * 64,
        }
        bookings.attach(booking, **paper, by=SYSTEM, now=clock.now())
        db.session.commit()
    shown = json_of(binjai.get(f"/bookings/{code}"))
    assert (shown["bring_along"], shown["papers"]) == ("Peta desa", 1)
    assert shown["village_confirmed_at"] == "2026-11-23T09:00:00+08:00"
    assert json_of(operator.get(BOOKINGS))["items"] == [shown]


def test_only_the_operator_goes_beyond_a_quota(binjai: Program, operator: Program) -> None:
    for day in (4, 5, 6):
        book(binjai, date=f"2026-11-2{day}")
    beyond = wish(binjai, village=BINJAI, start="13:00", end="14:00")
    because = {"quota_reason": "Batas waktu APBDes"}
    assert refused(binjai.post(BOOKINGS, beyond | because), 403, "forbidden")
    assert refused(operator.post(BOOKINGS, beyond), 409, "quota_exceeded")
    blank = operator.post(BOOKINGS, beyond | {"quota_reason": "x" * 201})
    assert refused(blank, 422, "invalid", "quota_reason")
    json_of(operator.post(BOOKINGS, beyond | because), 201)
    assert json_of(binjai.get(f"{OFFICE}/slots", date="2026-11-24"))["quota"]["used"] == 4


# ── Holds and officers ────────────────────────────────────────────────────────────────────────


def hold(app: Flask, *, bidang: str = "KES", start: int = 9) -> None:
    """Somebody of Binjai has chosen Tuesday at nine on the pages, and writes on."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        draft = bookings.begin(
            office,
            village=get_village(office, BINJAI),
            bidang=get_bidang(office, bidang),
            category=get_category(office, "stunting"),
            topic="Rahasia desa",
            by=SYSTEM,
            now=clock.now(),
        )
        room = bookings.all_rooms(office)[0]
        hours: dict[str, Any] = {"day": TUESDAY, "start": time(start), "end": time(start + 1)}
        bookings.hold(draft, room=room, **hours, now=clock.now())
        db.session.commit()


def test_a_hold_is_mine_to_its_village_and_taken_to_others(
    app: Flask, binjai: Program, panggung: Program, operator: Program, time_is: Clock
) -> None:
    hold(app)
    assert slot_states(binjai)["09:00"] == "mine"
    assert slot_states(panggung)["09:00"] == slot_states(operator)["09:00"] == "taken"
    slots = panggung.get(f"{OFFICE}/slots", date="2026-11-24")
    assert "Rahasia" not in slots.text
    quotas = [
        json_of(who.get(f"{OFFICE}/slots", date="2026-11-24"))["quota"]
        for who in (binjai, panggung)
    ]
    assert [quota["used"] for quota in quotas] == [1, 0]
    for somebody in (binjai, panggung, operator):
        assert json_of(somebody.get(BOOKINGS))["items"] == []
    assert refused(panggung.post(BOOKINGS, wish(panggung)), 409, "slot_taken")
    time_is(9, 10)  # the hold ends by time alone
    assert slot_states(binjai)["09:00"] == "free"
    book(panggung)


def test_the_village_books_over_its_own_hold(app: Flask, binjai: Program) -> None:
    hold(app)
    book(binjai)
    assert json_of(binjai.get(f"{OFFICE}/slots", date="2026-11-24"))["quota"]["used"] == 1


def test_a_slot_needs_an_officer_of_the_bidang(
    app: Flask, binjai: Program, panggung: Program
) -> None:
    with app.app_context(), writing():
        get_bidang(get_office(SLUG), "KES").officers = 1
        db.session.commit()
    book(binjai)
    assert slot_states(panggung, 2)["09:00"] == "free"
    assert slot_states(panggung, 2, bidang="KES")["09:00"] == "taken"
    assert slot_states(panggung, 2, bidang="PEM")["09:00"] == "free"
    room = json_of(panggung.get(f"{OFFICE}/slots", date="2026-11-24", bidang="KES"))["rooms"][1]
    assert "Seksi Kesejahteraan Sosial" in room["slots"][1]["reason"]
    answer = panggung.post(BOOKINGS, wish(panggung, 1))
    assert refused(answer, 409, "slot_taken")
    for other in json_of(answer, 409)["alternatives"]:
        assert other["start"] != "09:00" or other["date"] != "2026-11-24"
    unknown = panggung.get(f"{OFFICE}/slots", date="2026-11-24", bidang="XXX")
    assert refused(unknown, 422, "invalid", "bidang")


# ── The order of the checks ───────────────────────────────────────────────────────────────────


def test_checks_come_in_their_order(binjai: Program, panggung: Program, operator: Program) -> None:
    """Each wish has the faults of the ones before it, and one that is told first."""
    for start, end in (("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "11:00")):
        book(binjai, start=start, end=end)
    taken = book(panggung, date="2026-11-25")["starts_at"][:10]
    sunday, far_sunday, last_sunday = "2026-11-29", "2026-12-27", "2026-11-22"
    again = wish(operator, village=PANGGUNG, date=taken)
    assert refused(operator.post(BOOKINGS, again), 409, "slot_taken")

    wishes: list[tuple[int, str, dict[str, Any]]] = [
        (409, "quota_exceeded", {"date": taken}),
        (409, "closed", {"date": sunday}),
        (409, "too_late", {"date": far_sunday}),
        (409, "too_soon", {"date": last_sunday}),
        (403, "forbidden", {"date": last_sunday, "village": PANGGUNG}),
        (422, "invalid", {"date": last_sunday, "village": PANGGUNG, "attendees": 0}),
    ]
    for status, error, changes in wishes:
        assert refused(binjai.post(BOOKINGS, wish(binjai) | changes), status, error)
