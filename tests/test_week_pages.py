"""The pages of the week: what each account sees of it, its addresses, and that it is not sent twice."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Booking, Channel, all_rooms
from ruko.db import db, writing
from ruko.offices import (
    Office,
    all_villages,
    get_bidang,
    get_category,
    get_office,
    set_officers,
)
from tests.conftest import SLUG, VisitingClient
from tests.people import BINJAI, TUESDAY, book
from tests.statements import statements

WEEK = f"/{SLUG}/desk/week"
SignIn = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]
Happen = Callable[[Callable[[Office], Any]], Any]


@pytest.fixture
def happen(app: Flask) -> Happen:
    """Let something happen in the office, and commit it."""

    def work(what: Callable[[Office], Any]) -> Any:
        with app.app_context(), writing():
            made = what(get_office(SLUG))
            code = made.code if isinstance(made, Booking) else None
            db.session.commit()
            return code

    return work


def text(page: str) -> str:
    """What is read on the page, as one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def part(page: str, name: str) -> str:
    """The piece of the page that is called so."""
    found = re.search(rf'data-part="{name}".*?(?=data-part=|</main>|\Z)', page, re.DOTALL)
    assert found, name
    return found[0]


# ── What stands there ─────────────────────────────────────────────────────────────────────────


def test_a_meeting_tells_all_that_the_operator_needs(
    sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    def write(office: Office) -> Booking:
        booking = book(office, now, on_behalf=True, channel=Channel.PHONE)
        bookings.ask_to_bring(booking, "proposal", by=SYSTEM, now=now)
        return booking

    code = happen(write)
    page = sign_in("operator").get(WEEK).text
    table, as_list = part(page, "table"), part(page, "list")
    block = re.search(rf'<a class="wk-b[^>]*meetings/{code}".*?</a>', table, re.DOTALL)
    assert block
    told = text(block[0])
    assert told == (
        "Binjai 09.00–10.00 B Seksi Pemberdayaan Masyarakat dan Desa, Ruang RUKO 1."
        " Pemberdayaan Masyarakat dan Desa disetujui tunggu kepastian desa ada yang dibawa"
    )
    for said in ("Desa Binjai", "Ruang RUKO 1", "tunggu kepastian desa", "ada yang dibawa"):
        assert said in text(as_list)
    assert "Rembuk stunting" not in table + as_list
    assert "Rahmawati" not in table + as_list


def test_the_table_names_its_rows_and_columns(sign_in: SignIn) -> None:
    table = part(sign_in("operator").get(f"{WEEK}?view=week").text, "table")
    assert table.count('scope="colgroup"') == 5
    assert table.count('scope="col"') == 1 + 10
    assert table.count('scope="row"') == 9
    assert [text(row) for row in re.findall(r'<th scope="row".*?</th>', table, re.DOTALL)][:2] == [
        "08.00 –09.00",
        "09.00 –10.00",
    ]


def test_what_is_free_leads_to_the_wizard(sign_in: SignIn) -> None:
    table = part(sign_in("operator").get(f"{WEEK}?view=week").text, "table")
    free = re.findall(r'<a class="wk-free"\s+href="([^"]+)".*?</a>', table, re.DOTALL)
    assert len(free) == 2 * 4 + 3 * 12 + 8  # Monday from eleven, three whole days, Friday
    assert f"/{SLUG}/booking?date=2026-11-24&amp;when=" in " ".join(free)
    assert "Buat jadwal di Ruang RUKO 2, Jumat, 27 November 2026, 13.30–14.30" in text(table)


def test_the_pressed_time_is_chosen_in_the_wizard(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    table = part(operator.get(f"{WEEK}?view=week").text, "table")
    free = [unescape(link) for link in re.findall(r'<a class="wk-free"\s+href="([^"]+)"', table)]
    page = operator.get(
        next(link for link in free if "2026-11-27" in link and "13:30" in link)
    ).text
    action = re.search(r'action="([^"]*/booking\?[^"]*)"', page)
    assert action
    about = {"village": BINJAI, "category": "stunting", "topic": "Balita", "channel": "phone"}
    answer = operator.submit(unescape(action[1]), about, follow_redirects=True)
    (chosen,) = re.findall(r'<input[^>]*name="when"[^>]*checked[^>]*>', answer.text)
    when = re.search(r'value="(\d+ 13:30)"', chosen)
    assert when
    assert answer.request.args["date"] == "2026-11-27"


def test_what_is_being_written_stays_unnamed(
    sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    def write(office: Office) -> None:
        draft = bookings.begin(
            office,
            village=all_villages(office)[3],
            bidang=get_bidang(office, "PMD"),
            category=get_category(office, "stunting"),
            topic="Rahasia",
            by=SYSTEM,
            now=now,
        )
        room = all_rooms(office)[0]
        bookings.hold(draft, room=room, day=TUESDAY, start=time(9), end=time(10), now=now)

    happen(write)
    page = sign_in("operator").get(WEEK).text
    held = re.findall(r'<td class="wk-held.*?</td>', part(page, "table"), re.DOTALL)
    assert [text(cell) for cell in held] == ["Sedang dipesan"]
    assert "09.00–10.00 Ruang RUKO 1 Sedang dipesan" in text(part(page, "list"))
    assert "Rahasia" not in page


def test_a_collision_says_why_and_what_to_do(
    sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    def write(office: Office) -> None:
        book(office, now)
        book(office, now, room=all_rooms(office)[1], village=all_villages(office)[3])
        set_officers(get_bidang(office, "PMD"), 1, by=SYSTEM, now=now)

    happen(write)
    page = sign_in("operator").get(WEEK).text
    notes = text(part(page, "notes"))
    assert "2 janji bentrok" in notes
    assert "2 pertemuan pada waktu yang sama" in notes
    assert "mengusulkan waktu lain atau membatalkannya" in notes
    assert part(page, "table").count("wk-b--bad") == 2


def test_a_day_that_was_closed_early_shows_it(
    sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    happen(lambda office: bookings.close_early(office, "kunjungan bupati", by=SYSTEM, now=now))
    page = sign_in("operator").get(WEEK).text
    assert "tutup kunjungan bupati" in text(part(page, "table"))
    assert "Tutup: kunjungan bupati" in text(part(page, "list"))


def test_hostile_words_are_words(sign_in: SignIn, happen: Happen, now: datetime) -> None:
    def write(office: Office) -> None:
        start, end = office.at(TUESDAY, time(8)), office.at(TUESDAY, time(15))
        bookings.close(office, None, start, end, "<script>x</script>", by=SYSTEM, now=now)

    happen(write)
    client = sign_in("operator")
    for page in (client.get(WEEK).text, client.get(f"/{SLUG}/desk/rooms").text):
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page


# ── Who sees what ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["operator", "admin"])
def test_who_decides_has_requests_and_closures(
    sign_in: SignIn, happen: Happen, now: datetime, role: str
) -> None:
    happen(lambda office: book(office, now, room=all_rooms(office)[1]))
    page = sign_in(role).get(WEEK).text
    assert "1 permohonan" in text(part(page, "requests"))
    assert "Setujui" in text(part(page, "requests"))
    assert f'href="/{SLUG}/desk/rooms"' in page


@pytest.mark.parametrize(("role", "where"), [("camat", {}), ("staff", {"bidang": "PMD"})])
def test_who_looks_on_sees_the_week_and_decides_nothing(
    sign_in: SignIn, happen: Happen, now: datetime, role: str, where: dict[str, str]
) -> None:
    code = happen(lambda office: book(office, now))
    client = sign_in(role, **where)
    page = client.get(WEEK).text
    assert code in page
    assert "Buat jadwal" not in page
    assert 'data-part="requests"' not in page
    assert "/desk/rooms" not in page
    assert client.get(f"/{SLUG}/desk/rooms").status_code == 403


def test_staff_see_others_meetings_without_a_link(
    sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    code = happen(lambda office: book(office, now))
    page = sign_in("staff", bidang="PEM").get(WEEK).text
    assert "Binjai" in page
    assert code not in page


@pytest.mark.parametrize("address", ["", "/now"])
def test_villages_and_strangers_do_not(
    sign_in: SignIn, client: VisitingClient, address: str
) -> None:
    assert sign_in("village", village="63.11.07.2008").get(WEEK + address).status_code == 403
    assert client.get(WEEK + address).status_code in {302, 303, 401}


# ── Its addresses ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("", "23–27 November 2026"),
        ("?week=2026-W49", "30 November – 4 Desember 2026"),
        ("?week=2026-W53", "28 Desember 2026 – 1 Januari 2027"),
        ("?view=day&day=2026-11-27", "Jumat, 27 November 2026"),
        ("?day=2026-11-25", "23–27 November 2026"),
        ("?week=2026-W99", "23–27 November 2026"),
        ("?week=9999-W52", "23–27 November 2026"),
        ("?week=0000-W00&room=x&view=<b>", "23–27 November 2026"),
        ("?view=day&day=9999-12-31", "Senin, 23 November 2026"),
        ("?view=list&week=", "23–27 November 2026"),
    ],
)
def test_each_address_has_its_days(sign_in: SignIn, asked: str, title: str) -> None:
    answer = sign_in("operator").get(WEEK + asked)
    assert answer.status_code == 200
    heading = re.search(r"<h1.*?<small", answer.text, re.DOTALL)
    assert heading
    assert text(heading[0].removesuffix("<small")) == title


def test_a_day_without_sessions_says_so(sign_in: SignIn) -> None:
    page = sign_in("operator").get(f"{WEEK}?view=day&day=2026-11-28").text
    assert "Tidak ada jadwal pada waktu itu." in text(part(page, "table"))


def test_the_arrows_keep_room_and_view(sign_in: SignIn, happen: Happen) -> None:
    rooms: list[int] = []
    happen(lambda office: rooms.extend(room.id for room in all_rooms(office)))
    page = unescape(sign_in("operator").get(f"{WEEK}?view=list&room={rooms[1]}").text)
    assert f"{WEEK}?week=2026-W49&view=list&room={rooms[1]}" in page
    assert f"{WEEK}?week=2026-W48&view=week&room={rooms[1]}" in page
    assert "Kosong di Ruang RUKO 1" not in text(page)


# ── Kept up to date ───────────────────────────────────────────────────────────────────────────


def test_unchanged_it_is_not_sent_again(
    sign_in: SignIn, happen: Happen, now: datetime, time_is: TimeIs
) -> None:
    happen(lambda office: book(office, now, room=all_rooms(office)[1]))
    client = sign_in("operator")
    first = client.get(f"{WEEK}/now?week=2026-W48")
    again = client.get(
        f"{WEEK}/now?week=2026-W48", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    time_is(9, 5)
    happen(lambda office: book(office, now + timedelta(minutes=5), village=all_villages(office)[3]))
    changed = client.get(
        f"{WEEK}/now?week=2026-W48", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert changed.status_code == 200
    assert "<html" not in changed.text


def test_a_full_week_asks_the_database_no_more_than_an_empty_one(
    app: Flask, sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    client = sign_in("camat")  # requests have queries of their own
    client.get(WEEK)
    empty = asked(app, client)

    def fill(office: Office) -> None:
        villages = iter(all_villages(office))
        for day in (TUESDAY, date(2026, 11, 25)):
            for hour in (8, 9, 10, 11):
                for room in all_rooms(office):
                    hours = {"start": time(hour), "end": time(hour + 1)}
                    book(office, now, day=day, room=room, village=next(villages), **hours)

    happen(fill)
    assert asked(app, client) == empty


def asked(app: Flask, client: VisitingClient) -> int:
    with app.app_context():
        engine = db.engine
    with statements(engine, "SELECT") as said:
        assert client.get(WEEK).status_code == 200
    return len(said)
