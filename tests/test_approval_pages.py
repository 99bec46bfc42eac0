"""The operator decides: what a request needs and meets, other rooms and times, what villages confirm."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from ruko import bookings, clock
from ruko.audit import SYSTEM
from ruko.offices import get_bidang
from tests import people
from tests.at_desk import DESK, HOSTILE, SignIn, office_of, press, text_of
from tests.conftest import MONDAY, VisitingClient

APPROVALS = f"{DESK}/approvals"
TUESDAY = people.TUESDAY
Ask = Callable[..., str]


@pytest.fixture
def operator(sign_in: SignIn) -> VisitingClient:
    return sign_in("operator")


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Desa Binjai asks for the room that needs approval (`room=1`); returns the code."""

    def one(room: int | None = 1, **changes: Any) -> str:
        with office_of(app) as office:
            chosen = None if room is None else bookings.all_rooms(office)[room]
            return people.book(office, clock.now(), room=chosen, **changes).code

    return one


def close(app: Flask, room: int | None, reason: str = "Lantai dicat") -> None:
    with office_of(app) as office:
        closed = None if room is None else bookings.all_rooms(office)[room]
        start, end = office.at(TUESDAY, time(8)), office.at(TUESDAY, time(12))
        bookings.close(office, closed, start, end, reason, by=SYSTEM, now=clock.now())


def when(app: Flask, code: str) -> tuple[str, str | None, str]:
    """State, room and start of a booking."""
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        start = office.local(booking.starts_at).strftime("%d %H:%M")
        return booking.state, booking.room.name if booking.room else None, start


# ── What a request shows ──────────────────────────────────────────────────────────────────────


def test_a_request_shows_what_it_needs(app: Flask, operator: VisitingClient, ask: Ask) -> None:
    with office_of(app) as office:
        get_bidang(office, "PMD").officers = 2
    code = ask(role="secretary", phone="0812-3456", topic=HOSTILE)
    page = operator.get(APPROVALS)
    for shown in (
        "Desa Binjai",
        "Sel, 24 Nov · 09.00–10.00 · Ruang RUKO 2",
        "5 peserta (20 kursi)",
        "1 dari 2 petugas terpakai",
        "Jatah minggu itu: 1 dari",
        "Rahmawati (Sekretaris desa)",
        "Menunggu sejak Sen, 23 Nov, 09.00",
        "Mulai besok",
        code,
    ):
        assert shown in text_of(page), shown
    assert 'href="tel:0812-3456"' in page.text
    assert HOSTILE not in page.text
    assert HOSTILE in unescape(page.text)
    assert "Bentrok" not in text_of(page)


def test_papers_are_linked(app: Flask, operator: VisitingClient, ask: Ask) -> None:
    code = ask()
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        paper = bookings.attach(
            booking,
            name="<b>APBDes.pdf",
            kind="application/pdf",
            size=3,
            digest="0" * 64,
            by=SYSTEM,
            now=clock.now(),
        )
        link = f'href="{DESK}/meetings/{code}/papers/{paper.id}"'
    page = operator.get(APPROVALS).text
    assert link in page
    assert "&lt;b&gt;APBDes.pdf" in page


