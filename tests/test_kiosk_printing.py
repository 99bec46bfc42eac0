"""A kiosk whose own browser prints: each slip handed out once, and told to whoever took the number."""

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from flask import Flask

from ruko import clock
from ruko.audit import SYSTEM
from ruko.db import db
from ruko.devices import all_devices
from ruko.offices import Office, get_bidang
from ruko.printing import JobState, PrintJob, add_printer, all_printers, remove_printer, reprint
from ruko.printing.jobs import give_up
from tests import people
from tests.conftest import VisitingClient
from tests.kiosk_visitor import HOME, act, count, hidden, token_in, walk

TUESDAY = date(2026, 11, 24)


def give_printer(app: Flask, kiosk: str, *, width: int = 58, address: str = "browser") -> None:
    def add(office: Office) -> None:
        [device] = [d for d in all_devices(office) if d.name == kiosk]
        add_printer(
            office, f"Struk {kiosk}", address, width, kiosk=device, by=SYSTEM, now=clock.now()
        )

    act(app, add)


@pytest.fixture
def kiosk(app: Flask, paired: Callable[..., VisitingClient]) -> VisitingClient:
    client = paired("kiosk", "Lobi")
    give_printer(app, "Lobi")
    return client


def number(kiosk: VisitingClient) -> str:
    page = walk(kiosk, "Ambil nomor antrean", "Warga", "Sekretariat", "Keperluan lain")
    press = {**hidden(page), "priority": "no"}
    token = token_in(kiosk.submit(f"{HOME}/number", press))
    assert token_in(kiosk.submit(f"{HOME}/number", press)) == token
    return token


def test_a_slip_is_handed_out_once_and_reported(app: Flask, kiosk: VisitingClient) -> None:
    assert kiosk.get(f"{HOME}/slips").status_code == 204
    token = number(kiosk)
    assert count(app, PrintJob) == 1
    assert kiosk.get(f"{HOME}/slips").status_code == 200
    assert "Sedang mencetak" in kiosk.get(f"{HOME}/tickets/{token}").text
    slip = kiosk.submit(f"{HOME}/slips/next")
    assert slip.status_code == 200
    for part in ("rk-slip--58", f"/t/{token}/qr.svg", "Sekretariat", "tidak dipungut biaya"):
        assert part in slip.text
    assert kiosk.submit(f"{HOME}/slips/next").status_code == 204
    assert kiosk.get(f"{HOME}/slips").status_code == 204
    [printed] = re.findall(r'data-printed="([^"]+)"', slip.text)
    assert kiosk.submit(printed).status_code == 204
    assert "Tercetak" in kiosk.get(f"{HOME}/tickets/{token}/slip").text


def test_what_was_handed_out_and_not_printed_is_told(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    token = number(kiosk)
    kiosk.submit(f"{HOME}/slips/next")
    time_is(9, 1)
    act(app, lambda _: give_up(now=clock.now()))
    page = kiosk.get(f"{HOME}/tickets/{token}").text
    assert "Printer tidak menjawab: foto nomor ini atau pindai kode QR" in page
    assert kiosk.submit(f"{HOME}/slips/next").status_code == 204


def test_a_booking_that_is_scanned_again_is_printed_once(
    app: Flask, kiosk: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    code = act(app, lambda office: people.book(office, clock.now()).code)
    time_is(8, 45, day=TUESDAY)
    for _ in range(2):
        token_in(kiosk.submit(f"{HOME}/appointment", {"code": code}))
    assert count(app, PrintJob) == 1
    assert "Desa Binjai" in kiosk.submit(f"{HOME}/slips/next").text


def test_a_reprint_comes_out_of_the_kiosk_again(app: Flask, kiosk: VisitingClient) -> None:
    token = number(kiosk)
    kiosk.submit(f"{HOME}/slips/next")
    act(
        app,
        lambda office: reprint(
            office, token, url=f"http://r/t/{token}", by=SYSTEM, now=clock.now()
        ),
    )
    assert kiosk.submit(f"{HOME}/slips/next").status_code == 204  # one at a time
    act(app, lambda _: give_up(now=clock.now().replace(minute=1)))
    assert "Dicetak ulang" in kiosk.submit(f"{HOME}/slips/next").text


def test_another_kiosk_prints_and_reports_nothing_of_it(
    app: Flask, kiosk: VisitingClient, paired: Callable[..., VisitingClient]
) -> None:
    other = paired("kiosk", "Aula")
    number(kiosk)
    assert other.get(f"{HOME}/slips").status_code == 204
    assert other.submit(f"{HOME}/slips/next").status_code == 204
    give_printer(app, "Aula")
    assert other.submit(f"{HOME}/slips/next").status_code == 204
    slip = kiosk.submit(f"{HOME}/slips/next").text
    [printed] = re.findall(r'data-printed="([^"]+)"', slip)
    assert other.submit(printed).status_code == 404
    assert act(app, lambda _: db.session.query(PrintJob.state).scalar()) == JobState.PRINTING


def test_only_a_kiosk_that_prints_itself_loads_what_prints(
    app: Flask, kiosk: VisitingClient, paired: Callable[..., VisitingClient]
) -> None:
    assert "kiosk-print.js" in kiosk.get(HOME).text
    other = paired("kiosk", "Aula")
    assert "kiosk-print.js" not in other.get(HOME).text
    give_printer(app, "Aula", address="tcp://127.0.0.1:1")
    assert "kiosk-print.js" not in other.get(HOME).text

    def remove(office: Office) -> None:
        for printer in all_printers(office):
            remove_printer(office, printer.id, by=SYSTEM, now=clock.now())

    act(app, remove)
    assert "kiosk-print.js" not in kiosk.get(HOME).text


def test_without_a_printer_the_page_says_nothing_of_one(
    app: Flask, paired: Callable[..., VisitingClient]
) -> None:
    client = paired("kiosk", "Aula")
    token = number(client)
    assert count(app, PrintJob) == 0
    assert "slip-state" not in client.get(f"{HOME}/tickets/{token}").text


def test_hostile_names_stay_text_on_paper(app: Flask, kiosk: VisitingClient) -> None:
    act(
        app,
        lambda office: setattr(get_bidang(office, "SEK"), "name", "<script>x</script> Sekretariat"),
    )
    try:
        number(kiosk)
        slip = kiosk.submit(f"{HOME}/slips/next").text
    finally:
        act(app, lambda office: setattr(get_bidang(office, "SEK"), "name", "Sekretariat"))
    assert "&lt;script&gt;" in slip
    assert "<script" not in slip


def test_the_page_speaks_english_and_the_paper_indonesian(kiosk: VisitingClient) -> None:
    token = number(kiosk)
    kiosk.submit("/reading", {"lang": "en", "next": HOME})
    page = kiosk.get(f"{HOME}/tickets/{token}").text
    slip = kiosk.submit(f"{HOME}/slips/next").text
    assert "Your slip is being printed" in page
    assert "Nomor antrean" in slip


def test_a_program_of_the_kiosk_has_its_slips_printed_there_too(
    app: Flask, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer("kiosk", "Lobi") | {"Idempotency-Key": "satu"}
    give_printer(app, "Lobi", address="tcp://127.0.0.1:1")  # refused at once on every network
    program = app.test_client()
    wish = {"bidang": "PEM", "visitor": "resident"}
    for _twice in range(2):
        answer = program.post(
            f"/api/v1/offices{HOME.removesuffix('/kiosk')}/tickets", json=wish, headers=headers
        )
        assert answer.status_code == 201
    assert count(app, PrintJob) == 1
