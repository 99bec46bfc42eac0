"""Arriving with an appointment at the kiosk: its code typed, or read from its QR picture."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from kiosk.forms import code_in
from ruko import bookings, clock
from ruko.accounts import Token
from ruko.audit import SYSTEM, AuditEvent
from ruko.bookings import BookingState, cancel
from ruko.db import db, writing
from ruko.devices import Device, add_device, pair
from ruko.offices import Office, OfficeState
from ruko.tickets import Ticket, finish, mark_no_show, start
from ruko.web.callers import DEVICE_COOKIE
from ruko.web.once import RequestKey
from tests import people
from tests.conftest import SLUG, VisitingClient
from tests.kiosk_visitor import HOME, act, count, token_in, visit_of

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def kiosk(paired: Callable[..., VisitingClient]) -> VisitingClient:
    return paired("kiosk")


@pytest.fixture
def booked(app: Flask, time_is: Callable[..., datetime]) -> str:
    """The code of Desa Binjai's booking for Tuesday at nine; it is Tuesday, a quarter to nine."""
    code: str = act(app, lambda o: people.book(o, clock.now()).code)
    time_is(8, 45, day=TUESDAY)
    return code


@pytest.mark.parametrize(
    "typed",
    ["{}", " {} ", "http://localhost/bookings/{}", "https://ruko.example/x/{}?from=wa#qr", "{}\n"],
)
def test_a_code_checks_in(app: Flask, kiosk: VisitingClient, booked: str, typed: str) -> None:
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": typed.format(booked)}))

    visit = visit_of(app, token)
    assert (visit.booking, visit.village_name) == (booked, "Desa Binjai")
    again = kiosk.submit(f"{HOME}/appointment", {"code": booked.lower()})
    assert token_in(again) == token


def test_codes_are_read_as_people_type_them() -> None:
    assert code_in("acde-2345") == "ACDE2345"
    assert code_in("acde 2345") == "ACDE2345"
    assert code_in("HTTP://HOST/ACDE2345/") == "ACDE2345"
    assert code_in("nothing/here") == "NOTHING/HERE"


@pytest.mark.parametrize("typed", ["AAAA2222", "", "<script>alert(1)</script>", "9" * 10_000, "😀"])
def test_an_unknown_code_is_kept_on_its_page(kiosk: VisitingClient, typed: str) -> None:
    answer = kiosk.submit(f"{HOME}/appointment", {"code": typed})

    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert f'value="{html.escape(typed)}"' in answer.text.replace("&#34;", "&quot;")
    assert "<script>alert" not in answer.text


def refusal(kiosk: VisitingClient, code: str) -> str:
    answer = kiosk.submit(f"{HOME}/appointment", {"code": code})
    assert answer.status_code == 409
    assert f'value="{code}"' in answer.text
    return said(answer)


def test_too_early_says_when(
    kiosk: VisitingClient, booked: str, time_is: Callable[..., datetime]
) -> None:
    time_is(9)
    assert "Selasa, 24 November 2026" in refusal(kiosk, booked)
    time_is(6, day=TUESDAY)
    assert "08.00 WITA" in refusal(kiosk, booked)


def test_too_late_says_so(
    kiosk: VisitingClient, booked: str, time_is: Callable[..., datetime]
) -> None:
    time_is(10, 1, day=TUESDAY)

    assert "10.00 WITA" in refusal(kiosk, booked)


def test_a_request_not_yet_approved_and_a_cancelled_booking(
    app: Flask, kiosk: VisitingClient, booked: str, time_is: Callable[..., datetime]
) -> None:
    time_is(9)

    def pend(office: Office) -> str:
        room = bookings.all_rooms(office)[1]
        made = people.book(office, clock.now(), room=room)
        assert made.state == BookingState.PENDING
        return made.code

    def call_off(office: Office) -> None:
        made = bookings.get_booking(booked, office=office)
        cancel(made, reason="x", privileged=True, by=SYSTEM, now=clock.now())

    pending = act(app, pend)
    act(app, call_off)
    time_is(8, 45, day=TUESDAY)

    assert refusal(kiosk, pending) != refusal(kiosk, booked)
    assert count(app, Ticket) == 0


def said(answer: Any) -> str:
    found = re.search(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.DOTALL)
    assert found
    return html.unescape(found[1])


# ── What else may be held up to the camera ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("scanned", "sentence"),
    [
        ("https://shop.example/promo?id=7", "Ini bukan kode janji"),
        ("WIFI:T:WPA;S:kantor;P:rahasia;;", "Ini bukan kode janji"),
        ("8992761002015", "Ini bukan kode janji"),
        (
            "https://ruko.example/paringin-selatan/booking/AAAA2222",
            "Tidak ada janji dengan kode ini",
        ),
        ("https://ruko.example/t/Zx8_kQ3vLw0-aBcDeFgHiJ", "Ini QR nomor antrean"),
    ],
)
def test_a_picture_of_something_else_says_what_it_is(
    app: Flask, kiosk: VisitingClient, scanned: str, sentence: str
) -> None:
    answer = kiosk.submit(f"{HOME}/appointment", {"code": scanned, "by": "camera"})

    assert answer.status_code == 404
    assert said(answer).startswith(sentence)
    assert 'data-first="camera"' in answer.text, "the camera goes on"
    assert count(app, Ticket) == 0