def test_a_closed_room_is_a_collision_with_a_way_out(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask()
    close(app, 1, HOSTILE)
    page = operator.get(APPROVALS)
    assert "Bentrok dengan penutupan" in text_of(page)
    assert "Ruang RUKO 1 kosong pada jam yang sama." in text_of(page)
    assert f"{code}/approve-elsewhere" in page.text
    assert f'{code}/approve"' not in page.text
    assert HOSTILE not in page.text

    refused = press(operator, f"{APPROVALS}/{code}/approve")
    assert refused.status_code >= 400
    assert "penutupan" in text_of(refused)
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
    done = press(operator, f"{APPROVALS}/{code}/approve-elsewhere", room=room)
    assert "Disetujui di Ruang RUKO 1: Desa Binjai." in text_of(done)
    assert when(app, code) == ("confirmed", "Ruang RUKO 1", "24 09:00")


@pytest.mark.parametrize("room", ["", "x", "999999"])
def test_an_unknown_room_approves_nothing(
    app: Flask, operator: VisitingClient, ask: Ask, room: str
) -> None:
    code = ask()
    assert press(operator, f"{APPROVALS}/{code}/approve-elsewhere", room=room).status_code == 422
    assert when(app, code)[0] == "pending"


def test_a_closed_house_offers_the_nearest_time(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask()
    close(app, None)
    page = operator.get(APPROVALS)
    assert "Waktu kosong terdekat: Sel, 24 Nov, 13.00–14.00" in text_of(page)
    assert "Usulkan waktu ini" in text_of(page)
    with office_of(app) as office:
        room = bookings.all_rooms(office)[1].id
    sent = {"date": "2026-11-24", "when": f"{room} 13:00", "hours": "1"}
    done = press(operator, f"{APPROVALS}/{code}/propose", **sent)
    assert "Diusulkan kepada Desa Binjai: Sel, 24 Nov, 13.00–14.00." in text_of(done)
    assert when(app, code) == ("pending", "Ruang RUKO 2", "24 09:00")


def test_more_meetings_than_officers_are_told(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    ask(0)
    code = ask()
    with office_of(app) as office:
        get_bidang(office, "PMD").officers = 1
    page = operator.get(APPROVALS)
    assert "2 pertemuan sekaligus untuk 1 petugas" in text_of(page)
    assert f'{code}/approve"' in page.text


# ── Another time ──────────────────────────────────────────────────────────────────────────────


def test_another_time_is_chosen_from_the_timetable(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask()
    page = operator.get(f"{APPROVALS}/{code}/propose")
    assert "Selasa, 24 November 2026" in text_of(page)
    assert "Desa Binjai" in text_of(page)
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
        hours = office.proposal_hours
    assert f"{hours} jam" in text_of(page)
    assert f'value="{room} 10:00"' in page.text
    sent = {"date": "2026-11-25", "when": f"{room} 10:00", "hours": "2"}
    done = press(operator, f"{APPROVALS}/{code}/propose", **sent)
    assert "Ada usulan waktu lain" in text_of(done)
    assert "Rab, 25 Nov · 10.00–12.00 · Ruang RUKO 1" in text_of(done)
    assert "Tarik usulan" in text_of(done)

    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        bookings.accept_proposal(booking, by=SYSTEM, now=clock.now())
    assert when(app, code) == ("confirmed", "Ruang RUKO 1", "25 10:00")


def test_a_proposal_is_taken_back_once(app: Flask, operator: VisitingClient, ask: Ask) -> None:
    code = ask()
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
    sent = {"date": "2026-11-25", "when": f"{room} 10:00", "hours": "1"}
    press(operator, f"{APPROVALS}/{code}/propose", **sent)
    done = press(operator, f"{APPROVALS}/{code}/withdraw")
    assert "Usulan untuk Desa Binjai ditarik." in text_of(done)
    assert "Ada usulan waktu lain" not in text_of(done)
    assert press(operator, f"{APPROVALS}/{code}/withdraw").status_code == 409


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"date": "2026-11-25"}, 422),
        ({"date": "2026-11-25", "when": "x 10:00"}, 422),
        ({"date": "2026-11-24", "when": "ROOM 09:00", "hours": "1"}, 422),  # its present time
        ({"date": "2026-11-25", "when": "ROOM 10:00", "hours": "9"}, 422),
        ({"date": "2026-11-23", "when": "ROOM 08:00", "hours": "1"}, 422),  # past
        ({"date": "kemarin"}, 422),
        ({}, 422),
    ],
)
def test_a_bad_choice_proposes_nothing(
    app: Flask, operator: VisitingClient, ask: Ask, sent: dict[str, str], status: int
) -> None:
    code = ask()
    with office_of(app) as office:
        room = str(bookings.all_rooms(office)[1].id)
    answer = operator.submit(
        f"{APPROVALS}/{code}/propose", {k: v.replace("ROOM", room) for k, v in sent.items()}
    )
    assert 400 <= answer.status_code < 500
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        assert bookings.proposal_for(booking, now=clock.now()) is None


