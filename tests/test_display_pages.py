"""The board's page as the server draws it, and how a screen is paired."""

import html
import json
import re
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from display.picture import board_words, picture
from ruko import clock, words
from ruko.audit import SYSTEM
from ruko.board import snapshot
from ruko.db import db, writing
from ruko.devices import Device
from ruko.displays import set_display
from ruko.offices import Office, close_early, get_office
from ruko.tickets import VisitorKind, issue, take_break, undo
from tests.conftest import SLUG, VisitingClient, new_device
from tests.people import bidang_of, binjai, call, call_again, called, loket, take

BOARD = f"/{SLUG}/display"
Happen = Callable[[Callable[[Office], Any]], None]


@pytest.fixture
def happen(app: Flask) -> Happen:
    """Let something happen in the office, and commit it."""

    def work(what: Callable[[Office], Any]) -> None:
        with app.app_context(), writing():
            what(get_office(SLUG))
            db.session.commit()

    return work


def view(office: Office, now: Any, **changes: Any) -> dict[str, Any]:
    """The picture of the present board, with some of its fields changed."""
    db.session.flush()
    board = snapshot(office, now=now).as_json(words.board_sentence)
    return picture(board | changes, board_words(), now, office)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


# ── The page ──────────────────────────────────────────────────────────────────────────────────


def test_everybody_may_look_and_nothing_is_kept_of_them(client: VisitingClient) -> None:
    answer = client.get(BOARD)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    page = text(answer.text)
    for said in ("Selamat pagi,", "Sekretariat", "Senin, 23 November 2026", "09.00", "WITA"):
        assert said in page
    assert '<meta http-equiv="refresh" content="15">' in answer.text


def test_no_script_or_style_stands_in_the_page(client: VisitingClient) -> None:
    page = client.get(BOARD).text
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", page)


def test_an_unpaired_screen_says_how_to_pair_it(
    client: VisitingClient, paired: Callable[..., VisitingClient]
) -> None:
    assert "Belum dipasangkan" in client.get(BOARD).text
    assert "Belum dipasangkan" in paired("kiosk").get(BOARD).text
    assert "Belum dipasangkan" not in paired("display").get(BOARD).text


def test_a_call_stands_in_the_house(client: VisitingClient, happen: Happen, now: Any) -> None:
    def visit(office: Office) -> None:
        kind = VisitorKind.VILLAGE_OFFICIAL
        issue(office, bidang_of(office), visitor=kind, village=binjai(office), by=SYSTEM, now=now)
        call(office, now)

    happen(visit)
    page = client.get(BOARD).text
    for said in ("Nomor antrean", "Loket 1", "Seksi Pemerintahan", "Desa Binjai"):
        assert said in text(page)
    assert 'class="is-now"' in page


def test_it_speaks_english_too(client: VisitingClient) -> None:
    with client.session_transaction() as session:
        session["lang"] = "en"
    page = text(client.get(BOARD).text)
    for said in ("Good morning,", "Monday, 23 November 2026", "09:00", "Waiting"):
        assert said in page


def test_the_closed_office_says_when_it_opens(
    client: VisitingClient, time_is: Callable[..., Any]
) -> None:
    time_is(18, 20, day=date(2026, 11, 22))
    page = client.get(BOARD).text
    assert 'data-scene="closed"' in page
    said = text(page)
    assert "Kami buka kembali Senin, 23 November pukul 08.00 WITA" in said
    for hours in ("Senin–Kamis 08.00–12.00 13.00–15.00", "Jumat 08.00–11.00 13.30–15.00"):
        assert hours in said
    assert "Sabtu, Minggu Tutup" in said


def test_what_is_kept_of_one_language_is_not_shown_in_the_other(client: VisitingClient) -> None:
    for language, said in {
        "id": ("Uji suara", "Nomor antrean", "Senin–Kamis"),
        "en": ("Sound test", "Queue number", "Monday–Thursday"),
    }.items():
        with client.session_transaction() as session:
            session["lang"] = language
        page = client.get(BOARD).text
        assert [each for each in said if each not in page] == []


# ── The picture ───────────────────────────────────────────────────────────────────────────────


