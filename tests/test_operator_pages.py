"""The operator's pages: the whole office, a number at the counter, closing early, failed slips."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from ruko import events, tickets
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.offices import Office, all_villages, get_bidang, get_office
from ruko.printing import JobState, PrintJob, add_printer
from ruko.tickets import Ticket, TicketSeries, VisitorKind
from tests.conftest import SLUG, VisitingClient
from tests.people import BINJAI, bidang_of, called, loket, take

OFFICE = f"/{SLUG}/desk/office"
NUMBER = f"{OFFICE}/number"
CLOSING = f"{OFFICE}/closing"
SignIn = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]
Happen = Callable[[Callable[[Office], Any]], Any]


@pytest.fixture(autouse=True)
def no_printing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: slips stay as the test leaves them."""
    monkeypatch.setattr(events, "_listeners", [])


@pytest.fixture
def happen(app: Flask) -> Happen:
    """Let something happen in the office, and commit it."""

    def work(what: Callable[[Office], Any]) -> Any:
        with app.app_context(), writing():
            made = what(get_office(SLUG))
            db.session.commit()
            return made

    return work


def card(page: str, letter: str) -> str:
    """What the page says of the bidang with that letter, as one line."""
    cards = re.findall(r'<li class="rk-card".*?</ul>', page, re.DOTALL)
    found = next(c for c in cards if f">{letter}</span>" in c)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


# ── The whole office ──────────────────────────────────────────────────────────────────────────


def test_every_bidang_stands_there_with_its_queue(
    sign_in: SignIn, happen: Happen, now: datetime, time_is: TimeIs
) -> None:
    def morning(office: Office) -> None:
        for _ in range(3):
            take(office, now)
        called(office, now)
        take(office, now, "KES")
        held = called(office, now, "KES", counter=4)
        tickets.start(office, held, by=SYSTEM, now=now)
        tickets.hold(office, held, reason="Mengambil berkas", by=SYSTEM, now=now)
        tickets.take_break(office, bidang_of(office, "SEK"), loket(office, 6), by=SYSTEM, now=now)

    happen(morning)
    time_is(9, 12)
    page = sign_in("operator").get(OFFICE).text

    assert card(page, "A") == (
        "A Seksi Pemerintahan menunggu 2 terlama 12 mnt ditahan 0 tidak hadir 0 "
        "Perkiraan: Perkiraan belum diketahui A-001 Loket 1 sedang dipanggil"
    ).replace("A-001", "A - 001")
    assert "ditahan 1" in card(page, "D")
    assert "Belum ada yang dilayani" in card(page, "D")
    assert "Loket 6 istirahat" in card(page, "F")
    assert "buka sampai 12.00 · 2 orang menunggu" in " ".join(page.split())


