"""The bidang knows before the day who comes, about what, with which papers; and what became of it."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import bookings, clock
from ruko.audit import SYSTEM
from ruko.db import db
from ruko.files import Store
from ruko.offices import get_bidang
from ruko.tickets import check_in
from tests import people
from tests.at_desk import DESK, HOSTILE, SignIn, TimeIs, office_of, press, text_of
from tests.conftest import MONDAY, SLUG, VisitingClient

MEETINGS = f"{DESK}/meetings"
TUESDAY = people.TUESDAY
PDF = b"%PDF-1.4 rencana"
Book = Callable[..., str]


@pytest.fixture
def pmd(sign_in: SignIn) -> VisitingClient:
    """A clerk of the bidang that Desa Binjai wants to see."""
    return sign_in("staff", bidang="PMD")


@pytest.fixture
def book(app: Flask) -> Book:
    """Desa Binjai books; returns the code."""

    def one(room: int | None = 0, **changes: Any) -> str:
        with office_of(app) as office:
            chosen = None if room is None else bookings.all_rooms(office)[room]
            return people.book(office, clock.now(), room=chosen, **changes).code

    return one


def booking_of(app: Flask, code: str) -> tuple[str, str | None, datetime | None]:
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        return booking.state, booking.bring_along, booking.village_confirmed_at


def hand_in(app: Flask, code: str, name: str = "APBDes.pdf") -> int:
    with office_of(app) as office:
        return bookings.attach(
            bookings.get_booking(code, office=office),
            name=name,
            kind="application/pdf",
            size=len(PDF),
            digest=Store(app.config["RUKO"].data_dir / "papers").keep(PDF),
            by=SYSTEM,
            now=clock.now(),
        ).id


# ── What is coming ────────────────────────────────────────────────────────────────────────────


def test_the_bidang_sees_who_comes(app: Flask, pmd: VisitingClient, book: Book) -> None:
    code = book(topic=HOSTILE, role="secretary")
    hand_in(app, code)
    page = pmd.get(MEETINGS)
    for shown in (
        "Tidak ada janji hari ini.",
        "Minggu ini",
        "Selasa, 24 November 2026",
        "09.00–10.00",
        "Ruang RUKO 1",
        "Desa Binjai",
        "Rahmawati (Sekretaris desa) · 5 peserta",
        "1 berkas",
    ):
        assert shown in text_of(page), shown
    assert HOSTILE not in page.text


def test_today_comes_first_then_the_week_then_later(pmd: VisitingClient, book: Book) -> None:
    book(topic="minggu depan", day=MONDAY + timedelta(7))
    book(topic="besok")
    book(topic="hari ini", day=MONDAY, start=time(14), end=time(15))
    page = text_of(pmd.get(MEETINGS))
    order = [page.index(t) for t in ("hari ini", "besok", "minggu depan")]
    assert order == sorted(order)
    assert "Nanti" in page


def test_each_sees_their_own(sign_in: SignIn, book: Book) -> None:
    code = book(topic="hanya untuk PMD")
    other = sign_in("staff", bidang="TRB")
    assert "hanya untuk PMD" not in other.get(MEETINGS).text
    assert "hanya untuk PMD" not in other.get(f"{MEETINGS}?bidang=PMD").text
    assert "hanya untuk PMD" not in other.get(f"{MEETINGS}/print?date=2026-11-24&bidang=PMD").text
    for path in (code, f"{code}/papers/1"):
        assert other.get(f"{MEETINGS}/{path}").status_code == 404
    for step in ("bring", "conclude"):
        assert other.submit(f"{MEETINGS}/{code}/{step}").status_code == 404
    for role in ("operator", "admin", "camat"):
        client = sign_in(role)
        assert "hanya untuk PMD" in client.get(MEETINGS).text
        assert "hanya untuk PMD" in client.get(f"{MEETINGS}?bidang=PMD").text
        assert "hanya untuk PMD" not in client.get(f"{MEETINGS}?bidang=TRB").text
        assert "hanya untuk PMD" in client.get(f"{MEETINGS}?bidang=XXX").text
        assert client.get(f"{MEETINGS}/{code}").status_code == 200
    village = sign_in("village", village="63.11.07.2006")
    assert village.get(MEETINGS).status_code == 403
    assert village.get(f"{MEETINGS}/{code}").status_code == 403


def test_a_day_on_paper(pmd: VisitingClient, book: Book) -> None:
    book(phone="0812-3456")
    sheet = pmd.get(f"{MEETINGS}/print?date=2026-11-24")
    for shown in ("Selasa, 24 November 2026", "09.00–10.00", "Desa Binjai", "0812-3456"):
        assert shown in text_of(sheet), shown
    assert "Tidak ada janji pada hari ini." in text_of(pmd.get(f"{MEETINGS}/print"))
    assert pmd.get(f"{MEETINGS}/print?date=besok").status_code == 422


# ── One meeting ───────────────────────────────────────────────────────────────────────────────


def test_everything_about_one(app: Flask, sign_in: SignIn, book: Book) -> None:
    code = book(1, topic=HOSTILE, role="head", phone="0812-3456", on_behalf=True)
    operator = sign_in("operator")
    press(operator, f"{DESK}/approvals/{code}/approve")
    page = operator.get(f"{MEETINGS}/{code}")
    for shown in (
        "Desa Binjai",
        "Selasa, 24 November 2026 · 09.00–10.00 · Ruang RUKO 2",
        "Kepala desa",
        "5 peserta (20 kursi)",
        "Diminta",
        "Disetujui · operator",
        "desa belum mengonfirmasi",
        "Desa sudah mengiyakan",
        "Pindahkan",
        "Batalkan",
        "Usul waktu lain",
    ):
        assert shown in text_of(page), shown
    assert HOSTILE not in page.text
    assert f"/{SLUG}/booking/{code}/move" in page.text
    assert f"/{SLUG}/booking/{code}/cancel" in page.text


def test_a_request_is_decided_on_its_page(app: Flask, sign_in: SignIn, book: Book) -> None:
    code, operator = book(1), sign_in("operator")
    page = operator.get(f"{MEETINGS}/{code}")
    assert f"{code}/approve" in page.text
    here = f"{MEETINGS}/{code}"
    done = press(operator, f"{DESK}/approvals/{code}/approve", next=here)
    assert "Disetujui: Desa Binjai." in text_of(done)
    assert booking_of(app, code)[0] == "confirmed"


def test_who_only_looks_on_changes_nothing(app: Flask, sign_in: SignIn, book: Book) -> None:
    code, camat = book(1), sign_in("camat")
    page = camat.get(f"{MEETINGS}/{code}").text.split('id="content"')[1]
    assert "<form" not in page
    assert "/move" not in page
    for step in ("bring", "conclude"):
        assert camat.submit(f"{MEETINGS}/{code}/{step}").status_code == 403


def test_papers_are_read_by_the_bidang(
    app: Flask, sign_in: SignIn, pmd: VisitingClient, book: Book
) -> None:
    code = book()
    paper = hand_in(app, code)
    path = f"{MEETINGS}/{code}/papers/{paper}"
    assert path in pmd.get(f"{MEETINGS}/{code}").text
    for client in (pmd, sign_in("operator"), sign_in("camat")):
        answer = client.get(path)
        assert (answer.status_code, answer.data) == (200, PDF)
        assert "attachment" in answer.headers["Content-Disposition"]
    other = book(start=time(13), end=time(14))
    assert pmd.get(f"{MEETINGS}/{other}/papers/{paper}").status_code == 404


def test_bring_also(app: Flask, pmd: VisitingClient, book: Book) -> None:
    code = book()
    done = press(pmd, f"{MEETINGS}/{code}/bring", bring_along=f"Rekening koran {HOSTILE}")
    assert "Desa membacanya pada janjinya." in text_of(done)
    assert booking_of(app, code)[1] == f"Rekening koran {HOSTILE}"
    assert HOSTILE not in done.text
    assert "Rekening koran" in text_of(pmd.get(MEETINGS))
    long = press(pmd, f"{MEETINGS}/{code}/bring", bring_along="x" * 501)
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert "Dihapus." in text_of(press(pmd, f"{MEETINGS}/{code}/bring", bring_along=""))
    assert booking_of(app, code)[1] is None


# ── What became of it ─────────────────────────────────────────────────────────────────────────


def test_a_no_show_is_told_and_put_right(
    app: Flask, pmd: VisitingClient, book: Book, time_is: TimeIs
) -> None:
    code = book(end=time(11))
    time_is(9, 16, day=TUESDAY)
    page = pmd.get(MEETINGS)
    assert "Tidak hadir hari ini" in text_of(page)
    assert "Ternyata hadir" in text_of(page)
    told = text_of(pmd.get(f"{MEETINGS}/{code}"))
    assert "Belum ada yang melapor sampai pukul 09.15." in told
    assert "Jam 10.00–11.00 dilepas." in told
    sent = {"next": MEETINGS, "request_key": "k" * 32}
    for _ in range(2):
        answer = pmd.submit(f"{MEETINGS}/{code}/conclude", sent)
        assert (answer.status_code, answer.location) == (303, MEETINGS)
    page = pmd.get(MEETINGS)
    assert "Ternyata hadir" not in text_of(page)
    assert booking_of(app, code)[0] == "completed"


def test_the_next_day_a_no_show_stays_one(
    app: Flask, pmd: VisitingClient, book: Book, time_is: TimeIs
) -> None:
    code = book()
    time_is(9, day=TUESDAY + timedelta(days=1))
    assert "Ternyata hadir" not in text_of(pmd.get(f"{MEETINGS}/{code}"))
    assert pmd.submit(f"{MEETINGS}/{code}/conclude").status_code == 409


def test_nothing_took_place_before_it_began(pmd: VisitingClient, book: Book) -> None:
    code = book()
    assert "Sudah berlangsung" not in text_of(pmd.get(f"{MEETINGS}/{code}"))
    refused = pmd.submit(f"{MEETINGS}/{code}/conclude")
    assert refused.status_code == 409
    assert 'role="alert"' in refused.text


def test_a_visit_of_the_office_is_recorded(
    app: Flask, pmd: VisitingClient, book: Book, time_is: TimeIs
) -> None:
    code = book(None)
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        bookings.approve(booking, by=SYSTEM, now=clock.now())
    assert "Kunjungan kecamatan" in text_of(pmd.get(MEETINGS))
    time_is(8, day=TUESDAY + timedelta(days=1))
    page = pmd.get(MEETINGS)
    assert "Kunjungan yang sudah lewat" in text_of(page)
    done = press(pmd, f"{MEETINGS}/{code}/conclude")
    assert "Pertemuan dengan Desa Binjai sudah berlangsung." in text_of(done)
    assert booking_of(app, code)[0] == "completed"


def test_ending_early_frees_the_rest(
    app: Flask, pmd: VisitingClient, book: Book, time_is: TimeIs
) -> None:
    code = book(end=time(11))
    now = time_is(9, day=TUESDAY)
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        bookings.arrive(booking, by=SYSTEM, now=now)
    time_is(9, 40, day=TUESDAY)
    assert "Selesai lebih awal" in text_of(pmd.get(f"{MEETINGS}/{code}"))
    done = press(pmd, f"{MEETINGS}/{code}/conclude")
    assert "Jam 10.00–11.00 dilepas." in text_of(done)
    with office_of(app) as office:
        claims = db.session.scalars(select(bookings.SlotClaim)).all()
        assert [claim.slot_no for claim in claims] == [2]


def test_who_has_a_number_is_finished_at_the_desk(
    app: Flask, pmd: VisitingClient, book: Book, time_is: TimeIs
) -> None:
    code = book()
    now = time_is(8, 50, day=TUESDAY)
    with office_of(app) as office:
        booking = bookings.get_booking(code, office=office)
        token, _ = check_in(office, booking, by=SYSTEM, now=now)
        number = people.code_of(token)
    page = text_of(pmd.get(f"{MEETINGS}/{code}"))
    assert f"dengan nomor {number}" in page
    assert "Selesai lebih awal" not in page


def test_the_bar_leads_there(sign_in: SignIn, pmd: VisitingClient) -> None:
    for client in (pmd, sign_in("operator"), sign_in("camat")):
        page = client.get(MEETINGS).text
        assert f'href="{MEETINGS}"' in page
        assert 'aria-current="page"' in page


def test_an_unknown_code(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    assert admin.get(f"{MEETINGS}/ABCD2345").status_code == 404
    assert admin.submit(f"{MEETINGS}/ABCD2345/conclude").status_code == 404


def test_the_bidang_without_a_limit_says_nothing_of_officers(
    app: Flask, sign_in: SignIn, book: Book
) -> None:
    code, operator = book(1), sign_in("operator")
    assert "Petugas saat itu" not in text_of(operator.get(f"{MEETINGS}/{code}"))
    with office_of(app) as office:
        get_bidang(office, "PMD").officers = 2
    assert "Petugas saat itu 1 dari 2 petugas" in text_of(operator.get(f"{MEETINGS}/{code}"))
