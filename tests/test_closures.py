"""Closing a room or the house: what it takes, what it meets, how it ends; and its page."""

import re
from collections.abc import Callable
from datetime import datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from ruko import bookings
from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.bookings import Booking, SlotClaim, all_rooms, end_closure, met_by, would_meet
from ruko.db import db, writing
from ruko.errors import WrongState
from ruko.offices import Closure, Office, all_villages, closure_now, get_bidang, get_office
from ruko.offices.queries import all_bidang
from tests.conftest import SLUG, VisitingClient, wita
from tests.people import TUESDAY, at_once, book, refusals, successes
from tests.test_races import Inside, Ready, after, before, done, no_screens, stage

__all__ = ["after", "before", "no_screens", "stage"]  # fixtures

NOW = wita(9)
ROOMS = f"/{SLUG}/desk/rooms"
SignIn = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]


def close(office: Office, now: datetime, *, room: int | None = None, **hours: time) -> Closure:
    """Shut Tuesday from nine to twelve, unless changed."""
    return bookings.close(
        office,
        None if room is None else all_rooms(office)[room],
        office.at(TUESDAY, hours.get("start", time(9))),
        office.at(TUESDAY, hours.get("end", time(12))),
        "atap diperbaiki",
        by=SYSTEM,
        now=now,
    )


def holders(office: Office, room: int = 0) -> dict[int, str]:
    """Who has each slot of Tuesday in that room."""
    db.session.flush()
    claims = db.session.scalars(
        select(SlotClaim)
        .filter_by(room_id=all_rooms(office)[room].id, date=TUESDAY)
        .order_by(SlotClaim.slot_no)
    )
    return {c.slot_no: "closure" if c.closure_id else "booking" for c in claims}


# ── What it takes and gives back ──────────────────────────────────────────────────────────────


def test_a_cancelled_meeting_in_a_closure_becomes_closed(office: Office, now: datetime) -> None:
    booking = book(office, now)
    close(office, now)
    assert holders(office) == {2: "booking", 3: "closure", 4: "closure"}
    bookings.cancel(booking, "batal", by=SYSTEM, privileged=True, now=now)
    assert holders(office) == {2: "closure", 3: "closure", 4: "closure"}


def test_called_off_it_gives_everything_back(office: Office, now: datetime) -> None:
    closure = close(office, now)
    end_closure(closure, by=SYSTEM, now=now)
    assert (holders(office), holders(office, 1)) == ({}, {})
    assert [step.action for step in trail_of("closure", closure.id)] == ["close", "reopen"]
    book(office, now)
    with pytest.raises(WrongState):
        end_closure(closure, by=SYSTEM, now=now)


def test_ended_in_its_middle_its_rest_is_free(office: Office, now: datetime) -> None:
    closure = close(office, now, start=time(8), end=time(15))
    at = office.at(TUESDAY, time(10, 30))
    end_closure(closure, by=SYSTEM, now=at)
    db.session.refresh(closure)
    assert closure.ends_at == at
    assert holders(office) == {1: "closure", 2: "closure", 3: "closure"}  # as it was until then
    book(office, at, start=time(13), end=time(14))


def test_where_two_closures_meet_the_other_goes_on(office: Office, now: datetime) -> None:
    first = close(office, now, room=0)
    close(office, now, start=time(8), end=time(10))
    end_closure(first, by=SYSTEM, now=now)
    assert holders(office) == {1: "closure", 2: "closure"}


def test_a_closed_room_closes_not_the_house(office: Office, now: datetime) -> None:
    bookings.close(
        office, all_rooms(office)[0], now, now + timedelta(hours=3), "AC", by=SYSTEM, now=now
    )
    db.session.flush()
    assert closure_now(office, now) is None


# ── What it meets ─────────────────────────────────────────────────────────────────────────────


def test_it_meets_what_is_to_come_in_its_room(office: Office, now: datetime) -> None:
    villages = all_villages(office)
    here = book(office, now)
    there = book(office, now, room=all_rooms(office)[1], village=villages[2])
    visit = book(office, now, room=None, village=villages[3])
    gone = book(office, now, start=time(10), end=time(11), village=villages[4])
    bookings.cancel(gone, "batal", by=SYSTEM, privileged=True, now=now)
    book(office, now, start=time(13), end=time(14), village=villages[5])
    room, house = close(office, now, room=0), close(office, now)
    met = met_by(office, [room, house], now)
    assert met[room.id] == [here]
    assert set(met[house.id]) == {here, there, visit}
    assert met_by(office, [house], office.at(TUESDAY, time(12)))[house.id] == []
    assert met_by(office, [], now) == {}


