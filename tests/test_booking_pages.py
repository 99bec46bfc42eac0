"""The way to a room as villages and the operator go it: five steps, what is kept, what is refused."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace

import pytest
from flask import Flask

from booking.forms import _villages
from ruko import bookings, clock
from ruko.audit import SYSTEM
from ruko.bookings import Booking, DayGrid, Draft, Room, SlotClaim, SlotView
from ruko.db import db, writing
from ruko.errors import Unavailable
from ruko.offices import Office, get_bidang, get_office
from ruko.web.timetable import lengths_of
from tests.booking_way import (
    HOME,
    begin,
    book,
    choose,
    chosen,
    links,
    radios,
    ready,
    say_who,
    text_of,
    value_of,
)
from tests.conftest import SLUG, VisitingClient, wita

BINJAI, INAN, BATU_PIRING = "63.11.07.2008", "63.11.07.2003", "63.11.07.1001"
TUESDAY = date(2026, 11, 24)
SignIn = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]


@pytest.fixture
def binjai(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=BINJAI)


@pytest.fixture
def inan(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=INAN)


@contextmanager
def at_work(app: Flask) -> Iterator[Office]:
    """The office in a unit of work that is committed at the end."""
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.commit()


def count(app: Flask, table: type[Booking | Draft | SlotClaim]) -> int:
    with app.app_context():
        return db.session.query(table).count()


# ── Who may come in ───────────────────────────────────────────────────────────────────────────


def test_signed_out_people_are_asked_to_sign_in_and_come_back(client: VisitingClient) -> None:
    answer = client.get(f"{HOME}/d/abc/time?date=2026-11-24")
    assert answer.status_code == 302
    assert answer.location.startswith(f"/{SLUG}/login?next=")
    assert "2026-11-24" in answer.location


@pytest.mark.parametrize("role", ["staff", "camat"])
def test_others_have_no_business_here(sign_in: SignIn, role: str) -> None:
    client = sign_in(role, **({"bidang": "PEM"} if role == "staff" else {}))
    assert client.get(HOME).status_code == 403


def test_one_office_needs_no_list(client: VisitingClient) -> None:
    assert client.get("/").location == HOME


def test_several_offices_are_listed(
    client: VisitingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    offices = [SimpleNamespace(slug=name, name=f"Kecamatan {name}") for name in ("satu", "dua")]
    monkeypatch.setattr(import_module("booking.front"), "all_offices", lambda: offices)
    answer = client.get("/")
    assert {"/satu/booking", "/dua/booking"} <= set(links(answer))


def test_the_office_s_name_alone_leads_into_it(client: VisitingClient) -> None:
    assert client.get(f"/{SLUG}/").location == HOME
    assert client.get("/tidak-ada/").status_code == 404


def test_contrast_is_kept_and_comes_back_here(binjai: VisitingClient) -> None:
    answer = binjai.submit("/reading", {"theme": "contrast", "next": HOME})
    assert (answer.status_code, answer.location) == (303, HOME)
    assert 'data-theme="contrast"' in binjai.get(HOME).text
    away = binjai.submit("/reading", {"theme": "", "next": "//evil.example"})
    assert away.location == "/"
    assert "data-theme" not in binjai.get(HOME).text


def test_every_step_in_english(binjai: VisitingClient) -> None:
    draft = ready(binjai)
    binjai.submit("/reading", {"lang": "en", "next": HOME})
    for path, said in {
        HOME: "This week: 2 meetings of 3 left.",
        draft: "What will be discussed?",
        f"{draft}/date": "Tuesday, 24 November",
        f"{draft}/time?date=2026-11-24": "Tuesday, 24 November 2026",
        f"{draft}/people": "This time is kept for you until 09:10.",
        f"{draft}/check": "Is everything right?",
    }.items():
        page = text_of(binjai.get(path))
        assert said in page, path
        assert not re.search(r"\b(yang|untuk Anda|Silakan|Lanjut)\b", page), path


@pytest.mark.parametrize("rest", ["", "/date", "/time", "/people", "/check"])
def test_another_village_s_draft_is_unknown(
    binjai: VisitingClient, inan: VisitingClient, rest: str
) -> None:
    draft = begin(binjai)
    assert inan.get(f"{draft}{rest}").status_code == 404
    if rest != "/date":
        assert inan.submit(f"{draft}{rest}").status_code == 404
    gone = inan.get(f"{HOME}/d/tidakada{rest}")
    assert gone.status_code == 404
    assert "Silakan buat yang baru; belum ada yang dipesan." in text_of(gone)


# ── What it is about ──────────────────────────────────────────────────────────────────────────


def test_the_first_page_shows_what_is_left_of_the_week(binjai: VisitingClient) -> None:
    book(binjai)
    page = text_of(binjai.get(HOME))
    assert "Langkah 1 dari 5" in page
    assert "Minggu ini sisa 2 dari 3 pertemuan. Minggu depan sisa 3." in page


def test_the_kind_of_problem_brings_its_bidang(binjai: VisitingClient) -> None:
    draft = begin(binjai)
    assert "Untuk Seksi Kesejahteraan Sosial." in text_of(binjai.get(f"{draft}/date"))
    page = binjai.get(draft)
    assert chosen(page, "category") == ["stunting"]
    assert re.search(r'<option selected value="KES">', page.text)


def test_an_empty_first_page_marks_what_is_missing_and_keeps_the_rest(
    binjai: VisitingClient,
) -> None:
    answer = binjai.submit(HOME, {"topic": "  ", "bidang": "PMD"})
    assert answer.status_code == 422
    for field in ("topic", "category"):
        assert f'id="{field}-error"' in answer.text
    assert re.search(r'<option selected value="PMD">', answer.text)
    assert "Belum terkirim." in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [("topic", "x" * 10_000), ("topic", "a\x07b"), ("category", "tidak_ada"), ("bidang", "XXX")],
)
def test_odd_answers_stand_at_their_field(
    app: Flask, binjai: VisitingClient, field: str, value: str
) -> None:
    answer = binjai.submit(HOME, {"category": "stunting", "topic": "Gizi", field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert count(app, Draft) == 0


def test_a_second_tap_begins_one_request(app: Flask, binjai: VisitingClient) -> None:
    key = value_of(binjai.get(HOME), "request_key")
    assert begin(binjai, request_key=key) == begin(binjai, request_key=key)
    assert count(app, Draft) == 1


def test_what_was_not_sent_can_be_gone_on_with_or_thrown_away(
    app: Flask, binjai: VisitingClient, inan: VisitingClient
) -> None:
    draft = begin(binjai, topic="Belum dikirim <b>")
    assert "Lanjutkan permohonan yang belum dikirim" not in text_of(inan.get(HOME))
    page = binjai.get(HOME)
    assert "Belum dikirim &lt;b&gt;" in page.text
    assert f"{draft}/date" in links(page)
    choose(binjai, draft)
    assert f"{draft}/people" in links(binjai.get(HOME))
    say_who(binjai, draft)
    assert f"{draft}/check" in links(binjai.get(HOME))
    for _ in range(2):
        gone = binjai.submit(f"{draft}/discard")
        assert (gone.status_code, gone.location) == (303, HOME)
    assert count(app, SlotClaim) == 0
    assert "Lanjutkan permohonan yang belum dikirim" not in text_of(binjai.get(HOME))


def test_another_bidang_asks_for_the_time_again(app: Flask, binjai: VisitingClient) -> None:
    draft = ready(binjai)
    same = binjai.submit(draft, {"category": "stunting", "topic": "Lain"})
    assert same.location == f"{draft}/check"
    assert count(app, SlotClaim) == 1
    other = binjai.submit(draft, {"category": "stunting", "topic": "Lain", "bidang": "PMD"})
    assert other.location == f"{draft}/time"
    assert count(app, SlotClaim) == 0
    page = binjai.get(f"{draft}/time")
    assert "Bidangnya berganti" in text_of(page)
    assert chosen(page) == ["1 09:00"]


# ── The day ───────────────────────────────────────────────────────────────────────────────────


def test_ten_days_with_service_by_week(binjai: VisitingClient) -> None:
    draft = begin(binjai)
    page = binjai.get(f"{draft}/date")
    days = re.findall(r"time\?date=([\d-]+)", page.text)
    assert (len(days), days[0], days[-1]) == (10, "2026-11-23", "2026-12-04")
    assert "Selasa, 24 November 12 kosong" in text_of(page)
    assert "Sisa 3 dari 3 pertemuan minggu ini" in text_of(page)


def test_every_day_ahead_can_be_reached(binjai: VisitingClient) -> None:
    reached, path = set(), f"{begin(binjai)}/date"
    while path:
        page = binjai.get(path)
        reached |= set(re.findall(r"time\?date=([\d-]+)", page.text))
        onward = re.search(r'href="([^"]+)">Hari berikutnya', page.text)
        path = onward[1] if onward else ""
    assert {"2026-11-24", "2026-12-04", "2026-12-07", "2026-12-23"} <= reached
    assert "2026-12-24" not in reached
    assert "Janji dapat dibuat sampai 30 hari ke depan." in text_of(page)


def test_a_closed_day_says_why(app: Flask, sign_in: SignIn, time_is: TimeIs) -> None:
    now = time_is(9, day=date(2026, 12, 21))
    with at_work(app) as office:
        begins, ends = now + timedelta(days=1, hours=-2), now + timedelta(days=1, hours=9)
        bookings.close(office, None, begins, ends, "Rapat kabupaten", by=SYSTEM, now=now)
    binjai = sign_in("village", village=BINJAI)
    draft = begin(binjai)
    page = text_of(binjai.get(f"{draft}/date"))
    assert "Jumat, 25 Desember Tutup: " in page
    assert "Natal" in page
    assert "Selasa, 22 Desember Tutup: Rapat kabupaten" in page
    shut = text_of(binjai.get(f"{draft}/time?date=2026-12-25"))
    assert "Natal" in shut


def test_days_without_a_free_officer_count_less(
    app: Flask, binjai: VisitingClient, inan: VisitingClient
) -> None:
    with at_work(app) as office:
        get_bidang(office, "KES").officers = 1
    book(inan)
    draft = begin(binjai)
    assert "Selasa, 24 November 10 kosong" in text_of(binjai.get(f"{draft}/date"))
    page = binjai.get(f"{draft}/time?date=2026-11-24")
    assert "Petugas terisi" in text_of(page)
    assert "semua petugas Seksi Kesejahteraan Sosial sudah ada janji" in text_of(page)
    other = begin(binjai, bidang="PMD")
    assert "Selasa, 24 November 11 kosong" in text_of(binjai.get(f"{other}/date"))


def test_a_used_up_week_is_told_before_anything_is_chosen(binjai: VisitingClient) -> None:
    for hour in ("08:00", "09:00", "10:00"):
        book(binjai, {"when": f"1 {hour}"})
    draft = begin(binjai)
    page = binjai.get(f"{draft}/date")
    assert "Jatah 3 pertemuan minggu ini sudah terpakai." in text_of(page)
    assert f"{HOME}/mine" in links(page)
    assert not any("date=2026-11-2" in link for link in links(page))
    assert f"{draft}/time?date=2026-12-01" in links(page)
    asked = binjai.get(f"{draft}/time?date=2026-11-25")
    assert radios(asked) == []
    refused = choose(binjai, draft, date="2026-11-25")
    assert refused.status_code == 409
    assert "Jatah pertemuan minggu itu sudah terpakai semua" in text_of(refused)


def test_a_week_used_up_by_what_was_not_sent_says_so(binjai: VisitingClient) -> None:
    book(binjai)
    for hour in (10, 11):
        assert choose(binjai, begin(binjai), when=f"1 {hour}:00").status_code == 303
    draft = begin(binjai)
    for page in (
        binjai.get(f"{draft}/time?date=2026-11-24"),
        choose(binjai, draft, when="1 13:00"),
    ):
        read = text_of(page)
        assert "2 di antaranya disimpan untuk permohonan yang belum dikirim." in read
        assert HOME in links(page)


# ── Room and time ─────────────────────────────────────────────────────────────────────────────


def test_the_hours_of_a_day_each_with_its_word(
    binjai: VisitingClient, inan: VisitingClient
) -> None:
    book(binjai, {"date": "2026-11-23", "when": "1 11:00"})
    book(inan, {"date": "2026-11-23", "when": "2 11:00"})
    page = binjai.get(f"{begin(binjai)}/time?date=2026-11-23")
    for word in (
        "Senin, 23 November 2026",
        "Lewat",
        "Milik saya",
        "Terisi",
        "Istirahat sampai 13.00",
        "Kosong",
        "12 orang langsung disetujui",
        "20 orang perlu persetujuan",
        "Sisa 2 dari 3 pertemuan minggu ini",
    ):
        assert word in text_of(page)
    assert "1 13:00" in radios(page)
    assert "1 11:00" not in radios(page)


@pytest.mark.parametrize(
    ("borders", "lengths"),
    [
        (["08:00", "09:00", "10:00"], ["1 jam", "2 jam"]),
        (["08:00", "08:45", "09:30", "10:15"], ["45 menit", "1 jam 30 menit", "2 jam 15 menit"]),
        (["08:00", "08:30", "10:00"], ["1 sesi", "2 sesi"]),  # how long depends on which
    ],
)
def test_how_long_it_takes_fits_the_slots(
    app: Flask, borders: list[str], lengths: list[str]
) -> None:
    times = [time.fromisoformat(border) for border in borders]
    slots = [SlotView(n, a, b, "free") for n, (a, b) in enumerate(pairwise(times), 1)]
    grid = DayGrid(TUESDAY, None, None, [(Room(), slots)])
    with app.test_request_context():
        assert lengths_of(grid) == lengths


def test_my_hour_leads_to_its_booking(binjai: VisitingClient) -> None:
    code = book(binjai)
    page = binjai.get(f"{begin(binjai)}/time?date=2026-11-24")
    assert f"{HOME}/{code}" in links(page)


def test_another_villages_topic_is_not_told(binjai: VisitingClient, inan: VisitingClient) -> None:
    book(binjai, topic="Rahasia desa")
    page = inan.get(f"{begin(inan)}/time?date=2026-11-24").text
    assert "Rahasia" not in page
    assert "Binjai" not in page


def test_choosing_holds_the_time_for_ten_minutes(
    app: Flask, binjai: VisitingClient, inan: VisitingClient
) -> None:
    draft = begin(binjai)
    held = choose(binjai, draft, hours="2")
    assert (held.status_code, held.location) == (303, f"{draft}/people")
    page = binjai.get(f"{draft}/people")
    assert "Waktu ini disimpan untuk Anda sampai 09.10." in text_of(page)
    assert "09.00–11.00" in text_of(page)
    assert "1 09:00" not in radios(inan.get(f"{begin(inan)}/time?date=2026-11-24"))
    again = binjai.get(f"{draft}/time")
    assert "Ruang RUKO 1, 09.00–11.00 disimpan untuk Anda sampai 09.10." in text_of(again)
    assert (chosen(again), chosen(again, "hours")) == (["1 09:00"], ["2"])
    assert choose(binjai, draft, when="2 09:00").status_code == 303
    assert count(app, SlotClaim) == 1


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"when": ""}, "when"),
        ({"when": "1 09:17"}, "when"),
        ({"when": "1 25:00"}, "when"),
        ({"when": "1 1000Z"}, "when"),
        ({"when": "1 11:00", "hours": "3"}, "hours"),
        ({"hours": "sejam"}, "hours"),
        ({"when": "visit", "visit_start": "10:00", "visit_end": "09:00"}, "visit_end"),
        ({"when": "visit", "visit_start": "10:00", "visit_end": ""}, "visit_end"),
    ],
)
def test_impossible_times_stand_at_their_field(
    app: Flask, binjai: VisitingClient, other: dict[str, object], field: str
) -> None:
    answer = choose(binjai, begin(binjai), **other)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert count(app, SlotClaim) == 0


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"date": "kapan"}, 422),
        ({"date": "9999-12-31"}, 422),
        ({"when": "99 09:00"}, 422),
        ({"when": "9" * 5000 + " 09:00"}, 422),
        ({"date": "2026-11-23"}, 409),  # begins now
        ({"date": "2026-11-20"}, 409),  # past
        ({"date": "2027-02-01"}, 409),  # too far ahead
        ({"date": "2026-11-29"}, 409),  # a Sunday
        ({"when": "visit", "visit_start": "11:00", "visit_end": "14:00"}, 409),  # over the break
        ({"instead": "1 2026-11-24"}, 422),
        ({"instead": "x 2026-11-24 09:00 10:00"}, 422),
    ],
)
def test_times_that_cannot_be_are_a_sentence(
    app: Flask, binjai: VisitingClient, other: dict[str, object], status: int
) -> None:
    answer = choose(binjai, begin(binjai), **other)
    assert answer.status_code == status
    assert 'class="rk-note rk-note--bad"' in answer.text
    assert count(app, SlotClaim) == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("date=2026-11-29", 200),  # Sunday: says when it is open again
        ("date=2027-06-01", 200),
        ("date=2026-11-20", 200),
        ("date=kapan", 422),
        ("date=9999-12-31", 422),
        ("", 302),
    ],
)
def test_odd_days_are_answered_in_words(binjai: VisitingClient, query: str, status: int) -> None:
    assert binjai.get(f"{begin(binjai)}/time?{query}").status_code == status


def test_somebody_was_faster_and_nothing_is_lost(
    app: Flask, binjai: VisitingClient, inan: VisitingClient
) -> None:
    draft = begin(binjai)
    book(inan)
    answer = choose(binjai, draft)
    assert answer.status_code == 409
    assert "Isian Anda tetap tersimpan" in text_of(answer)
    others = re.findall(r'name="instead"\s+value="([^"]+)"', answer.text)
    assert others == [
        "2 2026-11-24 09:00 10:00",
        "1 2026-11-24 08:00 09:00",
        "1 2026-11-24 10:00 11:00",
    ]
    taken = choose(binjai, draft, instead=others[1])
    assert (taken.status_code, taken.location) == (303, f"{draft}/people")
    assert "08.00–09.00" in text_of(binjai.get(f"{draft}/people"))


def test_a_closed_room_says_why(app: Flask, binjai: VisitingClient) -> None:
    with at_work(app) as office:
        room = bookings.all_rooms(office)[0]
        begins, ends = wita(8, day=TUESDAY), wita(10, day=TUESDAY)
        bookings.close(office, room, begins, ends, "AC diperbaiki", by=SYSTEM, now=clock.now())
    draft = begin(binjai)
    page = binjai.get(f"{draft}/time?date=2026-11-24")
    assert "Tidak dapat dipesan pada waktu itu: Ruang RUKO 1 ditutup (AC diperbaiki)." in text_of(
        page
    )
    assert "1 09:00" not in radios(page)
    refused = choose(binjai, draft)
    assert refused.status_code == 409
    assert "AC diperbaiki" in text_of(refused)


def test_a_room_closed_at_the_last_step_leads_to_another_time(
    app: Flask, binjai: VisitingClient
) -> None:
    draft = ready(binjai)
    with at_work(app) as office:
        room = bookings.all_rooms(office)[0]
        begins, ends = wita(8, day=TUESDAY), wita(10, day=TUESDAY)
        bookings.close(office, room, begins, ends, "AC diperbaiki", by=SYSTEM, now=clock.now())
    refused = binjai.submit(f"{draft}/check")
    assert refused.status_code == 409
    assert "Ruang RUKO 1 ditutup (AC diperbaiki). Pilih waktu lain" in text_of(refused)
    assert f"{draft}/time" in links(refused)
    assert "Waktu ini disimpan untuk Anda" not in text_of(refused)


def test_a_visit_of_the_office_waits_for_approval(binjai: VisitingClient) -> None:
    visit: dict[str, object] = {"when": "visit", "visit_start": "09:00", "visit_end": "11:00"}
    draft = ready(binjai, visit)
    page = binjai.get(f"{draft}/check")
    assert "Kecamatan datang ke Desa Binjai" in text_of(page)
    assert "Perlu persetujuan kecamatan" in text_of(page)
    assert "Kirim permohonan" in text_of(page)
    assert chosen(binjai.get(f"{draft}/time")) == ["visit"]
    sent = binjai.submit(f"{draft}/check")
    assert "Menunggu persetujuan" in text_of(binjai.get(sent.location))


# ── Who comes ─────────────────────────────────────────────────────────────────────────────────


def test_people_are_kept_and_shown_again(binjai: VisitingClient) -> None:
    draft = begin(binjai)
    choose(binjai, draft)
    said = say_who(binjai, draft, phone="0812-3456-7890")
    assert (said.status_code, said.location) == (303, f"{draft}/check")
    page = binjai.get(f"{draft}/people")
    assert value_of(page, "leader") == "Siti Aminah"
    assert re.search(r'<option selected value="secretary">Sekretaris desa', page.text)
    assert value_of(page, "phone") == "0812-3456-7890"
    assert "Ruang RUKO 1 memuat 12 orang." in text_of(page)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attendees", "13"),
        ("attendees", "0"),
        ("attendees", "empat"),
        ("attendees", "9" * 5000),
        ("attendees", ""),
        ("phone", "telepon saja"),
        ("leader", "a\x07b"),
        ("leader", " "),
        ("leader_role", "raja"),
    ],
)
def test_odd_people_stand_at_their_field(binjai: VisitingClient, field: str, value: str) -> None:
    draft = begin(binjai)
    choose(binjai, draft)
    answer = say_who(binjai, draft, **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if field != "leader":
        assert value_of(answer, "leader") == "Siti Aminah"


def test_a_smaller_room_asks_again_how_many_come(binjai: VisitingClient) -> None:
    draft = ready(binjai, {"when": "2 09:00"}, attendees="15")
    moved = choose(binjai, draft, when="1 10:00")
    assert moved.location == f"{draft}/people"
    page = binjai.get(f"{draft}/people")
    assert 'id="attendees-error"' in page.text
    assert binjai.get(f"{draft}/check").location == f"{draft}/people"


def test_a_time_that_is_no_longer_kept_can_be_kept_again(sign_in: SignIn, time_is: TimeIs) -> None:
    binjai, inan = sign_in("village", village=BINJAI), sign_in("village", village=INAN)
    draft = begin(binjai)
    choose(binjai, draft)
    time_is(9, 11)
    page = binjai.get(f"{draft}/people")
    assert "Waktu ini tidak lagi disimpan untuk Anda." in text_of(page)
    typed = say_who(binjai, draft, leader="Pak Lurah", attendees="", renew="1")
    assert typed.status_code == 200
    assert value_of(typed, "leader") == "Pak Lurah"
    assert "Waktu ini disimpan untuk Anda sampai 09.21." in text_of(typed)
    time_is(9, 30)
    book(inan)
    lost = say_who(binjai, draft, renew="1")
    assert lost.status_code == 409
    others = re.findall(r'name="instead"\s+value="([^"]+)"', lost.text)
    taken = say_who(binjai, draft, instead=others[0])
    assert taken.status_code == 200
    assert "Ruang RUKO 2" in text_of(taken)


# ── Sending ───────────────────────────────────────────────────────────────────────────────────


def test_everything_stands_on_one_page_before_it_is_sent(binjai: VisitingClient) -> None:
    draft = ready(binjai)
    page = binjai.get(f"{draft}/check")
    for said in (
        "Ruang RUKO 1",
        "Selasa, 24 November · 09.00–10.00",
        "Langsung disetujui, tanpa menunggu",
        "Seksi Kesejahteraan Sosial",
        "Makanan tambahan untuk 12 balita",
        "Siti Aminah (Sekretaris desa)",
        "4 orang",
        "Pesan sekarang",
    ):
        assert said in text_of(page)
    assert {draft, f"{draft}/time", f"{draft}/people"} <= set(links(page))


def test_unfinished_steps_come_first(binjai: VisitingClient) -> None:
    draft = begin(binjai)
    assert binjai.get(f"{draft}/check").location == f"{draft}/date"
    assert binjai.submit(f"{draft}/check").location == f"{draft}/date"
    assert binjai.get(f"{draft}/people").location == f"{draft}/date"
    assert say_who(binjai, draft).location == f"{draft}/date"
    choose(binjai, draft)
    assert binjai.get(f"{draft}/check").location == f"{draft}/people"
    assert binjai.submit(f"{draft}/check").location == f"{draft}/people"


def test_a_room_without_approval_is_confirmed_at_once(binjai: VisitingClient) -> None:
    page = text_of(binjai.get(f"{HOME}/{book(binjai)}"))
    assert "Disetujui" in page
    assert "09.00–10.00 WITA" in page


def test_a_room_with_approval_waits(binjai: VisitingClient) -> None:
    page = text_of(binjai.get(f"{HOME}/{book(binjai, {'when': '2 09:00'})}"))
    assert "Menunggu persetujuan" in page
    assert "Permohonan terkirim" in page


def test_sending_again_is_harmless(app: Flask, binjai: VisitingClient) -> None:
    draft = ready(binjai)
    key = value_of(binjai.get(f"{draft}/check"), "request_key")
    with_key, again = (
        binjai.submit(f"{draft}/check", {"request_key": key}).location for _ in range(2)
    )
    from_another_page = binjai.submit(f"{draft}/check", {"request_key": "f" * 32}).location
    assert with_key == again == from_another_page
    assert count(app, Booking) == 1
    for rest in ("", "/date", "/time", "/people", "/check"):
        assert binjai.get(f"{draft}{rest}").location == with_key
    assert choose(binjai, draft).location == with_key
    assert say_who(binjai, draft).location == with_key
    assert "belum dikirim" not in text_of(binjai.get(HOME))


def test_a_time_lost_at_the_last_moment_offers_others(sign_in: SignIn, time_is: TimeIs) -> None:
    binjai, inan = sign_in("village", village=BINJAI), sign_in("village", village=INAN)
    draft = ready(binjai)
    time_is(9, 11)
    book(inan)
    lost = binjai.submit(f"{draft}/check")
    assert lost.status_code == 409
    assert "Makanan tambahan untuk 12 balita" in text_of(lost)
    others = re.findall(r'name="instead"\s+value="([^"]+)"', lost.text)
    held = binjai.submit(f"{draft}/check", {"instead": others[0]})
    assert (held.status_code, held.location) == (303, f"{draft}/check")
    sent = binjai.submit(f"{draft}/check")
    assert "Ruang RUKO 2" in text_of(binjai.get(sent.location))


def test_a_hold_that_ran_out_is_taken_again_on_sending(sign_in: SignIn, time_is: TimeIs) -> None:
    binjai = sign_in("village", village=BINJAI)
    draft = ready(binjai)
    time_is(9, 30)
    assert binjai.submit(f"{draft}/check").status_code == 303


def test_what_could_not_be_kept_is_not_called_done(
    app: Flask, binjai: VisitingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ready(binjai)
    monkeypatch.setattr(import_module("booking.check"), "commit", fail)
    assert binjai.submit(f"{draft}/check").status_code == 503
    assert count(app, Booking) == 0
    assert "booking-sent.js" not in binjai.get(f"{HOME}/mine").text


def fail(_answer: object) -> None:
    raise Unavailable


def test_hostile_text_is_text(binjai: VisitingClient) -> None:
    nasty = "<script>alert(1)</script> 👩‍🌾 'OR 1=1 --"
    draft = ready(binjai, topic=nasty, leader=nasty)
    for path in (HOME, draft, f"{draft}/people", f"{draft}/check"):
        page = binjai.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


# ── The operator ──────────────────────────────────────────────────────────────────────────────


def test_the_operator_books_for_a_village(sign_in: SignIn, app: Flask) -> None:
    operator = sign_in("operator")
    refused = operator.submit(HOME, {"category": "stunting", "topic": "Gizi"})
    assert refused.status_code == 422
    assert 'id="village-error"' in refused.text
    assert 'id="channel-error"' in refused.text
    draft = ready(operator, village=BATU_PIRING, channel="whatsapp")
    page = text_of(operator.get(f"{draft}/check"))
    assert "Kelurahan Batu Piring (WhatsApp)" in page
    assert "Kelurahan Batu Piring" in text_of(operator.get(draft))
    operator.submit(f"{draft}/check")
    with app.app_context():
        booking = db.session.query(Booking).one()
        assert (booking.village.code, booking.channel) == (BATU_PIRING, "whatsapp")
        assert booking.on_behalf


def test_an_operator_s_draft_is_nobody_elses(sign_in: SignIn) -> None:
    draft = begin(sign_in("operator"), village=BINJAI, channel="phone")
    assert sign_in("admin").get(draft).status_code == 404


def test_beyond_the_quota_needs_a_reason_of_the_operator(
    sign_in: SignIn, binjai: VisitingClient, app: Flask
) -> None:
    for hour in ("08:00", "09:00", "10:00"):
        book(binjai, {"when": f"1 {hour}"})
    forged = choose(binjai, begin(binjai), when="1 13:00", quota_reason="Mendesak")
    assert forged.status_code == 409
    operator = sign_in("operator")
    draft = begin(operator, village=BINJAI, channel="phone")
    day = operator.get(f"{draft}/date")
    assert "Melebihi jatah perlu alasan." in text_of(day)
    assert f"{draft}/time?date=2026-11-24" in links(day)
    assert 'name="quota_reason"' in operator.get(f"{draft}/time?date=2026-11-24").text
    assert choose(operator, draft, when="1 13:00").status_code == 409
    blank = choose(operator, draft, when="1 13:00", quota_reason=" ")
    assert blank.status_code == 422
    assert 'id="quota_reason-error"' in blank.text
    assert chosen(blank) == ["1 13:00"]
    endless = choose(operator, draft, when="1 13:00", quota_reason="Stunting " * 30)
    assert endless.status_code == 422
    assert ("Stunting " * 30).strip() in endless.text, "kept whole, and not cut off by the browser"
    assert "maxlength" not in endless.text

    assert choose(operator, draft, when="1 13:00", quota_reason="Stunting").status_code == 303
    say_who(operator, draft)
    assert "Melebihi jatah Stunting" in text_of(operator.get(f"{draft}/check"))
    assert operator.submit(f"{draft}/check").status_code == 303
    assert count(app, Booking) == 4


def test_a_village_books_for_itself_alone(binjai: VisitingClient, inan: VisitingClient) -> None:
    code = book(binjai, village=INAN, channel="phone")
    assert inan.get(f"{HOME}/{code}").status_code == 404


def test_villages_of_equal_name_are_told_apart() -> None:
    one, other, third = (
        SimpleNamespace(code=f"63.11.0{n}.2001", full_name=name)
        for n, name in ((1, "Desa Galumbang"), (2, "Desa Galumbang"), (3, "Desa Binjai"))
    )
    names = [name for _, name in _villages([one, other, third])]  # type: ignore[list-item]
    assert names == [
        "Desa Galumbang (63.11.01.2001)",
        "Desa Galumbang (63.11.02.2001)",
        "Desa Binjai",
    ]


def test_the_other_language_comes_back_to_the_same_step(binjai: VisitingClient) -> None:
    draft = begin(binjai)
    back = value_of(choose(binjai, draft, when=""), "next")
    assert back == f"{draft}/time?date=2026-11-24"
    assert value_of(binjai.submit(HOME, {}), "next") == HOME
