"""The booking door as villages and the operator meet it: pages, forms, refusals."""

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from importlib import import_module
from types import SimpleNamespace

import pytest
from werkzeug.test import TestResponse

from ruko.errors import Unavailable
from tests.conftest import MONDAY, SLUG, VisitingClient

HOME = f"/{SLUG}/booking"
BINJAI, INAN, BATU_PIRING = "63.11.07.2008", "63.11.07.2003", "63.11.07.1001"
TUESDAY = date(2026, 11, 24)
WISH: dict[str, object] = {
    "date": "2026-11-24",
    "room": "1",
    "start": "09:00",
    "end": "10:00",
    "category": "stunting",
    "bidang": "",
    "topic": "Makanan tambahan untuk 12 balita",
    "attendees": "4",
    "leader": "Siti Aminah",
    "phone": "",
}
SignIn = Callable[..., VisitingClient]


@pytest.fixture
def binjai(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=BINJAI)


@pytest.fixture
def inan(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=INAN)


def send(client: VisitingClient, **other: object) -> TestResponse:
    return client.submit(f"{HOME}/new", WISH | other)


def book(client: VisitingClient, **other: object) -> str:
    """Book and return the code."""
    answer = send(client, **other)
    assert answer.status_code == 303, text_of(answer)
    return answer.location.rsplit("/", 1)[1]


def text_of(answer: TestResponse) -> str:
    """What a person reads: no tags, no scripts, single blanks."""
    body = re.sub(r"<(script|head|svg)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(answer: TestResponse) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', answer.text)]


def value_of(answer: TestResponse, name: str) -> str:
    found = re.search(
        rf'name="{name}"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="{name}"', answer.text
    )
    assert found, name
    return unescape(found[1] or found[2] or "")


# ── Who may come in ───────────────────────────────────────────────────────────────────────────


def test_signed_out_people_are_asked_to_sign_in_and_come_back(client: VisitingClient) -> None:
    answer = client.get(f"{HOME}?date=2026-11-24")
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


def test_contrast_is_kept_and_comes_back_here(binjai: VisitingClient) -> None:
    answer = binjai.submit("/reading", {"theme": "contrast", "next": HOME})
    assert (answer.status_code, answer.location) == (303, HOME)
    assert 'data-theme="contrast"' in binjai.get(HOME).text
    binjai.submit("/reading", {"theme": "", "next": "//evil.example"})
    assert "data-theme" not in binjai.get(HOME).text


def test_the_switches_lead_to_no_other_host(binjai: VisitingClient) -> None:
    assert (
        binjai.submit("/reading", {"theme": "contrast", "next": "//evil.example"}).location == "/"
    )


def test_english_by_the_switch(binjai: VisitingClient) -> None:
    binjai.submit("/reading", {"lang": "en", "next": HOME})
    assert "Tuesday, 24 November 2026" in text_of(binjai.get(f"{HOME}?date=2026-11-24"))


# ── Days and hours ────────────────────────────────────────────────────────────────────────────


def test_ten_days_with_service_and_the_closed_ones_between(binjai: VisitingClient) -> None:
    answer = binjai.get(HOME)
    assert len(re.findall(r'class="a-day"', answer.text)) == 10
    assert len(re.findall(r'class="a-day a-day--off"', answer.text)) == 2
    assert "Senin, 23 November 2026" in text_of(answer)


def test_every_day_ahead_can_be_reached(binjai: VisitingClient) -> None:
    reached, path = set(), HOME
    while path:
        answer = binjai.get(path)
        reached |= {d for link in links(answer) for d in re.findall(r"date=([\d-]+)$", link)}
        onward = re.search(
            r'href="([^"]+)">\s*<svg[^>]*>\s*<use href="[^"]*#chevron-right', answer.text
        )
        path = unescape(onward[1]) if onward else ""
    assert {"2026-11-24", "2026-12-04", "2026-12-07", "2026-12-23"} <= reached
    assert "2026-12-24" not in reached


def test_a_holiday_says_its_name(sign_in: SignIn, time_is: Callable[..., datetime]) -> None:
    time_is(9, day=date(2026, 12, 21))
    page = text_of(sign_in("village", village=BINJAI).get(HOME))
    assert "25 libur" in re.sub(r" Desember 2026", "", page)
    assert "Jum, 25 Des:" in page


def test_the_hours_of_a_day_each_with_its_word(
    binjai: VisitingClient, inan: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    book(binjai, date="2026-11-23", start="11:00", end="12:00")
    book(inan, date="2026-11-23", room="2", start="11:00", end="12:00")
    page = text_of(binjai.get(f"{HOME}?date=2026-11-23"))
    for word in ("Lewat", "Milik saya", "Terisi", "Istirahat sampai 13.00", "Kosong"):
        assert word in page
    assert "1 dari 3 pertemuan minggu ini terpakai" in page


def test_another_villages_topic_is_not_told(binjai: VisitingClient, inan: VisitingClient) -> None:
    book(binjai, topic="Rahasia desa")
    page = inan.get(f"{HOME}?date=2026-11-24").text
    assert "Rahasia" not in page
    assert "Binjai" not in page


def test_choosing_works_without_scripts(binjai: VisitingClient) -> None:
    page = binjai.get(f"{HOME}?date=2026-11-24")
    free = next(link for link in links(page) if "room=1&start=09:00" in link and "/new" not in link)
    chosen = binjai.get(free)
    assert "Dipilih" in text_of(chosen)
    assert "Sel, 24 Nov, 09.00–10.00" in text_of(chosen)
    form = next(link for link in links(chosen) if "/new?" in link and "start=09:00" in link)
    assert binjai.get(form).status_code == 200


def test_my_hour_leads_to_its_booking(binjai: VisitingClient) -> None:
    code = book(binjai)
    assert f"{HOME}/{code}" in links(binjai.get(f"{HOME}?date=2026-11-24"))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("date=2026-11-29", 200),  # Sunday: says when it is open again
        ("date=2027-06-01", 200),  # too far
        ("date=2026-11-20", 200),  # past
        ("date=kapan", 422),
        ("date=9999-12-31", 422),
        ("date=2026-11-24&room=99&start=09:00", 200),
        ("date=2026-11-24&room=1&start=25:00", 422),
        ("date=2026-11-24&room=1&start=1000Z", 422),
    ],
)
def test_odd_days_are_answered_in_words(binjai: VisitingClient, query: str, status: int) -> None:
    assert binjai.get(f"{HOME}?{query}").status_code == status