def test_a_recall_says_so(office: Office, now: Any, time_is: Callable[..., Any]) -> None:
    take(office, now)
    turn = called(office, now)
    call_again(office, turn, time_is(9, 1))
    assert view(office, time_is(9, 1))["call"]["kind"] == "recall"
    assert board_words()["recall"] == "Panggilan ulang"


def test_the_newest_call_stays_ten_minutes_or_as_long_as_it_is_served(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    take(office, now)
    call(office, now)
    assert view(office, time_is(9, 40))["call"]["ticket"] == "A-001"
    board = snapshot(office, now=now).as_json(words.board_sentence)
    for each in board["bidang"]:
        each["serving"] = []
    shown = [
        picture(board, board_words(), time_is(9, minute), office)["call"] is not None
        for minute in (0, 9, 10)
    ]
    assert shown == [True, True, False]


def test_several_in_service_are_two_and_a_count(office: Office, now: Any) -> None:
    for counter in (1, 2, 7):
        take(office, now)
        call(office, now, counter=counter)
    row = view(office, now)["rows"][0]
    assert (row["now"], row["numbers"], row["more"]) == ("A-003", ["A-003", "A-002"], 1)
    assert row["places"] == ["Ruang RUKO 1", "2"]


@pytest.mark.parametrize(
    ("minutes", "says"),
    [([20, 30], "20–30 mnt"), ([0, 0], "langsung"), (None, "–")],
)
def test_an_estimate_is_a_range_or_nothing(
    office: Office, now: Any, minutes: list[int] | None, says: str
) -> None:
    board = snapshot(office, now=now).as_json(words.board_sentence)
    bidang = board["bidang"][0] | {"estimate_minutes": minutes}
    assert view(office, now, bidang=[bidang])["rows"][0]["estimate"] == says
    assert view(office, now, bidang=[bidang], state="break")["rows"][0]["estimate"] == "–"


def test_the_greeting_follows_the_clock(office: Office, time_is: Callable[..., Any]) -> None:
    greetings = [view(office, time_is(hour))["words"]["title"][0] for hour in (8, 11, 14)]
    assert greetings == ["Selamat pagi,", "Selamat siang,", "Selamat siang,"]


def test_a_break_says_when_it_ends(office: Office, time_is: Callable[..., Any]) -> None:
    shown = view(office, time_is(12, 10))
    assert shown["scene"] == "open"
    assert shown["words"]["title"] == ["Istirahat"]
    assert shown["words"]["lines"] == [
        ["Layanan dilanjutkan pukul {time}.", {"time": "13.00 WITA"}]
    ]
    assert {row["ready"] for row in shown["rows"]} == {"istirahat"}


def test_the_board_sleeps_when_the_last_visitor_has_gone(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    take(office, now)
    evening = time_is(15, 1)
    shown = view(office, evening)
    assert (shown["scene"], shown["words"]["title"]) == ("open", ["Kantor tutup"])
    board = snapshot(office, now=evening).as_json(words.board_sentence)
    for each in board["bidang"]:
        each["waiting"] = 0
    assert picture(board, board_words(), evening, office)["scene"] == "closed"


# ── Breaks, full days, early closing, undone calls ────────────────────────────────────────────


def rest(office: Office, now: Any, *, minutes: int | None = None, counter: int = 1) -> None:
    place = loket(office, counter)
    take_break(office, bidang_of(office), place, minutes=minutes, by=SYSTEM, now=now)


def test_a_place_on_a_break_says_so_and_until_when(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    rest(office, now, minutes=30)
    first, second = view(office, now)["rows"][:2]
    assert (first["ready"], first["back"]) == ("istirahat", "kembali 09.30")
    assert (second["ready"], second["back"]) == ("siap", "")
    overdue = view(office, time_is(9, 30))["rows"][0]
    assert (overdue["ready"], overdue["back"]) == ("istirahat", ""), "a past time promises nothing"


def test_a_break_without_an_end_promises_none(office: Office, now: Any) -> None:
    rest(office, now)
    assert view(office, now)["rows"][0]["back"] == ""
    rest(office, now, minutes=20, counter=2)
    assert view(office, now)["rows"][0]["back"] == "kembali 09.20"


def test_numbers_in_service_matter_more_than_a_break(office: Office, now: Any) -> None:
    rest(office, now, minutes=30, counter=2)
    take(office, now)
    call(office, now)
    row = view(office, now)["rows"][0]
    assert (row["numbers"], row["places"]) == (["A-001"], ["1"])


def test_the_offices_own_break_hides_those_of_places(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    rest(office, time_is(11, 50), minutes=120)
    row = view(office, time_is(12, 10))["rows"][0]
    assert (row["ready"], row["back"]) == ("istirahat", "")


def test_a_full_bidang_says_that_its_numbers_are_gone(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    bidang_of(office).daily_capacity = 1
    take(office, now)
    row = view(office, now)["rows"][0]
    assert (row["waiting"], row["estimate"]) == (1, "nomor habis")
    assert view(office, time_is(15, 1))["rows"][0]["estimate"] == "–"


def test_a_break_and_a_full_day_stand_on_the_page(
    client: VisitingClient, happen: Happen, now: Any
) -> None:
    def morning(office: Office) -> None:
        rest(office, now, minutes=30)
        bidang_of(office, "PMD").daily_capacity = 0

    happen(morning)
    page = text(client.get(BOARD).text)
    assert "Pemerintahan istirahat kembali 09.30" in page
    assert "nomor habis" in page


@pytest.mark.parametrize("reason", ["Listrik padam", "<script>alert(1)</script> {time}"])
def test_closing_early_is_told_with_its_reason(
    client: VisitingClient, happen: Happen, now: Any, reason: str
) -> None:
    happen(lambda office: close_early(office, reason, by=SYSTEM, now=now))
    answer = client.get(BOARD)
    page = text(answer.text)
    assert 'data-scene="closed"' in answer.text
    assert "Kantor tutup Kami buka kembali Selasa, 24 November pukul 08.00 WITA" in page
    assert html.escape(reason) in answer.text
    assert "<script>alert" not in answer.text


def test_who_still_waits_reads_why_it_was_closed(office: Office, now: Any) -> None:
    take(office, now)
    close_early(office, "Listrik padam.", by=SYSTEM, now=now)
    shown = view(office, now)
    assert (shown["scene"], shown["words"]["title"]) == ("open", ["Kantor tutup"])
    assert shown["words"]["lines"][1] == ["Tutup lebih awal hari ini: Listrik padam.", {}]


def test_an_undone_call_is_gone_and_the_one_before_is_back(
    office: Office, now: Any, time_is: Callable[..., Any]
) -> None:
    take(office, now)
    take(office, now)
    call(office, now)
    later = time_is(9, 0, 20)
    undone = called(office, later, counter=2)
    assert view(office, later)["call"]["ticket"] == "A-002"
    undo(office, undone, by=SYSTEM, now=time_is(9, 0, 40))
    shown = view(office, time_is(9, 0, 40))
    assert shown["call"]["ticket"] == "A-001"
    assert (shown["rows"][0]["numbers"], shown["rows"][0]["waiting"]) == (["A-001"], 1)


# ── Zones ─────────────────────────────────────────────────────────────────────────────────────


def zoned(app: Flask, *codes: str, quiet: tuple[time, time] | None = None) -> None:
    """Let the only display show those bidang alone."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        set_display(
            office,
            db.session.query(Device).one(),
            zone=[bidang_of(office, code) for code in codes],
            volume=60,
            repeats=0,
            quiet=quiet,
            by=SYSTEM,
            now=clock.now(),
        )
        db.session.commit()


def test_a_paired_screen_shows_its_zone(
    app: Flask, paired: Callable[..., VisitingClient], happen: Happen, now: Any
) -> None:
    def calls(office: Office) -> None:
        take(office, now)
        call(office, now)

    happen(calls)
    screen = paired("display")
    assert settings_on(screen.get(BOARD).text)["zone"] == []
    zoned(app, "TRB", "KES")
    page = screen.get(BOARD).text
    assert settings_on(page)["zone"] == ["TRB", "KES"]
    assert settings_on(page)["volume"] == 60
    assert re.search(r"Kesejahteraan Sosial(?!.*Sekretariat)", text(page.partition("<thead>")[2]))
    assert "Selamat pagi," in text(page), "the call of another bidang is not this screen's"


def settings_on(page: str) -> Any:
    kept = re.search('data-settings="([^"]*)"', page)
    assert kept
    return json.loads(html.unescape(kept[1]))


def test_an_unpaired_screen_has_the_usual_settings(client: VisitingClient) -> None:
    usual = settings_on(client.get(BOARD).text)
    assert usual.pop("page")
    assert usual == {"zone": [], "volume": 80, "repeats": 1, "quiet": None}


def test_a_reload_keeps_the_zone_s_own_call(
    app: Flask, paired: Callable[..., VisitingClient], happen: Happen, now: Any
) -> None:
    def calls(office: Office) -> None:
        for counter, code in enumerate(("PEM", "TRB"), 1):
            take(office, now, code)
            call(office, now, code, counter=counter)

    screen = paired("display")
    happen(calls)
    zoned(app, "PEM")
    for page in (screen.get(BOARD).text, screen.get(f"{BOARD}/ringan").text):
        assert "Selamat pagi," not in text(page)
        assert "A-001" in text(page).replace(" ", "")


def test_a_zone_keeps_its_call_while_others_are_called(office: Office, now: Any) -> None:
    take(office, now)
    call(office, now)
    take(office, now, "TRB")
    call(office, now, "TRB", counter=2)
    board = snapshot(office, now=now).as_json(words.board_sentence)
    shown = {
        zone: picture(board, board_words(), now, office, zone=zone.split())["call"]
        for zone in ("", "PEM", "TRB KES", "KES", "gone")
    }
    tickets = {zone: call and call["ticket"] for zone, call in shown.items()}
    assert tickets == {
        "": "C-001",
        "PEM": "A-001",
        "TRB KES": "C-001",
        "KES": None,
        "gone": "C-001",
    }


def test_the_rooms_are_for_everybody(office: Office, now: Any) -> None:
    ends = (now + timedelta(hours=1)).isoformat()
    entry = {"starts_at": now.isoformat(), "ends_at": ends, "village_name": "Desa Binjai"}
    entries = [entry | {"room_name": "Aula", "bidang": code} for code in ("SEK", "gone")]
    board = snapshot(office, now=now).as_json(words.board_sentence) | {"agenda": entries}
    shown = picture(board, board_words(), now, office, zone=["PEM"])
    assert [each["letter"] for each in shown["agenda"]] == ["F", ""]
    assert [row["letter"] for row in shown["rows"]] == ["A"]


# ── The light page ────────────────────────────────────────────────────────────────────────────

LIGHT = f"{BOARD}/ringan"
STATIC = Path(__file__).parent.parent / "static"


def test_an_old_browser_is_led_to_the_light_page(client: VisitingClient) -> None:
    page = client.get(BOARD).text
    assert f'data-light-page="{LIGHT}"' in page
    assert page.index("old-browser.js") < page.index('type="module"')
    noscript = re.findall("<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert any(f'href="{LIGHT}"' in each for each in noscript)


def test_the_light_page_stands_alone(client: VisitingClient) -> None:
    answer = client.get(LIGHT)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    page = answer.text
    assert re.findall(r"css/[\w.-]+|js/[\w.-]+", page) == [
        "css/light.css",
        "js/light-voice.js",
        "js/light.js",
    ]
    assert not re.search(r'type="module"|<style|\sstyle=|\son\w+=', page)
    assert 'http-equiv="refresh"' in page
    for said in ("Selamat pagi,", "Sekretariat", "Senin, 23 November 2026", "09.00", "WITA"):
        assert said in text(page)


def test_its_content_comes_with_the_servers_time(client: VisitingClient, now: Any) -> None:
    answer = client.get(f"{LIGHT}/isi")
    assert answer.headers["Ruko-Now"] == str(int(now.timestamp() * 1000))
    assert f'data-page="{answer.headers["Ruko-Page"]}"' in client.get(LIGHT).text
    assert "<html" not in answer.text
    assert answer.text.strip() in client.get(LIGHT).text


def test_the_light_page_shows_the_newest_call_and_those_before(
    client: VisitingClient, happen: Happen, time_is: Callable[..., Any]
) -> None:
    def calls(office: Office) -> None:
        for number in (1, 2, 7):
            take(office, clock.now())
            call(office, clock.now(), counter=number)

    happen(calls)
    page = client.get(LIGHT).text
    assert 'class="l-board is-new"' in page
    assert 'data-newest="3"' in page
    assert 'data-shown="3 2 1"' in page
    assert 'data-open="1 2 3"' in page
    assert '"2": ["nomor-antrean", "a", "0", "0", "2", ' in html.unescape(page)
    assert "Nomor antrean A-003, silakan menuju Ruang RUKO 1" in page
    said = text(page)
    assert "Juga dipanggil A - 002 → Loket 2 · A - 001 → Loket 1" in said
    time_is(9, 0, 13)
    assert 'class="l-board"' in client.get(LIGHT).text
    time_is(9, 2)
    page = client.get(LIGHT).text
    assert "Juga dipanggil" not in page
    assert 'data-shown="3"' in page
    assert 'data-open="1 2 3"' in page


def test_the_light_page_of_a_zone_and_in_quiet_hours(
    app: Flask, paired: Callable[..., VisitingClient]
) -> None:
    screen = paired("display")
    zoned(app, "SEK")
    page = screen.get(LIGHT).text
    assert "Belum dipasangkan" not in page
    assert 'data-volume="60"' in page
    assert "Pemerintahan" not in text(page)
    zoned(app, "SEK", quiet=(time(8), time(10)))
    assert 'data-volume="0"' in screen.get(f"{LIGHT}/isi").text


def test_the_light_page_closed_and_in_a_break(
    client: VisitingClient, happen: Happen, now: Any, time_is: Callable[..., Any]
) -> None:
    time_is(12, 10)
    assert "Layanan dilanjutkan pukul 13.00 WITA" in text(client.get(LIGHT).text)
    time_is(9)
    reason = "<script>alert(1)</script> {time}"
    happen(lambda office: close_early(office, reason, by=SYSTEM, now=now))
    page = client.get(LIGHT).text
    assert "Kantor tutup Kami buka kembali Selasa, 24 November pukul 08.00 WITA" in text(page)
    assert html.escape(reason) in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("name", ["light.js", "light-voice.js", "old-browser.js"])
def test_old_televisions_understand_its_scripts(name: str) -> None:
    script = re.sub(r"//.*", "", (STATIC / "js" / name).read_text())
    young = (
        r"=>|`|\b(?:let|const|class|async|await|import|export|of)\s|\bfetch\(|\?\.|\?\?|\.\.\."
        r"|\bcatch\s*{|\.(?:includes|startsWith|endsWith|padStart|remove|append|closest|at)\("
        r"|dataset|classList\.toggle|URLSearchParams"
    )
    assert not re.findall(young, script)


def test_old_televisions_understand_its_style() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / "light.css").read_text(), flags=re.DOTALL)
    young = (
        r"grid|var\(|[\s{;]--|(?<!-)\bgap\b|\binset\b|clamp\(|(?<![-\w])aspect-ratio|:is\(|:where\(|:has\("
        r"|:not\(|min\(|max\(|-inline|-block\b|flex|sticky|clip-path|filter|rgb\(|currentcolor"
    )
    assert not re.findall(young, sheet.replace("inline-block", ""))


# ── Pairing ───────────────────────────────────────────────────────────────────────────────────


def test_a_link_pairs_once_and_by_its_button(app: Flask, client: VisitingClient) -> None:
    secret, _ = new_device(app, "display", "Layar depan")
    link = f"{BOARD}/pair/{secret}"
    assert client.get(link).status_code == 200
    with app.app_context():
        assert db.session.query(Device).one().pairing_hash
    answer = client.submit(link)
    assert (answer.status_code, answer.location) == (303, BOARD)
    assert "Belum dipasangkan" not in client.get(BOARD).text
    assert client.get(link).status_code == 404


def test_a_kiosks_link_pairs_no_display(app: Flask, client: VisitingClient) -> None:
    secret, _ = new_device(app, "kiosk", "Kios")
    assert client.get(f"{BOARD}/pair/{secret}").status_code == 404