def test_the_fragment_holds_the_same_parts(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    parts = [
        re.findall(r'data-part="([^"]+)"', operator.get(path).text)
        for path in (OFFICE, f"{OFFICE}/now")
    ]

    assert parts[0] == parts[1]
    assert {"help", "head", "bidang-PEM", "bidang-SEK", "slips", "devices"} <= set(parts[0])


def test_the_camat_looks_on(sign_in: SignIn) -> None:
    camat = sign_in("camat")
    page = camat.get(OFFICE).text

    assert "Seksi Pemerintahan" in page
    for button in ("Ambilkan nomor", "Tutup lebih awal"):
        assert button not in page
    for path in (NUMBER, CLOSING):
        assert camat.get(path).status_code == 403
        assert camat.submit(path).status_code == 403


def test_one_bar_leads_everywhere(sign_in: SignIn) -> None:
    def ways(role: str, **place: str) -> list[str]:
        page = sign_in(role, **place).get(f"/{SLUG}/desk/place").text
        (tabs,) = re.findall(r'<div class="m-tabs">(.*?)</div>', page, re.DOTALL)
        return [text.strip() for text in re.findall(r">([^<>]*\w[^<>]*)</?[as]", tabs)]

    everywhere = ["Meja", "Kantor hari ini", "Janji", "Minggu", "Permohonan", "Ruang tunggu"]
    assert ways("operator") == everywhere
    assert ways("camat") == [way for way in everywhere if way != "Permohonan"]
    assert ways("staff", bidang="PEM") == ["Meja", "Janji", "Minggu"]


# ── A number at the counter ───────────────────────────────────────────────────────────────────


def test_a_number_for_an_official(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    assert operator.get(NUMBER).status_code == 200
    with app.app_context():
        service = get_bidang(get_office(SLUG), "PMD").services[0]
        service_id, service_name = service.id, service.name
    answer = operator.submit(
        NUMBER,
        {
            "visitor": "village_official",
            "village": BINJAI,
            "bidang": "PMD",
            "service": str(service_id),
            "priority": "y",
        },
    )
    assert answer.status_code == 303, answer.text
    page = operator.get(answer.location).text

    for said in ("B<span", "Desa Binjai", service_name, "Prioritas", "Kode QR nomor ini"):
        assert said in page
    assert "Cetak ulang" not in page, "there is no printer"
    with app.app_context():
        ticket = db.session.scalars(select(Ticket)).one()
        assert (ticket.priority, ticket.visitor) == (True, VisitorKind.VILLAGE_OFFICIAL)


def test_a_resident_has_no_village_whatever_was_chosen(app: Flask, sign_in: SignIn) -> None:
    answer = sign_in("admin").submit(
        NUMBER, {"visitor": "resident", "village": BINJAI, "bidang": "PEM"}
    )

    assert answer.status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Ticket.village_id)).one() is None


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Silakan pilih siapa pengunjungnya."),
        ({"visitor": "resident"}, "Silakan pilih bidang."),
        ({"visitor": "resident", "bidang": "XXX"}, "bidang"),
        ({"visitor": "village_official", "bidang": "PEM"}, "desa"),
        ({"visitor": "village_official", "bidang": "PEM", "village": "1"}, "desa"),
        ({"visitor": "resident", "bidang": "PEM", "service": "999999"}, "layanan"),
        ({"visitor": "resident", "bidang": "PEM", "service": "A" * 10_000}, "layanan"),
        ({"visitor": "<script>", "bidang": "\u202e"}, "Silakan"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    app: Flask, sign_in: SignIn, form: dict[str, str], sentence: str
) -> None:
    answer = sign_in("operator").submit(NUMBER, form)

    assert answer.status_code == 422
    errors = " ".join(re.findall(r'class="rk-err".*?</p>', answer.text, re.DOTALL))
    assert sentence.lower() in errors.lower()
    assert "<script>" not in answer.text.replace('<script type="module"', "")
    with app.app_context():
        assert db.session.scalars(select(TicketSeries)).all() == []


def test_what_was_chosen_stays_chosen(sign_in: SignIn) -> None:
    form = {"visitor": "village_official", "bidang": "PEM", "priority": "y", "village": ""}
    page = " ".join(sign_in("operator").submit(NUMBER, form).text.split())

    for chosen in ("village_official", "PEM", "y"):
        assert re.search(rf'<input checked[^>]* value="{chosen}"', page), chosen