@pytest.mark.parametrize(
    "query",
    ["date=2026-11-24&room=abc&start=09:00", "date=2026-11-24&room=9" + "9" * 5000, "date=x"],
)
def test_odd_forms_are_refused(binjai: VisitingClient, query: str) -> None:
    assert binjai.get(f"{HOME}/new?{query}").status_code == 422


def test_a_taken_hour_leads_back_to_its_day(binjai: VisitingClient, inan: VisitingClient) -> None:
    book(inan)
    answer = binjai.get(f"{HOME}/new?date=2026-11-24&room=1&start=09:00")
    assert answer.status_code == 302
    assert answer.location == f"{HOME}?date=2026-11-24"


# ── The request ───────────────────────────────────────────────────────────────────────────────


def test_a_booking_is_confirmed_and_found_again(binjai: VisitingClient) -> None:
    code = book(binjai)
    page = binjai.get(f"{HOME}/{code}")
    for words in (
        "Disetujui",
        f"{code[:4]} {code[4:]}",
        "Ruang RUKO 1",
        "Selasa, 24 November 2026",
        "09.00–10.00 WITA",
        "Seksi Kesejahteraan Sosial",  # the category's own, as none was chosen
        "4 orang",
    ):
        assert words in text_of(page)
    assert f"{HOME}/{code}/qr.svg" in page.text
    assert any(link.startswith("https://wa.me/?text=") for link in links(page))
    assert f"{HOME}/{code}" in links(binjai.get(f"{HOME}/mine"))
    assert binjai.get(f"{HOME}/{code.lower()}").status_code == 200