def test_before_closing_it_is_known_what_it_would_meet(office: Office, now: datetime) -> None:
    booking = book(office, now)
    start, end = office.at(TUESDAY, time(8)), office.at(TUESDAY, time(10))
    first, second = all_rooms(office)
    assert would_meet(office, None, start, end, now) == [booking]
    assert would_meet(office, first, start, end, now) == [booking]
    assert would_meet(office, second, start, end, now) == []
    assert would_meet(office, None, end, start, now) == []
    assert db.session.scalar(select(func.count()).select_from(Closure)) == 0


# ── Many at once ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("_round", range(3))
def test_closing_against_booking_each_slot_has_one_holder(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    done()
    hours = [8, 9, 10, 11, 13, 14]

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n == 3:
            close(office, NOW, start=time(8), end=time(15))
            return "closed"
        n -= n > 3
        hour = hours[n % 6]
        village = all_villages(office)[n]
        booking = book(office, NOW, village=village, start=time(hour), end=time(hour + 1))
        return booking.code

    answers = at_once(app, 13, press)

    office = after()
    assert set(refusals(answers)) <= {"slot_taken", "closed"}
    booked = {code for code in successes(answers) if code != "closed"}
    kept = holders(office)
    assert sorted(kept) == [1, 2, 3, 4, 5, 6]
    assert list(kept.values()).count("booking") == len(booked)
    assert set(holders(office, 1).values()) == {"closure"}
    first = {b.first_slot for b in db.session.scalars(select(Booking))}
    assert first == {no for no, who in kept.items() if who == "booking"}


@pytest.mark.parametrize("_round", range(3))
def test_ending_a_closure_against_booking_in_it(
    app: Flask, before: Office, after: Inside, _round: int
) -> None:
    closure = close(before, NOW).id
    done()

    def press(n: int, ready: Ready) -> str:
        ready()
        office = get_office(SLUG)
        if n % 4 == 0:
            end_closure(bookings.get_closure(office, closure), by=SYSTEM, now=NOW)
            return "ended"
        return book(office, NOW, village=all_villages(office)[n]).code

    answers = at_once(app, 8, press)

    office = after()
    assert set(refusals(answers)) <= {"slot_taken", "closed", "wrong_state"}
    assert successes(answers).count("ended") == 1
    assert set(holders(office).values()) <= {"booking"}
    assert len(holders(office)) == len(successes(answers)) - 1
    assert [step.action for step in trail_of("closure", closure)] == ["close", "reopen"]


# ── The page ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def happen(app: Flask) -> Callable[[Callable[[Office], Any]], Any]:
    """Let something happen in the office, and commit it; returns a booking's code."""

    def work(what: Callable[[Office], Any]) -> Any:
        with app.app_context(), writing():
            made = what(get_office(SLUG))
            told = made.code if isinstance(made, Booking) else made
            db.session.commit()
            return told

    return work


def text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def form(**changes: str) -> dict[str, str]:
    """The form as a person fills it in: the house, Tuesday from nine to twelve."""
    return {
        "room": "house",
        "start": "2026-11-24",
        "start_time": "09:00",
        "end": "2026-11-24",
        "end_time": "12:00",
        "reason": "atap diperbaiki",
    } | changes


def kept(app: Flask) -> list[Closure]:
    with app.app_context():
        return list(db.session.scalars(select(Closure).order_by(Closure.id)))


def test_a_closure_is_made_listed_and_called_off(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    answer = operator.submit(f"{ROOMS}/close", form(), follow_redirects=True)
    assert "Sel, 24 Nov, 09.00–12.00 atap diperbaiki" in text(answer.text)
    (closure,) = kept(app)
    assert (closure.room_id, closure.starts_at) == (None, wita(9, day=TUESDAY))
    answer = operator.submit(f"{ROOMS}/{closure.id}/end", follow_redirects=True)
    assert "Penutupan berakhir" in text(answer.text)
    assert "Tidak ada penutupan" in text(answer.text)
    again = operator.submit(f"{ROOMS}/{closure.id}/end")
    assert again.status_code == 409
    assert operator.submit(f"{ROOMS}/999999/end").status_code == 404


def test_what_it_meets_is_shown_before_and_after(
    app: Flask, sign_in: SignIn, happen: Callable[..., Any], now: datetime
) -> None:
    code = happen(lambda office: book(office, now))
    operator = sign_in("operator")
    asked = operator.submit(f"{ROOMS}/close", form())
    assert asked.status_code == 200
    assert "Belum ditutup: 1 janji akan terkena" in text(asked.text)
    assert f"/desk/meetings/{code}" in asked.text
    assert 'value="atap diperbaiki"' in asked.text
    assert kept(app) == []
    agreed = re.search(r'name="agreed"[^>]*value="([^"]*)"', asked.text)
    assert agreed
    answer = operator.submit(f"{ROOMS}/close", form(agreed=agreed[1]), follow_redirects=True)
    assert "1 janji terkena Desa Binjai" in text(answer.text)
    assert len(kept(app)) == 1


def test_one_more_meeting_meanwhile_is_asked_about_again(
    app: Flask, sign_in: SignIn, happen: Callable[..., Any], now: datetime
) -> None:
    code = happen(lambda office: book(office, now))
    happen(
        lambda office: book(office, now, room=all_rooms(office)[1], village=all_villages(office)[3])
    )
    asked = sign_in("operator").submit(f"{ROOMS}/close", form(agreed=code))
    assert "2 janji akan terkena" in text(asked.text)
    assert kept(app) == []


def test_the_same_press_twice_closes_once(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    for _ in range(2):
        answer = operator.submit(f"{ROOMS}/close", form(request_key="a" * 32))
        assert answer.status_code == 303
    assert len(kept(app)) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": " "}, "Mohon"),
        ({"room": "77"}, ""),
        ({"room": ""}, "Silakan pilih ruang"),
        ({"end": "2026-11-23"}, "lebih lambat"),
        ({"start": "2026-11-20", "end": "2026-11-20"}, "sudah lewat"),
        ({"end": "2028-11-24"}, "366 hari"),
        ({"start": "0001-01-01"}, "366 hari"),
        ({"start": "besok"}, "tahun-bulan-hari"),
        ({"start_time": "pagi"}, "jam dan menit"),
        ({"start_time": ""}, ""),
        ({"reason": "x" * 201}, "200"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_lost(
    app: Flask, sign_in: SignIn, changes: dict[str, str], said: str
) -> None:
    entered = form(**changes)
    answer = sign_in("operator").submit(f"{ROOMS}/close", entered)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text or "rk-err" in answer.text
    assert said in text(answer.text)
    assert entered["end_time"] in answer.text
    assert kept(app) == []


@pytest.mark.parametrize(("role", "where"), [("camat", {}), ("staff", {"bidang": "PEM"})])
def test_who_looks_on_closes_nothing(
    app: Flask, sign_in: SignIn, role: str, where: dict[str, str]
) -> None:
    client = sign_in(role, **where)
    for address in ("/close", "/1/end", "/officers"):
        assert client.submit(ROOMS + address, form()).status_code == 403
    assert kept(app) == []


# ── Officers ──────────────────────────────────────────────────────────────────────────────────


def officers(app: Flask) -> dict[str, int | None]:
    with app.app_context():
        return {b.code: b.officers for b in all_bidang(get_office(SLUG))}


def number_of(app: Flask, code: str) -> str:
    with app.app_context():
        return f"officers-{get_bidang(get_office(SLUG), code).id}"


def test_officers_are_kept_and_lifted_again(app: Flask, sign_in: SignIn) -> None:
    operator, name = sign_in("operator"), number_of(app, "PMD")
    answer = operator.submit(f"{ROOMS}/officers", {name: "2"}, follow_redirects=True)
    assert "Tersimpan" in text(answer.text)
    assert officers(app)["PMD"] == 2
    assert officers(app)["PEM"] is None
    operator.submit(f"{ROOMS}/officers", {name: ""})
    assert officers(app)["PMD"] is None
    with app.app_context():
        told = select(AuditEvent.detail).where(AuditEvent.subject == "bidang")
        details = db.session.scalars(told.order_by(AuditEvent.id))
        assert [detail["officers"] for detail in details] == [2, None]


@pytest.mark.parametrize("typed", ["0", "-1", "100", "dua", "1.5"])
def test_an_impossible_number_is_refused_and_kept_typed(
    app: Flask, sign_in: SignIn, typed: str
) -> None:
    name = number_of(app, "PMD")
    answer = sign_in("operator").submit(f"{ROOMS}/officers", {name: typed})
    assert answer.status_code == 422
    assert "angka 1 sampai 99" in text(answer.text)
    assert f'value="{typed}"' in answer.text
    assert set(officers(app).values()) == {None}