def test_a_double_tap_is_one_number(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    form = {"visitor": "resident", "bidang": "PEM", "request_key": "satu"}
    first, second = (operator.submit(NUMBER, form) for _ in range(2))

    assert first.location == second.location
    with app.app_context():
        assert db.session.scalars(select(TicketSeries.last)).all() == [1]


def test_in_the_break_no_number_is_taken(sign_in: SignIn, time_is: TimeIs) -> None:
    time_is(12, 15)
    operator = sign_in("operator")
    assert "istirahat" in operator.get(NUMBER).text
    answer = operator.submit(NUMBER, {"visitor": "resident", "bidang": "PEM"})

    assert answer.status_code == 409
    assert "Nomor belum diambil" in answer.text
    assert "13.00" in answer.text


def test_an_unknown_number_is_not_shown(sign_in: SignIn) -> None:
    assert sign_in("operator").get(f"{NUMBER}/{'x' * 24}").status_code == 404


# ── Closing early ─────────────────────────────────────────────────────────────────────────────


def test_closing_early_is_told_to_everybody_and_taken_back(
    sign_in: SignIn, client: VisitingClient, paired: Callable[..., VisitingClient]
) -> None:
    operator, kiosk = sign_in("operator"), paired("kiosk")
    assert "Tutup kantor untuk hari ini?" in operator.get(CLOSING).text
    assert "Ambil nomor antrean" in kiosk.get(f"/{SLUG}/kiosk").text

    done = operator.submit(CLOSING, {"reason": "kunjungan <b>bupati</b>"})
    assert (done.status_code, done.location) == (303, OFFICE)
    page = operator.get(OFFICE).text
    assert "ditutup lebih awal sejak 09.00" in page
    assert "Ambilkan nomor" not in page
    for public in (kiosk.get(f"/{SLUG}/kiosk").text, client.get(f"/{SLUG}/display").text):
        assert "kunjungan" in public
        assert "<b>bupati" not in public

    assert "Buka kantor kembali?" in operator.get(CLOSING).text
    opened = operator.submit(f"{CLOSING}/reopen")
    assert "Kantor dibuka kembali" in operator.get(opened.location).text
    assert "Ambil nomor antrean" in kiosk.get(f"/{SLUG}/kiosk").text


def test_closing_needs_a_reason_and_an_open_day(sign_in: SignIn, time_is: TimeIs) -> None:
    operator = sign_in("operator")
    for reason in ("", "   ", "x" * 201):
        answer = operator.submit(CLOSING, {"reason": reason})
        assert answer.status_code == 422
        assert 'id="reason-error"' in answer.text
    nothing = operator.submit(f"{CLOSING}/reopen")
    assert nothing.status_code == 409
    assert 'role="alert"' in nothing.text
    time_is(16)
    late = operator.submit(CLOSING, {"reason": "Rapat"})
    assert late.status_code == 409
    assert "Rapat" in late.text, "what was typed stays"


def test_a_double_tap_closes_once(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    form = {"reason": "Rapat", "request_key": "satu"}

    assert [operator.submit(CLOSING, form).status_code for _ in range(2)] == [303, 303]


# ── Slips ─────────────────────────────────────────────────────────────────────────────────────


def test_a_number_at_the_counter_is_printed_at_the_reception(
    app: Flask, sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    happen(lambda o: add_printer(o, "Meja depan", "tcp://127.0.0.1:9", 80, by=SYSTEM, now=now).id)
    operator = sign_in("operator")
    taken = operator.submit(NUMBER, {"visitor": "resident", "bidang": "PEM"})
    assert "Cetak ulang" in operator.get(taken.location).text
    again = operator.submit(f"{taken.location}/print", {"request_key": "satu"})
    operator.submit(f"{taken.location}/print", {"request_key": "satu"})

    assert again.location == taken.location
    assert "Sedang dicetak" in operator.get(taken.location).text
    with app.app_context():
        assert db.session.scalars(select(PrintJob.copy).order_by(PrintJob.copy)).all() == [1, 2]


def test_a_failed_slip_is_shown_and_printed_again(
    app: Flask, sign_in: SignIn, happen: Happen, now: datetime
) -> None:
    happen(lambda o: add_printer(o, "Meja depan", "tcp://127.0.0.1:9", 80, by=SYSTEM, now=now).id)
    operator = sign_in("operator")
    taken = operator.submit(NUMBER, {"visitor": "resident", "bidang": "PEM"})
    token = taken.location.rsplit("/", 1)[1]

    failed = {"state": JobState.FAILED, "error": "It was not printed within two minutes."}
    happen(lambda _: db.session.execute(update(PrintJob).values(failed)))
    page = operator.get(OFFICE).text
    assert "Tidak tercetak" in page
    assert "dua menit" in page
    assert "Cetak ulang" not in sign_in("camat").get(OFFICE).text

    done = operator.submit(f"{OFFICE}/slips/{token}")
    assert "Sedang dicetak ulang" in operator.get(done.location).text
    assert "dua menit" not in operator.get(f"{OFFICE}/now").text.split('data-part="devices"')[0]
    assert operator.submit(f"{OFFICE}/slips/{'x' * 24}").status_code == 404


def test_every_village_can_be_chosen(app: Flask, sign_in: SignIn) -> None:
    page = sign_in("operator").get(NUMBER).text
    with app.app_context():
        assert all(v.full_name in page for v in all_villages(get_office(SLUG)))