def test_the_code_as_picture_and_as_calendar_entry(binjai: VisitingClient) -> None:
    code = book(binjai)
    picture = binjai.get(f"{HOME}/{code}/qr.svg")
    assert picture.mimetype == "image/svg+xml"
    entry = binjai.get(f"{HOME}/{code}.ics")
    assert entry.mimetype == "text/calendar"
    assert f"UID:{code}@{SLUG}" in entry.text
    assert "DTSTART:20261124T010000Z" in entry.text


def test_a_room_with_approval_waits(binjai: VisitingClient) -> None:
    page = text_of(binjai.get(f"{HOME}/{book(binjai, room='2')}"))
    assert "Menunggu persetujuan" in page
    assert "Permohonan terkirim" in page


def test_several_hours_in_a_row(binjai: VisitingClient, inan: VisitingClient) -> None:
    book(inan, start="11:00", end="12:00")
    page = binjai.get(f"{HOME}/new?date=2026-11-24&room=1&start=09:00").text
    ends = re.search(r'<select[^>]*name="end".*?</select>', page, re.DOTALL)
    assert ends
    assert re.findall(r'value="([\d:]+)"', ends[0]) == ["10:00", "11:00"]
    assert "09.00–11.00" in text_of(binjai.get(f"{HOME}/{book(binjai, end='11:00')}"))


def test_a_second_tap_books_once(binjai: VisitingClient) -> None:
    form = binjai.get(f"{HOME}/new?date=2026-11-24&room=1&start=09:00")
    key = value_of(form, "request_key")
    first, second = (send(binjai, request_key=key) for _ in range(2))
    assert first.location == second.location
    assert len(re.findall('class="rk-card a-item"', binjai.get(f"{HOME}/mine").text)) == 1
    changed = send(binjai, request_key=key, topic="Lain")
    assert changed.status_code == 422
    assert f"{HOME}/mine" in links(changed)


def test_an_empty_form_marks_every_field_and_keeps_the_rest(binjai: VisitingClient) -> None:
    answer = send(binjai, topic="  ", category="", attendees="empat", leader="", phone="0812-3456")
    assert answer.status_code == 422
    for field in ("topic", "category", "attendees", "leader"):
        assert f'id="{field}-error"' in answer.text
    assert value_of(answer, "phone") == "0812-3456"
    assert "Permohonan belum terkirim" in text_of(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attendees", "13"),
        ("attendees", "0"),
        ("attendees", "9" * 5000),
        ("phone", "telepon saja"),
        ("topic", "x" * 10_000),
        ("leader", "a\x07b"),
        ("category", "tidak_ada"),
        ("bidang", "XXX"),
    ],
)
def test_what_a_rule_refuses_stands_at_its_field(
    binjai: VisitingClient, field: str, value: str
) -> None:
    answer = send(binjai, **{field: value})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Makanan tambahan" in answer.text or field == "topic"


def test_hostile_text_is_text(binjai: VisitingClient) -> None:
    nasty = "<script>alert(1)</script> 👩‍🌾 'OR 1=1 --"
    code = book(binjai, topic=nasty, leader=nasty)
    for path in (f"{HOME}/{code}", f"{HOME}/mine", f"{HOME}/{code}/cancel"):
        page = binjai.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_taken_hour_offers_others_that_keep_all_that_was_typed(
    binjai: VisitingClient, inan: VisitingClient
) -> None:
    book(inan)
    answer = send(binjai)
    assert answer.status_code == 409
    assert "Makanan tambahan untuk 12 balita" in answer.text
    others = re.findall(r'name="instead"\s+value="([^"]+)"', answer.text)
    assert 1 <= len(others) <= 3
    code = book(binjai, request_key=value_of(answer, "request_key"), instead=others[0])
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Makanan tambahan untuk 12 balita" in page
    assert others[0].split()[2].replace(":", ".") in page


