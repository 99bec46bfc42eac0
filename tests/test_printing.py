"""Printers and slips, as rules: a number never waits for its paper, and paper never comes twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from escpos.printer import Dummy

from ruko.audit import SYSTEM, Actor, trail_of
from ruko.db import db
from ruko.devices import Device, add_device, revoke_device
from ruko.errors import Invalid, NotFound, TooLate
from ruko.offices import Counter, Office, all_counters, get_bidang, get_village
from ruko.printing import (
    JobState,
    Printer,
    PrintJob,
    add_printer,
    all_printers,
    find_job,
    find_printer,
    jobs_of,
    printer_of,
    queue_slip,
    read_address,
    remove_printer,
    reprint,
    troubled_jobs,
)
from ruko.printing.jobs import (
    NOT_IN_TIME,
    REPLACED,
    UNKNOWN,
    claim,
    give_up,
    mark_failed,
    mark_printed,
    work_to_do,
)
from ruko.slips import Slip, sample_slip, slip_of
from ruko.spooler.receipt import DOTS, draw, fact_lines, module_dots, plain, receipt
from ruko.tickets import (
    VisitorKind,
    call_next,
    find_turn,
    get_visit,
    issue,
    leave,
)
from tests.printers import CUT

URL = "http://192.168.1.10:8000/t/"
QR_LEVEL_M = b"\x1d(k\x03\x001E1"
OPERATOR = Actor("user", 7)


@pytest.fixture
def kiosk(office: Office, now: datetime) -> Device:
    return add_device(office, "kiosk", "Lobi", by=SYSTEM, now=now)[0]


@pytest.fixture
def printer(office: Office, kiosk: Device, now: datetime) -> Printer:
    return add_printer(office, "Struk", "tcp://10.0.0.5", 58, kiosk=kiosk, by=SYSTEM, now=now)


def number(office: Office, now: datetime, *, village: str | None = None) -> str:
    """A new number with the first bidang; its token."""
    return issue(
        office,
        get_bidang(office, "PEM"),
        visitor=VisitorKind.VILLAGE_OFFICIAL if village else VisitorKind.RESIDENT,
        village=get_village(office, village) if village else None,
        by=SYSTEM,
        now=now,
    )


def queued(office: Office, printer: Printer, now: datetime) -> tuple[str, PrintJob]:
    token = number(office, now)
    queue_slip(token, printer, url=URL + token, now=now)
    return token, job_of(office, token, now)


def counter_of(office: Office) -> Counter:
    return all_counters(office)[0]


def job_of(office: Office, token: str, now: datetime) -> PrintJob:
    _, visit = get_visit(token, office_of=lambda _: office, now=now)
    job = find_job(visit.ticket_id)
    assert job is not None
    db.session.refresh(job)
    return job


# ── Printers ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("tcp://192.168.1.50", "tcp"),
        ("tcp://printer.local:9101", "tcp"),
        ("tcp://[fe80::1]:9100", "tcp"),
        ("usb://04B8:0e15", "usb"),
        ("file:///dev/usb/lp0", "file"),
        ("browser", "browser"),
    ],
)
def test_addresses_that_printers_have(text: str, way: str) -> None:
    assert read_address(text).way == way


def test_the_port_of_a_printer_is_9100_unless_it_says_otherwise() -> None:
    assert read_address("tcp://10.0.0.5").port == 9100
    assert read_address("tcp://10.0.0.5:9101").port == 9101
    usb = read_address("usb://04b8:0e15")
    assert (usb.vendor, usb.product) == (0x04B8, 0x0E15)


@pytest.mark.parametrize(
    "text",
    [
        *("", "10.0.0.5", "tcp://", "tcp://10.0.0.5:0", "tcp://10.0.0.5:99999", "tcp://a/b"),
        *("http://10.0.0.5", "usb://printer", "usb://04b8", "file://", "file:///", "file://lp0"),
        *("tcp://10.0.0.5?x=1", "tcp://[fe80", "Browser", "tcp://" + "a" * 300),
    ],
)
def test_addresses_that_lead_nowhere_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_address(text)


def test_a_printer_stands_beside_its_kiosk(
    office: Office, kiosk: Device, printer: Printer, now: datetime
) -> None:
    assert printer_of(kiosk) is printer
    reception = add_printer(office, "Meja depan", "usb://04b8:0e15", 80, by=SYSTEM, now=now)
    assert all_printers(office) == [reception, printer]
    assert find_printer(office, "Struk") is printer
    [added] = trail_of("printer", printer.id)
    assert (added.action, added.detail) == ("add", {"address": "tcp://10.0.0.5"})


def test_what_a_printer_may_not_be(
    office: Office, kiosk: Device, printer: Printer, now: datetime
) -> None:
    display = add_device(office, "display", "TV", by=SYSTEM, now=now)[0]
    old = add_device(office, "kiosk", "Lama", by=SYSTEM, now=now)[0]
    revoke_device(office, old.id, by=SYSTEM, now=now)
    for name, address, width, beside, field in (
        ("", "tcp://10.0.0.6", 58, None, "name"),
        ("x" * 41, "tcp://10.0.0.6", 58, None, "name"),
        ("Struk", "tcp://10.0.0.6", 58, None, "name"),
        ("Dua", "lpt1", 58, None, "address"),
        ("Dua", "tcp://10.0.0.6", 76, None, "width"),
        ("Dua", "tcp://10.0.0.6", 58, display, "kiosk"),
        ("Dua", "tcp://10.0.0.6", 58, old, "kiosk"),
        ("Dua", "tcp://10.0.0.6", 58, kiosk, "kiosk"),
        ("Dua", "browser", 58, None, "kiosk"),
    ):
        with pytest.raises(Invalid) as refused:
            add_printer(office, name, address, width, kiosk=beside, by=SYSTEM, now=now)
        assert refused.value.field == field


def test_a_removed_printer_frees_its_name_and_its_kiosk(
    office: Office, kiosk: Device, printer: Printer, now: datetime
) -> None:
    _, job = queued(office, printer, now)
    remove_printer(office, printer.id, by=SYSTEM, now=now)
    db.session.flush()
    db.session.refresh(job)
    assert job.state == JobState.FAILED
    assert printer_of(kiosk) is None
    add_printer(office, "Struk", "browser", 80, kiosk=kiosk, by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        remove_printer(office, printer.id, by=SYSTEM, now=now)


# ── One slip per number ───────────────────────────────────────────────────────────────────────


def test_without_a_printer_nothing_is_queued(office: Office, now: datetime) -> None:
    token = number(office, now)
    queue_slip(token, None, url=URL + token, now=now)
    assert jobs_of(office, now=now) == []


def test_a_slip_is_queued_once_and_claimed_once(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, job = queued(office, printer, now)
    queue_slip(token, printer, url=URL + token, now=now)  # the booking was scanned again
    assert [view.code for view in jobs_of(office, now=now)] == ["A-001"]
    assert work_to_do(now=now) == ({printer.id}, False)
    assert claim(printer.id, now=now) == job.id
    assert claim(printer.id, now=now) is None
    assert mark_printed(job.id, now=now)
    assert not mark_printed(job.id, now=now)
    assert not mark_failed(job.id, "late news", again=True, now=now)
    db.session.refresh(job)
    db.session.refresh(printer)
    assert (job.state, job.tries, job.error) == (JobState.PRINTED, 1, None)
    assert printer.last_seen == now
    assert work_to_do(now=now) == (set(), False)


def test_slips_come_in_the_order_of_their_numbers_one_at_a_time(
    office: Office, printer: Printer, now: datetime
) -> None:
    jobs = [queued(office, printer, now)[1].id for _ in range(3)]
    order = []
    for _ in range(3):
        order.append(claim(printer.id, now=now))
        assert claim(printer.id, now=now) is None  # the other process waits
        assert order[-1] is not None
        mark_printed(order[-1], now=now)
    assert order == jobs


def test_what_could_not_be_printed_is_tried_again_while_it_is_young(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, job = queued(office, printer, now)
    for second in range(0, 120, 5):
        moment = now + timedelta(seconds=second)
        assert claim(printer.id, now=moment) == job.id
        mark_failed(job.id, "The printer has no paper.", again=True, now=moment)
    later = now + timedelta(seconds=121)
    assert claim(printer.id, now=later) is None
    assert work_to_do(now=later) == (set(), True)
    give_up(now=later)
    db.session.refresh(printer)
    job = job_of(office, token, later)
    assert (job.state, job.error) == (JobState.FAILED, "The printer has no paper.")
    assert printer.last_error == "The printer has no paper."
    _, visit = get_visit(token, office_of=lambda _: office, now=later)
    assert visit.state == "waiting"  # the number is as good as with its slip


def test_a_slip_that_nobody_tried_is_too_late_after_two_minutes(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, _ = queued(office, printer, now)
    give_up(now=now + timedelta(seconds=119))
    assert job_of(office, token, now).state == JobState.QUEUED
    give_up(now=now + timedelta(seconds=121))
    assert job_of(office, token, now).error == NOT_IN_TIME


def test_a_crash_while_printing_prints_nothing_twice(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, _ = queued(office, printer, now)
    claim(printer.id, now=now)  # and the process is gone
    later = now + timedelta(seconds=31)
    give_up(now=later)
    job = job_of(office, token, later)
    assert (job.state, job.error) == (JobState.FAILED, UNKNOWN)
    assert claim(printer.id, now=later) is None
    assert [view.error for view in troubled_jobs(office, now=later)] == [UNKNOWN]


def test_a_clock_that_was_put_right_leaves_no_slip_waiting_for_ever(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, _ = queued(office, printer, now)
    give_up(now=now - timedelta(hours=3))
    assert job_of(office, token, now).state == JobState.FAILED


def test_a_number_that_was_given_up_is_not_printed(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, _ = queued(office, printer, now)
    turn = find_turn(office, token)
    assert turn is not None
    leave(office, turn, by=SYSTEM, now=now)
    assert claim(printer.id, now=now) is None


# ── Reprints and what the staff see ───────────────────────────────────────────────────────────


def test_a_reprint_is_another_copy_and_on_record(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, first = queued(office, printer, now)
    mark_printed(claim(printer.id, now=now) or 0, now=now)
    reprint(office, token, url=URL + token, by=OPERATOR, now=now)
    [view] = jobs_of(office, now=now)
    assert (view.copy, view.state, view.printer) == (2, JobState.QUEUED, "Struk")
    last = trail_of("ticket", first.ticket_id)[-1]
    assert (last.action, last.actor_kind, last.actor_id) == ("reprint", "user", 7)
    assert last.detail == {"copy": 2, "printer": "Struk"}


def test_a_reprint_elsewhere_takes_the_place_of_a_slip_that_still_waits(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, first = queued(office, printer, now)
    other = add_printer(office, "Meja depan", "usb://04b8:0e15", 80, by=SYSTEM, now=now)
    reprint(office, token, other, url=URL + token, by=OPERATOR, now=now)
    db.session.refresh(first)
    assert (first.state, first.error) == (JobState.FAILED, REPLACED)
    assert claim(printer.id, now=now) is None
    assert claim(other.id, now=now) is not None


def test_a_number_without_a_slip_is_printed_on_the_only_printer(
    office: Office, printer: Printer, now: datetime
) -> None:
    token = number(office, now)
    reprint(office, token, url=URL + token, by=OPERATOR, now=now)
    assert job_of(office, token, now).copy == 1


def test_reprints_that_are_refused(
    office: Office, printer: Printer, now: datetime, time_is: Callable[..., datetime]
) -> None:
    token = number(office, now)
    with pytest.raises(NotFound):
        reprint(office, "unknown", url=URL, by=OPERATOR, now=now)
    with pytest.raises(TooLate):
        reprint(office, token, url=URL, by=OPERATOR, now=now + timedelta(days=1))
    add_printer(office, "Meja depan", "usb://04b8:0e15", 80, by=SYSTEM, now=now)
    with pytest.raises(Invalid) as which:
        reprint(office, token, url=URL, by=OPERATOR, now=now)
    assert which.value.field == "printer"
    for each in all_printers(office):
        remove_printer(office, each.id, by=SYSTEM, now=now)
    db.session.flush()
    with pytest.raises(Invalid, match="no printer"):
        reprint(office, token, url=URL, by=OPERATOR, now=now)
    turn = find_turn(office, token)
    assert turn is not None
    leave(office, turn, by=SYSTEM, now=now)
    with pytest.raises(TooLate, match="ended"):
        reprint(office, token, printer, url=URL, by=OPERATOR, now=now)


def test_the_staff_see_slips_that_waiting_visitors_lack(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, job = queued(office, printer, now)
    assert troubled_jobs(office, now=now) == []
    claim(printer.id, now=now)
    mark_failed(job.id, "The printer has no paper.", again=True, now=now)
    [trouble] = troubled_jobs(office, now=now + timedelta(seconds=3))
    assert (trouble.code, trouble.error, trouble.seconds) == (
        "A-001",
        "The printer has no paper.",
        3,
    )
    assert trouble.token == token
    call_next(
        office,
        get_bidang(office, "PEM"),
        counter_of(office),
        by=SYSTEM,
        now=now,
    )
    assert troubled_jobs(office, now=now) == []  # called: nobody needs the slip any more
    assert len(jobs_of(office, now=now)) == 1
    assert jobs_of(office, now=now + timedelta(days=1)) == []


def test_a_slip_that_waits_without_a_reason_is_told_after_a_while(
    office: Office, printer: Printer, now: datetime
) -> None:
    queued(office, printer, now)
    assert troubled_jobs(office, now=now + timedelta(seconds=14)) == []
    assert len(troubled_jobs(office, now=now + timedelta(seconds=16))) == 1


# ── What is on the slip ───────────────────────────────────────────────────────────────────────


def test_the_slip_of_a_resident_says_what_matters(
    office: Office, printer: Printer, now: datetime
) -> None:
    number(office, now)
    token, job = queued(office, printer, now)
    slip = slip_of(job, now=now)
    assert (slip.code, slip.bidang, slip.url) == ("A-002", "Seksi Pemerintahan", URL + token)
    assert slip.heading == "Nomor antrean"
    assert slip.facts == (("Di depan Anda", "1 orang"), ("Perkiraan", "belum diketahui"))
    assert slip.moment == "Sen, 23 Nov 2026 · 09.00 WITA"
    assert slip.closing == ("Dilewati setelah 3 kali panggilan.", "Layanan tidak dipungut biaya.")
    assert slip.place is None


def test_the_slip_of_an_official_names_the_village_and_a_wide_one_the_whole_date(
    office: Office, now: datetime
) -> None:
    wide = add_printer(office, "Lebar", "tcp://10.0.0.6", 80, by=SYSTEM, now=now)
    token = number(office, now, village="63.11.07.2008")
    queue_slip(token, wide, url=URL + token, now=now)
    slip = slip_of(job_of(office, token, now), now=now)
    assert slip.facts[0][0] == "Asal"
    assert slip.facts[0][1].startswith("Desa ")
    assert slip.facts[1] == ("Di depan Anda", "tidak ada")
    assert slip.moment == "Senin, 23 November 2026 · 09.00 WITA"


def test_a_reprint_says_so_and_names_the_place_of_who_was_called(
    office: Office, printer: Printer, now: datetime
) -> None:
    token, _ = queued(office, printer, now)
    counter = counter_of(office)
    call_next(office, get_bidang(office, "PEM"), counter, by=SYSTEM, now=now)
    reprint(office, token, url=URL + token, by=OPERATOR, now=now)
    slip = slip_of(job_of(office, token, now), now=now)
    assert slip.closing[-1] == "Dicetak ulang pukul 09.00."
    assert (slip.place, slip.facts) == (counter.name, ())


def test_a_bidang_with_one_counter_of_its_own_names_it(
    office: Office, printer: Printer, now: datetime
) -> None:
    counter = counter_of(office)
    counter.bidang_id = get_bidang(office, "PEM").id
    _, job = queued(office, printer, now)
    assert slip_of(job, now=now).place == counter.name


def test_a_test_slip_is_no_number(office: Office, now: datetime) -> None:
    data = receipt(sample_slip(office, 58, "http://ruko.local", now=now))
    assert b"Ini bukan nomor antrean" in data


# ── ESC/POS ───────────────────────────────────────────────────────────────────────────────────


def made(width: int, **changes: object) -> Slip:
    values: dict[str, object] = {
        "house": "RUKO PARSEL",
        "office": "Kecamatan Paringin Selatan",
        "heading": "Nomor antrean",
        "code": "A-022",
        "bidang": "Seksi Pemberdayaan Masyarakat dan Desa",
        "place": "Loket 1",
        "token": "x" * 24,
        "url": URL + "x" * 24,
        "invitation": "Pindai untuk memantau giliran",
        "facts": (("Asal", "Desa Murung Abuin"), ("Perkiraan", "10.05–10.15")),
        "moment": "Sen, 23 Nov 2026 · 09.42 WITA",
        "closing": ("Dilewati setelah 3 kali panggilan.",),
        "width": width,
    } | changes
    return Slip(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("width", "size"), [(58, 0x55), (80, 0x77)])
def test_the_dummy_printer_gets_number_qr_and_cut(width: int, size: int) -> None:
    printer = Dummy()
    draw(printer, made(width))
    data = printer.output
    assert data.startswith(b"\x1b@")
    number_at = data.index(b"A-022\n")
    assert b"\x1d!" + bytes([size]) in data[:number_at]
    qr = b"\x1d(k" + bytes([len(URL) + 24 + 3, 0]) + b"1P0" + (URL + "x" * 24).encode()
    assert QR_LEVEL_M in data
    assert data.index(qr) < data.index(b"\x1d(k\x03\x001Q0")
    assert data.index(b"Loket 1\n") < data.index(qr) < data.index(b"Pindai untuk")
    assert data.endswith(CUT + b"\x01")
    assert data.isascii()


@pytest.mark.parametrize(("width", "columns"), [(58, 32), (80, 48)])
def test_lines_fill_the_paper_and_never_run_over(width: int, columns: int) -> None:
    facts = (("Asal", "Kelurahan " + "Batu " * 12), ("Perkiraan", "10.05–10.15"), ("L" * 30, "V"))
    text = receipt(made(width, facts=facts)).decode("latin-1")
    lines = [line for line in text.split("\n") if line.isprintable() and "1P0" not in line]
    assert max(len(line) for line in lines) == columns
    assert "Perkiraan" + "10.05-10.15".rjust(columns - 9) in lines


@pytest.mark.parametrize("width", [58, 80])
@pytest.mark.parametrize("length", [1, 40, 90, 180, 290])
def test_the_qr_is_at_least_28_mm_wide_and_fits_the_paper(width: int, length: int) -> None:
    slip = made(width, url="https://" + "a" * length)
    modules = {1: 21, 40: 33, 90: 41, 180: 57, 290: 69}
    dots = module_dots(slip) * modules[length]
    assert 28 * 8 <= dots <= DOTS[width]


def test_a_long_number_is_printed_smaller_rather_than_broken() -> None:
    assert b"\x1d!\x44" in receipt(made(58, code="A-1000"))


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("10.05–10.15", "10.05-10.15"),
        ("Ba’da “Zuhur” …", 'Ba\'da "Zuhur" ...'),
        ("Café ﬁn", "Cafe fin"),
        ("Desa 🏠 Binjai", "Desa  Binjai"),
        ("\u202eabc\x1b@\n", "abc@"),
    ],
)
def test_only_letters_that_every_printer_has(text: str, letters: str) -> None:
    assert plain(text) == letters


def test_a_fact_too_long_for_its_line_goes_on_below() -> None:
    assert fact_lines("Asal", "Desa Murung Abuin", 18) == [
        "Asal   Desa Murung",
        "             Abuin",
    ]