@pytest.mark.parametrize(
    "typed",
    [
        "httpsÖ--ruko.example-paringin?selatan-booking-{}",  # German
        "https>&&ruko:example&paringin)selatan&booking&{}",
        "HTTPS://RUKO.EXAMPLE/PARINGIN-SELATAN/BOOKING/{}",  # caps lock
    ],
)
def test_a_scanner_with_another_layout_is_understood(
    app: Flask, kiosk: VisitingClient, booked: str, typed: str
) -> None:
    assert token_in(kiosk.submit(f"{HOME}/appointment", {"code": typed.format(booked)}))


@pytest.fixture
def kiosk_elsewhere(app: Flask) -> Iterator[VisitingClient]:
    """A kiosk of the office of Awayan, and its address as `base_url` path."""
    with app.app_context(), writing():
        here = db.session.query(Office).one()
        columns = {c.key: getattr(here, c.key) for c in Office.__table__.columns if c.key != "id"}
        there = Office(**columns | {"slug": "awayan", "code": "63.11.03", "name": "Awayan"})
        db.session.add(there)
        db.session.flush()
        db.session.add(OfficeState(office_id=there.id))
        _, secret, _ = add_device(there, "kiosk", "Tablet", by=SYSTEM, now=clock.now())
        token = pair(there, "kiosk", secret, now=clock.now())
        number = there.id
        db.session.commit()
    client = app.test_client()
    assert isinstance(client, VisitingClient)
    client.set_cookie(DEVICE_COOKIE, token)
    yield client
    with app.app_context(), writing():
        for left in (
            *(delete(AuditEvent), delete(RequestKey), delete(Token)),
            delete(Device).where(Device.office_id == number),
            delete(OfficeState).where(OfficeState.office_id == number),
        ):
            db.session.execute(left)
        db.session.execute(delete(Office).where(Office.id == number))
        db.session.commit()


def test_an_appointment_elsewhere_says_where(booked: str, kiosk_elsewhere: VisitingClient) -> None:
    answer = kiosk_elsewhere.submit("/awayan/kiosk/appointment", {"code": booked})

    assert answer.status_code == 404
    assert "janji ini bukan di sini, melainkan di Kecamatan Paringin Selatan" in said(answer)


def test_another_day_says_which(
    kiosk: VisitingClient, booked: str, time_is: Callable[..., datetime]
) -> None:
    time_is(9)
    assert "Selasa, 24 November 2026" in refusal(kiosk, booked)
    time_is(9, day=TUESDAY + timedelta(days=1))
    assert "24 November 2026" in refusal(kiosk, booked)


def test_a_used_code_leads_to_its_ticket_until_that_is_done(
    app: Flask, kiosk: VisitingClient, booked: str
) -> None:
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked}))
    now = clock.now()
    act(app, lambda o: start(o, people.called(o, now, "PMD"), by=SYSTEM, now=now))
    assert token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked})) == token

    act(app, lambda o: finish(o, people.turn_of(o, token), by=SYSTEM, now=now))

    assert "sudah selesai" in refusal(kiosk, booked)
    assert count(app, Ticket) == 1


def test_a_missed_call_is_made_good_by_the_code(
    app: Flask, kiosk: VisitingClient, booked: str
) -> None:
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked}))
    now = clock.now()
    act(
        app, lambda o: mark_no_show(o, people.called(o, now, "PMD"), reason="x", by=SYSTEM, now=now)
    )

    assert token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked})) == token
    assert visit_of(app, token).state == "waiting"


def test_only_the_kiosk_may_run_the_reader_of_pictures(kiosk: VisitingClient, booked: str) -> None:
    start = kiosk.get(HOME)
    asked = kiosk.get(f"{HOME}/appointment")
    refused = kiosk.submit(f"{HOME}/appointment", {"code": "x"})
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked}))

    for page in (start, asked, refused):
        assert "script-src 'self' 'wasm-unsafe-eval';" in page.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    for elsewhere in (f"/t/{token}", f"/{SLUG}/display", f"/{SLUG}/login"):
        assert "wasm" not in kiosk.get(elsewhere).headers["Content-Security-Policy"]


def test_no_name_stands_on_a_ticket(app: Flask, kiosk: VisitingClient, booked: str) -> None:
    token = token_in(kiosk.submit(f"{HOME}/appointment", {"code": booked}))

    for path in (f"/t/{token}", f"{HOME}/tickets/{token}"):
        page = kiosk.get(path).text
        with app.app_context():
            made = bookings.get_booking(booked)
            assert made.leader not in page
            assert made.topic not in page