def test_a_used_up_week_says_what_to_do(binjai: VisitingClient) -> None:
    for start, end in (("08:00", "09:00"), ("09:00", "10:00"), ("10:00", "11:00")):
        book(binjai, start=start, end=end)
    answer = send(binjai, start="13:00", end="14:00")
    assert answer.status_code == 409
    assert f"{HOME}/mine" in links(answer)
    page = binjai.get(f"{HOME}?date=2026-11-25")
    assert "Jatah pertemuan minggu itu sudah terpakai semua" in text_of(page)
    assert not any("room=" in link for link in links(page))
    assert any("room=" in link for link in links(binjai.get(f"{HOME}?date=2026-11-30")))


@pytest.mark.parametrize(
    "when",
    [
        {"date": "2026-11-23", "start": "09:00", "end": "10:00"},  # begins now
        {"date": "2027-02-01"},  # too far ahead
        {"date": "2026-11-29"},  # a Sunday
        {"start": "11:00", "end": "14:00"},  # across the break
    ],
)
def test_a_time_that_cannot_be_is_a_sentence(
    binjai: VisitingClient, when: dict[str, object]
) -> None:
    answer = send(binjai, **when)
    assert answer.status_code == 409
    assert "Permohonan belum terkirim" in text_of(answer)
    assert "Makanan tambahan untuk 12 balita" in answer.text


def test_hours_that_no_page_offers(binjai: VisitingClient) -> None:
    answer = send(binjai, start="09:17", end="10:00")
    assert answer.status_code == 422
    assert "Makanan tambahan" in answer.text
    assert send(binjai, date="besok").status_code == 422
    assert send(binjai, room="99").status_code == 422


def test_the_other_language_asks_for_the_same_form(binjai: VisitingClient) -> None:
    back = value_of(send(binjai, topic=""), "next")
    assert binjai.get(back).status_code == 200
    assert "room=1" in back


def test_a_visit_of_the_office_waits_for_approval(binjai: VisitingClient) -> None:
    form = binjai.get(f"{HOME}/new?date=2026-11-24")
    assert "Kunjungan kecamatan" in text_of(form)
    page = binjai.get(f"{HOME}/{book(binjai, room='')}")
    assert "Menunggu persetujuan" in text_of(page)
    assert "Desa Binjai" in text_of(page)
    assert "qr.svg" not in page.text


# ── The operator ──────────────────────────────────────────────────────────────────────────────


def test_the_operator_books_for_a_village_and_sees_all(
    sign_in: SignIn, binjai: VisitingClient
) -> None:
    operator = sign_in("operator")
    refused = send(operator)
    assert refused.status_code == 422
    assert 'id="village-error"' in refused.text
    code = book(operator, village=BATU_PIRING)
    assert "Kelurahan Batu Piring" in text_of(operator.get(f"{HOME}/{code}"))
    own = book(binjai, start="10:00", end="11:00")
    listed = operator.get(f"{HOME}/mine")
    assert {f"{HOME}/{code}", f"{HOME}/{own}"} <= set(links(listed))
    assert "Desa Binjai" in text_of(listed)


def test_a_village_books_for_itself_alone(binjai: VisitingClient, inan: VisitingClient) -> None:
    code = book(binjai, village=INAN)
    assert inan.get(f"{HOME}/{code}").status_code == 404


@pytest.mark.parametrize("rest", ["", "/qr.svg", ".ics", "/cancel"])
def test_another_villages_booking_is_unknown(
    binjai: VisitingClient, inan: VisitingClient, rest: str
) -> None:
    assert inan.get(f"{HOME}/{book(binjai)}{rest}").status_code == 404
    assert inan.get(f"{HOME}/TIDAKADA{rest}").status_code == 404


# ── Afterwards ────────────────────────────────────────────────────────────────────────────────