def test_a_time_that_somebody_has_is_refused_and_the_rest_is_shown(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask()
    ask(0, start=time(13), end=time(14))
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
    sent = {"date": "2026-11-24", "when": f"{room} 13:00", "hours": "1"}
    answer = operator.submit(f"{APPROVALS}/{code}/propose", sent)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert f'value="{room} 14:00"' in answer.text


def test_a_closed_day_is_told_and_a_small_room_not_offered(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask(attendees=15)
    with office_of(app) as office:
        small, large = (room.id for room in bookings.all_rooms(office))
    page = operator.get(f"{APPROVALS}/{code}/propose")
    assert f'value="{large} 10:00"' in page.text
    assert f'value="{small} 10:00"' not in page.text
    sunday = operator.get(f"{APPROVALS}/{code}/propose?date=2026-11-29")
    assert "tutup" in text_of(sunday) or "pelayanan" in text_of(sunday)
    sent = {"date": "2026-11-29", "when": f"{large} 10:00", "hours": "1"}
    answer = operator.submit(f"{APPROVALS}/{code}/propose", sent)
    assert 400 <= answer.status_code < 500
    assert 'role="alert"' in answer.text


def test_what_is_over_cannot_be_proposed_anew(operator: VisitingClient, ask: Ask) -> None:
    code = ask()
    press(operator, f"{APPROVALS}/{code}/decline", reason="Penuh.")
    page = operator.get(f"{APPROVALS}/{code}/propose")
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "<form" not in page.text.split('id="content"')[1]
    assert operator.get(f"{APPROVALS}/ABCD2345/propose").status_code == 404


# ── The village is told, the page keeps itself up to date ─────────────────────────────────────


def told(operator: VisitingClient, code: str) -> tuple[str, str]:
    """Whom the page's link leads to in WhatsApp, and with which text."""
    address = urlsplit(operator.get(f"{APPROVALS}/{code}/tell").location)
    assert address.netloc == "wa.me"
    return address.path, parse_qs(address.query)["text"][0]


def test_a_decision_is_told_by_whatsapp(app: Flask, operator: VisitingClient, ask: Ask) -> None:
    code = ask(phone="0812-3456-7890", topic=HOSTILE)
    done = press(operator, f"{APPROVALS}/{code}/approve")
    assert "Disetujui: Desa Binjai. Kabari lewat WhatsApp" in text_of(done)
    assert f'href="{APPROVALS}/{code}/tell"' in done.text
    to, text = told(operator, code)
    assert to == "/6281234567890"
    assert "Pertemuan Anda disetujui" in text
    assert "Selasa, 24 November 2026, 09.00–10.00 WITA\nRuang RUKO 2" in text
    assert f"Kode: {code}\nhttp" in text
    assert HOSTILE not in text
    assert f'href="{APPROVALS}/{code}/tell"' in operator.get(f"{DESK}/meetings/{code}").text


def test_a_refusal_is_told_with_its_reason(operator: VisitingClient, ask: Ask) -> None:
    code = ask(phone="(0526) 2028-123")  # no mobile: whom to tell is chosen in WhatsApp
    press(operator, f"{APPROVALS}/{code}/decline", reason=HOSTILE)
    to, text = told(operator, code)
    assert to == "/"
    assert "Permohonan Anda tidak disetujui:\nSelasa, 24 November 2026, 09.00–10.00" in text
    assert f"Alasan: {HOSTILE}" in text


def test_a_proposal_is_told_in_the_villages_language(
    app: Flask, operator: VisitingClient, ask: Ask
) -> None:
    code = ask()
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
    sent = {"date": "2026-11-25", "when": f"{room} 10:00", "hours": "1"}
    operator.submit("/reading", {"lang": "en"})
    press(operator, f"{APPROVALS}/{code}/propose", **sent)
    _, text = told(operator, code)
    assert "waktu lain sebagai ganti Sel, 24 Nov, 09.00–10.00:" in text
    assert "Rabu, 25 November 2026, 10.00–11.00 WITA\nRuang RUKO 1" in text
    assert "Mohon dijawab sebelum Sel, 24 Nov, 09.00" in text


def test_what_is_over_is_no_news(
    operator: VisitingClient, ask: Ask, time_is: Callable[..., Any], sign_in: SignIn
) -> None:
    code = ask()
    assert sign_in("staff", bidang="PMD").get(f"{APPROVALS}/{code}/tell").status_code == 403
    time_is(15, day=TUESDAY)
    assert operator.get(f"{APPROVALS}/{code}/tell").status_code == 404


def test_new_requests_appear_by_themselves(operator: VisitingClient, ask: Ask) -> None:
    code = ask()
    page = operator.get(APPROVALS).text
    assert f'data-now-url="{APPROVALS}/now"' in page
    parts = operator.get(f"{APPROVALS}/now")
    names = re.findall(r'data-part="(\w+)"', parts.text)
    assert names == re.findall(r'data-part="(\w+)"', page)
    assert code in parts.text
    again = operator.get(f"{APPROVALS}/now", headers={"If-None-Match": parts.headers["ETag"]})
    assert again.status_code == 304
    second = ask(start=time(10), end=time(11))
    after = operator.get(f"{APPROVALS}/now", headers={"If-None-Match": parts.headers["ETag"]})
    assert second in after.text
    assert "2 permohonan" in text_of(after)


# ── Pressed twice, and from elsewhere ─────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["approve", "approve-elsewhere", "propose", "confirm", "decline"])
def test_a_double_tap_is_one_press(
    app: Flask, operator: VisitingClient, ask: Ask, step: str
) -> None:
    code = ask(on_behalf=True)
    with office_of(app) as office:
        room = bookings.all_rooms(office)[0].id
    sent = {
        "request_key": "k" * 32,
        "room": room,
        "date": "2026-11-25",
        "when": f"{room} 10:00",
        "hours": "1",
        "reason": "Penuh.",
    }
    answers = [operator.submit(f"{APPROVALS}/{code}/{step}", sent) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location


def test_a_decision_leads_back_to_where_it_was_made(operator: VisitingClient, ask: Ask) -> None:
    here = f"{DESK}/meetings"
    assert operator.submit(f"{APPROVALS}/{ask()}/approve", {"next": here}).location == here
    code = ask(start=time(10), end=time(11))
    away = operator.submit(f"{APPROVALS}/{code}/approve", {"next": "https://example.com/"})
    assert away.location == APPROVALS


# ── Booked on behalf ──────────────────────────────────────────────────────────────────────────


def test_the_village_says_yes_by_telephone(app: Flask, operator: VisitingClient, ask: Ask) -> None:
    code = ask(0, on_behalf=True, channel=bookings.Channel.WHATSAPP, phone="0812-3456")
    page = operator.get(APPROVALS)
    assert "Menunggu konfirmasi desa" in text_of(page)
    assert "WhatsApp · 0812-3456" in text_of(page)
    done = press(operator, f"{APPROVALS}/{code}/confirm")
    assert "Dikonfirmasi oleh Desa Binjai." in text_of(done)
    assert "Menunggu konfirmasi desa" not in text_of(done)
    with office_of(app) as office:
        assert bookings.get_booking(code, office=office).village_confirmed_at == clock.now()


@pytest.mark.parametrize("step", ["approve-elsewhere", "propose", "withdraw", "confirm"])
def test_only_operators(sign_in: SignIn, ask: Ask, step: str) -> None:
    code = ask()
    for client in (sign_in("staff", bidang="PMD"), sign_in("camat")):
        assert client.submit(f"{APPROVALS}/{code}/{step}").status_code == 403
        assert client.get(f"{APPROVALS}/{code}/propose").status_code == 403


def test_the_oldest_comes_first_and_near_ones_are_marked(
    app: Flask, operator: VisitingClient
) -> None:
    with office_of(app) as office:
        room, now = bookings.all_rooms(office)[1], clock.now()
        later = people.book(office, now - timedelta(hours=1), room=room, day=MONDAY + timedelta(9))
        near = people.book(office, now, room=room, day=MONDAY, start=time(14), end=time(15))
        codes = later.code, near.code
    page = operator.get(APPROVALS).text
    assert page.index(codes[0]) < page.index(codes[1])
    assert unescape(page).count("Mulai hari ini") == 1


def test_a_reason_that_comes_too_late_stays(operator: VisitingClient, ask: Ask) -> None:
    code = ask()
    press(operator, f"{APPROVALS}/{code}/approve")
    late = press(operator, f"{APPROVALS}/{code}/decline", reason="Ruang <b>dipakai</b> rapat")
    assert late.status_code == 409
    assert "Ruang <b>dipakai</b> rapat" in text_of(late)
    assert "Yang Anda tulis masih ada di sini" in text_of(late)
