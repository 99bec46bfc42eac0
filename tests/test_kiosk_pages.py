"""The kiosk's pages and the ticket on the phone, without a browser: links followed, forms sent."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import clock
from ruko.audit import SYSTEM
from ruko.devices import Device, all_devices, revoke_device
from ruko.offices import Office, close_early, get_office
from ruko.tickets import Ticket, finish, mark_no_show, start
from ruko.tickets.serving import transfer
from tests import people
from tests.conftest import SLUG, VisitingClient, new_device
from tests.kiosk_visitor import HOME, act, count, follow, hidden, token_in, visit_of, walk

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def kiosk(paired: Callable[..., VisitingClient]) -> VisitingClient:
    return paired("kiosk")


# ── Pairing ───────────────────────────────────────────────────────────────────────────────────


def test_an_unpaired_browser_is_shown_how_to_pair(client: VisitingClient) -> None:
    page = client.get(HOME)

    assert page.status_code == 200
    assert "ruko device add kiosk" in page.text
    assert "Jadikan peramban ini kios contoh" not in page.text
    for path in ("/number/who", "/appointment", "/tickets/abc", "/booking.svg"):
        answer = client.get(HOME + path)
        assert (answer.status_code, answer.location) == (302, HOME)
    for path in ("/number", "/appointment", "/next"):
        assert client.submit(HOME + path).status_code == 403


def test_a_pairing_link_pairs_by_its_button_once(app: Flask, client: VisitingClient) -> None:
    secret, _ = new_device(app, "kiosk", "Lobi")
    link = f"{HOME}/pair/{secret}"

    page = client.get(link)
    assert page.status_code == 200
    assert "Lobi" in page.text
    assert page.text.count("<button") == 1
    assert "belum menjadi kios" in client.get(HOME).text, "reading the page changed nothing"

    answer = client.submit(link)
    assert (answer.status_code, answer.location) == (303, HOME)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Ambil nomor antrean" in client.get(HOME).text

    stranger = app.test_client()
    assert isinstance(stranger, VisitingClient)
    assert stranger.get(link).status_code == 404
    assert stranger.submit(link).status_code == 404


def test_a_display_link_does_not_make_a_kiosk(app: Flask, client: VisitingClient) -> None:
    secret, _ = new_device(app, "display", "Ruang tunggu")

    assert client.get(f"{HOME}/pair/{secret}").status_code == 404
    assert client.submit(f"{HOME}/pair/{secret}").status_code == 404


def test_a_display_is_no_kiosk(paired: Callable[..., VisitingClient]) -> None:
    display = paired("display")

    assert "belum menjadi kios" in display.get(HOME).text
    assert display.submit(f"{HOME}/number").status_code == 403


def test_a_revoked_kiosk_is_told_to_pair_again(app: Flask, kiosk: VisitingClient) -> None:
    act(
        app,
        lambda o: revoke_device(o, all_devices(o)[0].id, by=SYSTEM, now=clock.now()),
    )

    assert "Perangkat ini dicabut" in kiosk.get(HOME).text
    assert kiosk.submit(f"{HOME}/number").status_code == 403


def test_only_the_demo_makes_an_example_kiosk(app: Flask, client: VisitingClient) -> None:
    assert client.submit(f"{HOME}/pair").status_code == 404
    assert count(app, Device) == 0


# ── A number ──────────────────────────────────────────────────────────────────────────────────


def test_a_resident_gets_a_number_in_five_touches(app: Flask, kiosk: VisitingClient) -> None:
    page = walk(
        kiosk, "Ambil nomor antrean", "Warga", "Seksi Pemerintahan", "Surat tanah dan ahli waris"
    )
    assert page.text.index("Tidak, antrean biasa") < page.text.index("Ya, antrean prioritas")

    token = token_in(kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "no"}))

    visit = visit_of(app, token)
    assert (visit.code, visit.bidang, visit.visitor) == ("A-001", "PEM", "resident")
    assert (visit.service, visit.village, visit.priority) == (
        "Surat tanah dan ahli waris",
        None,
        False,
    )
    ticket = kiosk.get(f"{HOME}/tickets/{token}")
    assert "Nomor Anda" in ticket.text
    assert f"/t/{token}/qr.svg" in ticket.text


def test_an_official_says_the_village_first(app: Flask, kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Perangkat desa", "Binjai", "Sekretariat", "Audiensi")

    token = token_in(kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "yes"}))

    visit = visit_of(app, token)
    assert (visit.code, visit.village_name, visit.priority) == ("F-001", "Desa Binjai", True)


def test_the_kelurahan_is_marked(kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Perangkat desa")

    assert len(re.findall(r'class="k-tile"', page.text)) == 16
    assert re.search(r"Batu Piring\s*<small>kelurahan", page.text)


def test_one_may_be_unsure_of_the_service(app: Flask, kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Instansi lain", "Sekretariat", "Keperluan lain")

    token = token_in(kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "no"}))

    assert visit_of(app, token).service is None


def test_back_leads_from_every_question_to_the_start(kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Perangkat desa", "Binjai", "Sekretariat", "Audiensi")
    seen = []
    while page.request.path != HOME:
        seen.append(page.request.path.rsplit("/", 1)[1])
        page = follow(kiosk, page, "Kembali")

    assert seen == ["priority", "service", "bidang", "village", "who"]


def test_the_service_page_shows_the_public_standard(kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Seksi Pemerintahan").text

    for words in (
        *("Peta atau sketsa batas", "± 45 menit", "Gratis", "Hasil: Surat yang telah"),
        *("Serahkan berkas di loket.", "Pengaduan: Sekretariat di kantor kecamatan"),
    ):
        assert words in page


@pytest.mark.parametrize(
    ("address", "question"),
    [
        ("priority", "who"),
        ("bidang?visitor=village_official", "village"),
        ("service?visitor=resident", "bidang"),
        ("village?visitor=resident", "bidang"),
        ("priority?visitor=resident&bidang=PEM", "service"),
    ],
)
def test_a_skipped_question_is_asked(kiosk: VisitingClient, address: str, question: str) -> None:
    answer = kiosk.get(f"{HOME}/number/{address}")

    assert answer.status_code == 302
    assert f"/number/{question}" in answer.location


@pytest.mark.parametrize("given", [{}, {"priority": ""}, {"priority": "maybe"}])
def test_whether_to_go_first_is_answered_not_assumed(
    app: Flask, kiosk: VisitingClient, given: dict[str, str]
) -> None:
    choices = {"visitor": "resident", "bidang": "PEM", "service": "other"}

    answer = kiosk.submit(f"{HOME}/number", {**choices, **given})

    assert answer.status_code == 303
    assert "/number/priority?" in answer.location
    assert count(app, Ticket) == 0


@pytest.mark.parametrize(
    "choices",
    [
        {"visitor": "<script>"},
        {"visitor": "resident", "bidang": "XXX"},
        {"visitor": "village_official", "village": "'; DROP TABLE ticket"},
        {"visitor": "resident", "bidang": "PEM", "service": "9" * 10_000},
        {"visitor": "resident", "bidang": "PEM", "service": "²"},
        {"visitor": "village_official", "bidang": "😀"},
    ],
)
def test_choices_never_offered_are_refused_in_words(
    app: Flask, kiosk: VisitingClient, choices: dict[str, str]
) -> None:
    answer = kiosk.submit(f"{HOME}/number", {**choices, "priority": "no"})

    assert answer.status_code == 422
    assert "Nomor Anda belum diambil" in answer.text
    assert "Kembali ke awal" in answer.text
    assert "<script>" not in answer.text
    assert kiosk.get(f"{HOME}/number/who", query_string=choices).status_code == 422
    assert count(app, Ticket) == 0


def test_a_second_press_leads_to_the_same_number(app: Flask, kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    press = {**hidden(page), "priority": "no"}

    first = kiosk.submit(f"{HOME}/number", press)
    again = kiosk.submit(f"{HOME}/number", press)

    assert first.location == again.location
    assert count(app, Ticket) == 1


def test_an_issue_is_a_sign_of_life(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    moment = time_is(9, 7)

    token_in(kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "no"}))

    with app.app_context():
        assert all_devices(get_office(SLUG))[0].last_seen == moment


def test_the_start_says_how_many_wait(app: Flask, kiosk: VisitingClient) -> None:
    assert "Saat ini tidak ada yang menunggu." in kiosk.get(HOME).text

    act(app, lambda o: people.take(o, clock.now()))
    act(app, lambda o: people.take(o, clock.now(), "SEK"))

    assert "Saat ini 2 orang menunggu." in kiosk.get(HOME).text
    page = walk(kiosk, "Ambil nomor antrean", "Warga").text
    assert page.count("1 menunggu") == 2
    assert page.count("Tanpa antre") == 4


def test_the_next_visitor_reads_as_everybody_does(kiosk: VisitingClient) -> None:
    kiosk.submit("/reading", {"lang": "en", "next": HOME})
    kiosk.submit("/reading", {"theme": "contrast", "next": HOME})
    kiosk.submit("/reading", {"text_size": "large", "next": HOME})
    page = kiosk.get(HOME).text
    assert 'lang="en" data-theme="contrast" data-text="large"' in page
    assert "Take a queue number" in page

    answer = kiosk.submit(f"{HOME}/next")

    assert (answer.status_code, answer.location) == (303, HOME)
    page = kiosk.get(HOME).text
    assert "data-theme" not in page
    assert "data-text" not in page
    assert "Ambil nomor antrean" in page


def test_reading_switches_lead_back_to_this_site_only(kiosk: VisitingClient) -> None:
    assert kiosk.submit("/reading", {"next": "//evil.example/"}).location == "/"


# ── Closed ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("moment", "title", "check_in"),
    [
        ((7, 30), "Layanan sedang tutup", True),
        ((6, 0), "Layanan sedang tutup", False),
        ((11, 45), "Pengambilan nomor ditutup", True),
        ((12, 10), "Kami sedang istirahat", True),
        ((15, 30), "Layanan sedang tutup", False),
    ],
)
def test_without_numbers_the_start_says_why(
    kiosk: VisitingClient,
    time_is: Callable[..., datetime],
    moment: tuple[int, int],
    title: str,
    check_in: bool,
) -> None:
    time_is(*moment)

    page = kiosk.get(HOME)

    assert page.status_code == 200
    assert f"<h1>{title}</h1>" in page.text
    assert "WITA" in page.text
    assert ("Saya punya janji" in page.text) is check_in
    answer = kiosk.get(f"{HOME}/number/who")
    assert (answer.status_code, answer.location) == (302, HOME)


def test_closing_time_between_question_and_answer(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    time_is(11, 29)
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    time_is(11, 31)

    answer = kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "no"})

    assert answer.status_code == 409
    assert "Nomor Anda belum diambil" in answer.text
    assert "13.00 WITA" in answer.text
    assert count(app, Ticket) == 0


def limit(app: Flask, *codes: str) -> None:
    """One number a day for these bidang, and it is taken."""

    def set_limit(office: Office) -> None:
        for code in codes:
            people.bidang_of(office, code).daily_capacity = 1
            people.take(office, clock.now(), code)

    act(app, set_limit)


def test_a_full_bidang_says_so_and_leads_nowhere(app: Flask, kiosk: VisitingClient) -> None:
    limit(app, "PEM")

    page = walk(kiosk, "Ambil nomor antrean", "Warga")

    full = re.findall(r"<a[^>]*aria-disabled=\"true\"[^>]*>.*?</a>", page.text, re.DOTALL)
    assert len(full) == 1
    assert "Seksi Pemerintahan" in full[0]
    assert "Nomor hari ini habis" in full[0]
    assert "href" not in full[0].split(">")[0]


def test_the_last_number_went_to_somebody_faster(app: Flask, kiosk: VisitingClient) -> None:
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    limit(app, "SEK")

    answer = kiosk.submit(f"{HOME}/number", {**hidden(page), "priority": "no"})

    assert answer.status_code == 409
    assert "Nomor Anda belum diambil" in answer.text
    assert "Selasa, 24 November 2026 pukul 08.00 WITA" in answer.text
    assert count(app, Ticket) == 1


def test_when_every_bidang_is_full_the_kiosk_is_closed(app: Flask, kiosk: VisitingClient) -> None:
    limit(app, *("PEM", "PMD", "TRB", "KES", "YAN", "SEK"))

    page = kiosk.get(HOME).text

    assert "<h1>Nomor hari ini habis</h1>" in page
    assert "Selasa, 24 November 2026 pukul 08.00 WITA" in page
    assert "Saya punya janji" in page, "a booking is never refused for want of numbers"


def test_an_office_closed_early_shows_its_message(app: Flask, kiosk: VisitingClient) -> None:
    act(
        app,
        lambda o: close_early(o, "Listrik padam <b>", by=SYSTEM, now=clock.now()),
    )

    page = kiosk.get(HOME).text

    assert "Layanan sedang tutup" in page
    assert "Listrik padam &lt;b&gt;" in page
    assert "24 November 2026" in page


def test_the_tablet_may_keep_the_kiosk_as_a_full_screen_app(client: VisitingClient) -> None:
    answer = client.get(f"{HOME}/manifest.webmanifest")

    assert answer.mimetype == "application/manifest+json"
    described = answer.get_json()
    assert (described["display"], described["start_url"]) == ("fullscreen", HOME)
    for picture in described["icons"]:
        with client.get(picture["src"]) as icon:
            assert (icon.status_code, icon.mimetype) == (200, "image/png")
            width = int.from_bytes(icon.data[16:20], "big")
        assert picture["sizes"] == f"{width}x{width}"


def test_a_closed_office_shows_the_way_to_booking(kiosk: VisitingClient) -> None:
    answer = kiosk.get(f"{HOME}/booking.svg")

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


# ── The ticket on the phone ───────────────────────────────────────────────────────────────────


@pytest.fixture
def token(app: Flask) -> str:
    made: str = act(app, lambda o: people.take(o, clock.now()))
    return made


def fragment(client: VisitingClient, token: str, **headers: str) -> TestResponse:
    return client.get(
        f"/t/{token}/now", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_waiting_says_how_many_and_who_is_served(
    app: Flask, client: VisitingClient, token: str
) -> None:
    second = act(app, lambda o: people.take(o, clock.now() + timedelta(seconds=1)))
    act(app, lambda o: people.called(o, clock.now()))
    third = act(app, lambda o: people.take(o, clock.now() + timedelta(seconds=2)))

    assert "Anda berikutnya" in client.get(f"/t/{second}").text
    page = client.get(f"/t/{third}").text

    assert "1 orang di depan Anda" in page
    assert "Sekarang dilayani" in page
    assert "Loket 1" in page
    assert "Tiba pukul 09.00" in page
    assert "<title>Menunggu · A-003 · RUKO</title>" in page


def test_called_says_where(app: Flask, client: VisitingClient, token: str) -> None:
    act(app, lambda o: people.called(o, clock.now(), counter=2))

    page = client.get(f"/t/{token}").text

    assert "<title>Giliran Anda · A-001 · RUKO</title>" in page
    assert "rk-phone--call" in page
    assert "Loket 2" in page


def test_served_missed_and_finished(app: Flask, client: VisitingClient, token: str) -> None:
    now = clock.now()
    act(app, lambda o: start(o, people.called(o, now), by=SYSTEM, now=now))
    assert "Anda sedang dilayani" in client.get(f"/t/{token}").text

    act(
        app,
        lambda o: finish(
            o,
            people.turn_of(o, token),
            outcome="follow_up",
            note="<b>Berkas</b> menyusul.",
            by=SYSTEM,
            now=now,
        ),
    )
    page = client.get(f"/t/{token}").text
    assert "Terima kasih" in page
    assert "&lt;b&gt;Berkas&lt;/b&gt; menyusul." in page

    other = act(app, lambda o: people.take(o, now))
    act(app, lambda o: mark_no_show(o, people.called(o, now), reason="x", by=SYSTEM, now=now))
    assert "terlewat</h1>" in client.get(f"/t/{other}").text


def test_a_transfer_waits_again_under_the_same_number(
    app: Flask, client: VisitingClient, token: str
) -> None:
    now = clock.now()
    act(
        app,
        lambda o: transfer(
            o, people.turn_of(o, token), people.bidang_of(o, "SEK"), by=SYSTEM, now=now
        ),
    )

    page = client.get(f"/t/{token}").text

    assert "Menunggu · A-001" in page
    assert "Sekretariat" in page


def test_yesterdays_number_has_expired(
    client: VisitingClient, token: str, time_is: Callable[..., datetime]
) -> None:
    time_is(9, day=TUESDAY)

    page = client.get(f"/t/{token}").text

    assert "sudah tidak berlaku</h1>" in page
    assert "Senin, 23 November 2026" in page


def test_a_break_is_told_and_no_time_is_made_up(
    client: VisitingClient, token: str, time_is: Callable[..., datetime]
) -> None:
    assert "Perkiraan belum diketahui" in client.get(f"/t/{token}").text
    time_is(12, 10)
    assert "13.00 WITA" in client.get(f"/t/{token}").text


def test_polling_is_conditional_and_told_when_to_come_again(
    app: Flask, client: VisitingClient, token: str
) -> None:
    first = fragment(client, token, Accept_Encoding="br")
    assert (first.status_code, first.headers["Poll-After"]) == (200, "5")
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["ETag"]

    same = fragment(client, token, Accept_Encoding="br", If_None_Match=first.headers["ETag"])
    assert (same.status_code, same.data, same.headers["Poll-After"]) == (304, b"", "5")

    for _ in range(3):
        last = act(app, lambda o: people.take(o, clock.now()))
    assert fragment(client, last).headers["Poll-After"] == "20"

    act(app, lambda o: people.called(o, clock.now()))
    called = fragment(client, token, If_None_Match=first.headers["ETag"])
    assert called.status_code == 200
    assert 'data-state="called"' in called.text


def test_the_phone_page_is_readable_in_english(client: VisitingClient, token: str) -> None:
    client.submit("/reading", {"lang": "en", "next": f"/t/{token}"})

    assert "You are next" in client.get(f"/t/{token}").text


def test_an_unknown_ticket_is_a_sentence(kiosk: VisitingClient) -> None:
    for path in ("/t/abc", "/t/abc/now", "/t/abc/qr.svg", f"{HOME}/tickets/abc"):
        answer = kiosk.get(path)
        assert answer.status_code == 404
        assert "Traceback" not in answer.text


def test_guessing_is_throttled_but_never_a_known_ticket(client: VisitingClient, token: str) -> None:
    answers = [client.get(f"/t/{number}").status_code for number in range(61)]

    assert answers == [404] * 60 + [429]
    assert client.get(f"/t/{token}").status_code == 200


def test_the_qr_opens_the_ticket(client: VisitingClient, token: str) -> None:
    answer = client.get(f"/t/{token}/qr.svg")

    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