def test_calling_off_needs_a_reason_and_frees_the_hour(
    binjai: VisitingClient, inan: VisitingClient
) -> None:
    code = book(binjai)
    assert f"{HOME}/{code}/cancel" in links(binjai.get(f"{HOME}/mine"))
    assert binjai.submit(f"{HOME}/{code}/cancel", {"reason": " "}).status_code == 422
    assert inan.submit(f"{HOME}/{code}/cancel", {"reason": "iseng"}).status_code == 404
    key = value_of(binjai.get(f"{HOME}/{code}/cancel"), "request_key")
    for _ in range(2):
        done = binjai.submit(f"{HOME}/{code}/cancel", {"reason": "Kades sakit", "request_key": key})
        assert (done.status_code, done.location) == (303, f"{HOME}/{code}")
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Dibatalkan" in page
    assert "Kades sakit" in page
    book(inan)


def test_what_could_not_be_kept_is_not_called_done(
    binjai: VisitingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = book(binjai)
    binjai.get(f"{HOME}/{code}")
    monkeypatch.setattr(import_module("booking.mine"), "commit", fail)
    monkeypatch.setattr(import_module("booking.wish"), "commit", fail)

    called_off = binjai.submit(f"{HOME}/{code}/cancel", {"reason": "Hujan"})
    sent = send(binjai, start="10:00", end="11:00")

    assert (called_off.status_code, sent.status_code) == (503, 503)
    page = binjai.get(f"{HOME}/{code}")
    assert "booking-sent.js" not in page.text
    assert "Janji dibatalkan" not in text_of(page)


def fail(_answer: object) -> None:
    raise Unavailable


def test_too_late_to_call_off_but_not_for_the_operator(
    sign_in: SignIn, time_is: Callable[..., datetime]
) -> None:
    binjai, operator = sign_in("village", village=BINJAI), sign_in("operator")
    code = book(binjai, date="2026-11-23", start="11:00", end="12:00")
    time_is(10, 30)
    assert f"{HOME}/{code}/cancel" not in links(binjai.get(f"{HOME}/{code}"))
    late = binjai.submit(f"{HOME}/{code}/cancel", {"reason": "Hujan"})
    assert late.status_code == 409
    assert "Tidak ada yang dibatalkan" in text_of(late)
    assert operator.submit(f"{HOME}/{code}/cancel", {"reason": "Hujan"}).status_code == 303
    again = operator.submit(f"{HOME}/{code}/cancel", {"reason": "Hujan lagi"})
    assert again.status_code == 409


def test_what_was_stands_in_its_month(sign_in: SignIn, time_is: Callable[..., datetime]) -> None:
    binjai = sign_in("village", village=BINJAI)
    code = book(binjai, date=str(MONDAY), start="11:00", end="12:00")
    assert f"{HOME}/{code}" not in links(binjai.get(f"{HOME}/mine?month=2026-11"))
    time_is(9, day=date(2026, 12, 1))
    assert f"{HOME}/{code}" not in links(binjai.get(f"{HOME}/mine"))
    assert f"{HOME}/{code}" in links(binjai.get(f"{HOME}/mine?month=2026-11"))
    assert "month=2026-11" in " ".join(links(binjai.get(f"{HOME}/mine?month=2026-12")))
    assert binjai.get(f"{HOME}/mine?month=kemarin").status_code == 422


def test_an_unanswered_request_says_so(sign_in: SignIn, time_is: Callable[..., datetime]) -> None:
    binjai = sign_in("village", village=BINJAI)
    code = book(binjai, room="2")
    time_is(9, 30, day=TUESDAY)
    assert "Tidak sempat dijawab" in text_of(binjai.get(f"{HOME}/{code}"))


def test_the_office_s_name_alone_leads_into_it(client: VisitingClient) -> None:
    assert client.get(f"/{SLUG}/").location == f"/{SLUG}/booking"
    assert client.get("/tidak-ada/").status_code == 404
