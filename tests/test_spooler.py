"""Slips on their way to printers that answer, hang, refuse, hang up, or have no paper."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from ruko import clock, spooler
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import all_devices
from ruko.offices import Office, get_bidang, get_office
from ruko.printing import (
    JobState,
    Printer,
    PrintJob,
    add_printer,
    find_printer,
    queue_slip,
    read_address,
    troubled_jobs,
)
from ruko.printing.jobs import claim
from ruko.slips import sample_slip
from ruko.spooler import (
    Trouble,
    ask,
    look_after,
    on_network,
    print_next,
    print_now,
    probe_printer,
    wire,
)
from ruko.spooler.trouble import AWAY, BROKE_OFF, FAULT, NO_PAPER, NOT_READY, RAN_OUT
from ruko.tickets import VisitorKind, issue
from tests.conftest import SLUG, VisitingClient
from tests.printers import COVER_OPEN, RecordingPrinter
from tests.printers import NO_PAPER as OUT

FEW_SECONDS = 30.0


@contextmanager
def writing_office(app: Flask) -> Iterator[Office]:
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.commit()


def printer_at(app: Flask, address: str, name: str = "Struk", width: int = 58) -> int:
    with writing_office(app) as office:
        return add_printer(office, name, address, width, by=SYSTEM, now=clock.now()).id


def queued(app: Flask, name: str = "Struk") -> int:
    """A number whose slip waits; the job's id."""
    with writing_office(app) as office:
        token = issue(
            office,
            get_bidang(office, "PEM"),
            visitor=VisitorKind.RESIDENT,
            by=SYSTEM,
            now=clock.now(),
        )
        queue_slip(token, find_printer(office, name), url=f"http://r/t/{token}", now=clock.now())
        db.session.flush()
        return db.session.query(PrintJob.id).order_by(PrintJob.id.desc()).limit(1).scalar()  # type: ignore[no-any-return]


def told(app: Flask, job_id: int) -> tuple[str, str | None]:
    with app.app_context():
        job = db.session.get_one(PrintJob, job_id)
        return job.state, job.error


def until(what: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    give_up = time.monotonic() + FEW_SECONDS
    while not what():
        assert time.monotonic() < give_up, "nothing happened"
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that earlier tests started leave these slips alone."""
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 10.0)  # of a printer that does answer, in the end
    monkeypatch.setattr(spooler, "look_after", lambda _app: set())
    monkeypatch.setattr(spooler, "on_network", lambda _app: [])


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real threads do the work."""
    monkeypatch.setattr(spooler, "look_after", look_after)


def test_a_printer_that_answers_gets_the_slip_once(app: Flask) -> None:
    with RecordingPrinter() as paper:
        printer_id = printer_at(app, paper.address)
        job_id = queued(app)
        assert print_next(app, printer_id)
        assert not print_next(app, printer_id)
        assert told(app, job_id) == (JobState.PRINTED, None)
        assert paper.slips == 1
        assert b"A-001\n" in paper.data
    with app.app_context():
        printer = db.session.get_one(Printer, printer_id)
        assert (printer.last_seen, printer.last_error) == (clock.now(), None)


def test_a_printer_that_never_answers_prints_all_the_same(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 0.2)
    with RecordingPrinter("silent") as paper:
        printer_id = printer_at(app, paper.address)
        job_id = queued(app)
        assert print_next(app, printer_id)
        assert told(app, job_id)[0] == JobState.PRINTED
        until(lambda: paper.slips == 1)


def test_a_printer_that_is_away_is_tried_again_and_prints_when_it_comes_back(app: Flask) -> None:
    with RecordingPrinter() as gone:
        address = gone.address
    printer_id = printer_at(app, address)
    job_id = queued(app)
    assert not print_next(app, printer_id)
    assert told(app, job_id) == (JobState.QUEUED, AWAY)
    with app.app_context():
        office = get_office(SLUG)
        assert [job.error for job in troubled_jobs(office, now=clock.now())] == [AWAY]
    with RecordingPrinter() as back, writing_office(app) as office:
        db.session.get_one(Printer, printer_id).address = back.address
        db.session.commit()
        assert print_next(app, printer_id)
        assert back.slips == 1
    assert told(app, job_id) == (JobState.PRINTED, None)


def test_a_printer_that_hangs_up_in_the_middle_may_have_printed(app: Flask) -> None:
    with RecordingPrinter("closes") as paper:
        printer_id = printer_at(app, paper.address)
        job_id = queued(app)
        print_next(app, printer_id)
        assert told(app, job_id) == (JobState.FAILED, BROKE_OFF)
        print_next(app, printer_id)
        assert paper.slips <= 1


def test_without_paper_nothing_is_sent_and_with_paper_it_prints(app: Flask) -> None:
    with RecordingPrinter(paper=OUT) as paper:
        printer_id = printer_at(app, paper.address)
        job_id = queued(app)
        assert not print_next(app, printer_id)
        assert told(app, job_id) == (JobState.QUEUED, NO_PAPER)
        assert paper.data == b""
        paper.paper = 0x12
        assert print_next(app, printer_id)
        assert (told(app, job_id)[0], paper.slips) == (JobState.PRINTED, 1)


def test_paper_that_ends_with_the_slip_is_told_and_not_tried_again(app: Flask) -> None:
    with RecordingPrinter() as paper:
        paper.runs_out = True
        printer_id = printer_at(app, paper.address)
        job_id = queued(app)
        print_next(app, printer_id)
        assert told(app, job_id) == (JobState.FAILED, RAN_OUT)


def test_an_open_cover_is_told(app: Flask) -> None:
    with RecordingPrinter(state=COVER_OPEN) as paper:
        job_id = queued_at(app, paper.address)
        assert told(app, job_id) == (JobState.QUEUED, NOT_READY)


def queued_at(app: Flask, address: str) -> int:
    printer_id = printer_at(app, address)
    job_id = queued(app)
    print_next(app, printer_id)
    return job_id


def test_a_printer_on_a_cable_is_a_file(app: Flask, tmp_path: Path) -> None:
    device = tmp_path / "lp0"
    device.touch()
    job_id = queued_at(app, f"file://{device}")
    assert told(app, job_id) == (JobState.PRINTED, None)
    assert b"A-001\n" in device.read_bytes()


def test_a_cable_that_was_pulled_is_told_and_makes_no_file(app: Flask, tmp_path: Path) -> None:
    job_id = queued_at(app, f"file://{tmp_path / 'lp0'}")
    assert told(app, job_id) == (JobState.QUEUED, AWAY)
    assert not (tmp_path / "lp0").exists()


def test_a_usb_printer_that_is_not_there_is_told(app: Flask) -> None:
    job_id = queued_at(app, "usb://04b8:0e15")
    assert told(app, job_id) == (JobState.QUEUED, AWAY)


def test_without_the_extra_the_job_says_how_to_install_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "escpos"]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("ruko.spooler.wire", "ruko.spooler.receipt"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    job_id = queued_at(app, "tcp://127.0.0.1:1")
    state, error = told(app, job_id)
    assert state == JobState.FAILED
    assert "pip install 'ruko[printing]'" in (error or "")


def test_a_fault_of_ours_is_told_and_not_repeated(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spooler, "slip_of", lambda *_, **__: 1 / 0)
    job_id = queued_at(app, "tcp://127.0.0.1:1")
    assert told(app, job_id) == (JobState.FAILED, FAULT)


def test_kiosks_print_for_themselves(app: Flask, paired: Callable[..., VisitingClient]) -> None:
    paired("kiosk", "Lobi")
    with writing_office(app) as office:
        [kiosk] = all_devices(office)
        printer = add_printer(
            office, "Struk", "browser", 58, kiosk=kiosk, by=SYSTEM, now=clock.now()
        )
        db.session.commit()
        printer_id = printer.id
    job_id = queued(app)
    assert not print_next(app, printer_id)
    assert told(app, job_id)[0] == JobState.QUEUED


def test_what_is_too_late_is_given_up(app: Flask, time_is: Callable[..., datetime]) -> None:
    printer_id = printer_at(app, "tcp://127.0.0.1:1")
    late, unknown = queued(app), queued(app)
    with writing_office(app):
        db.session.get_one(PrintJob, unknown).state = JobState.PRINTING
    assert look_after(app) == {printer_id}
    time_is(9, 3)
    assert look_after(app) == set()
    assert told(app, late)[0] == told(app, unknown)[0] == JobState.FAILED


def test_two_processes_share_a_printer_and_print_each_slip_once(app: Flask) -> None:
    with RecordingPrinter() as paper:
        printer_id = printer_at(app, paper.address)
        jobs = [queued(app) for _ in range(6)]

        def work() -> None:
            give_up = time.monotonic() + FEW_SECONDS
            while time.monotonic() < give_up:
                if not print_next(app, printer_id) and all(
                    told(app, job)[0] == JobState.PRINTED for job in jobs
                ):
                    return

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * FEW_SECONDS)
        assert paper.slips == 6
        assert sorted(paper.data.count(b"A-%03d\n" % number) for number in range(1, 7)) == [1] * 6


def test_nobody_waits_for_the_write_lock_while_paper_is_slow(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "ANSWER_SECONDS", 2 * FEW_SECONDS)  # it waits until it is hung up on
    with RecordingPrinter("silent") as paper:
        printer_id = printer_at(app, paper.address)
        queued(app)
        printing = threading.Thread(target=print_next, args=(app, printer_id))
        printing.start()
        until(lambda: in_state(app, JobState.PRINTING) and paper.connected)
        queued(app)
        assert in_state(app, JobState.PRINTING)
        paper.hang_up()
        printing.join(FEW_SECONDS)
        assert not printing.is_alive()


def in_state(app: Flask, state: JobState) -> int:
    with app.app_context():
        return db.session.query(PrintJob).filter_by(state=state).count()


# ── Through the kiosk's door, with the real threads ───────────────────────────────────────────


def kiosk_with_printer(
    app: Flask, paired: Callable[..., VisitingClient], address: str
) -> VisitingClient:
    client = paired("kiosk", "Lobi")
    with writing_office(app) as office:
        [kiosk] = all_devices(office)
        add_printer(office, "Struk", address, 58, kiosk=kiosk, by=SYSTEM, now=clock.now())
    return client


def press(client: VisitingClient, key: str = "k1") -> str:
    """Take a number; its page."""
    answer = client.submit(
        f"/{SLUG}/kiosk/number",
        {
            "visitor": "resident",
            "bidang": "PEM",
            "service": "other",
            "priority": "no",
            "request_key": key,
        },
    )
    assert answer.status_code == 303, answer.text
    return str(answer.location)


@pytest.mark.usefixtures("threads")
def test_a_number_from_the_kiosk_is_on_paper_once(
    app: Flask, paired: Callable[..., VisitingClient]
) -> None:
    with RecordingPrinter() as paper:
        client = kiosk_with_printer(app, paired, paper.address)
        page = press(client)
        assert press(client) == page  # a double press, or the request sent again
        until(lambda: in_state(app, JobState.PRINTED))
        assert "Tercetak" in client.get(f"{page}/slip").text
        assert "Tercetak" in client.get(page).text
        assert paper.slips == 1
        assert f"http://localhost/t/{page.rsplit('/', 1)[-1]}".encode() in paper.data


@pytest.mark.usefixtures("threads")
def test_without_paper_the_number_is_valid_and_the_page_says_so(
    app: Flask, paired: Callable[..., VisitingClient]
) -> None:
    with RecordingPrinter(paper=OUT) as paper:
        client = kiosk_with_printer(app, paired, paper.address)
        page = press(client)
        until(lambda: told_all(app) == [(JobState.QUEUED, NO_PAPER)])
        shown = client.get(page)
        assert shown.status_code == 200
        assert "A" in shown.text
        assert "foto nomor ini atau pindai kode QR" in shown.text
        assert paper.slips == 0


def told_all(app: Flask) -> list[tuple[str, str | None]]:
    with app.app_context():
        return [(job.state, job.error) for job in db.session.query(PrintJob)]


@pytest.mark.usefixtures("threads")
def test_slips_that_were_queued_before_a_restart_are_printed(app: Flask) -> None:
    with RecordingPrinter() as paper:
        printer_at(app, paper.address)
        queued(app)
        assert spooler.Spooler(app).look_around(), "the first thing that a new process does"
        until(lambda: paper.slips == 1)
        until(lambda: in_state(app, JobState.PRINTED))


def test_the_first_request_starts_the_one_thread(app: Flask, client: VisitingClient) -> None:
    client.get("/healthz")
    running = watchers()
    client.get("/healthz")
    assert watchers() == running != set()


def watchers() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if thread.name == "ruko-spooler"}


@pytest.mark.usefixtures("threads")
def test_a_printer_that_hangs_keeps_no_other_waiting(app: Flask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lp0")  # nobody reads: opening it hangs, as a cable printer may
    with RecordingPrinter() as paper:
        printer_at(app, f"file://{tmp_path / 'lp0'}", "Macet")
        printer_at(app, paper.address)
        queued(app, "Macet")
        queued(app)
        spooler.Spooler(app).look_around()
        until(lambda: paper.slips == 1)
        until(lambda: in_state(app, JobState.PRINTED) == 1)
        assert in_state(app, JobState.PRINTING) == 1
    reader = os.open(tmp_path / "lp0", os.O_RDONLY)  # let its thread go
    until(lambda: in_state(app, JobState.PRINTED) == 2)
    os.close(reader)


# ── Asking a printer how it is ────────────────────────────────────────────────────────────────


def test_a_probe_prints_nothing(app: Flask) -> None:
    with RecordingPrinter() as paper:
        assert probe_printer(Printer(address=paper.address)) is None
        paper.paper = OUT
        assert probe_printer(Printer(address=paper.address)) == NO_PAPER
        assert paper.data == b""
        address = paper.address
    assert probe_printer(Printer(address=address)) == AWAY
    assert probe_printer(Printer(address="browser")) is None
    assert "usb://" in (probe_printer(Printer(address="lpt1")) or "")


def test_printers_on_the_network_are_asked_before_a_visitor_comes(
    app: Flask, time_is: Callable[..., datetime]
) -> None:
    with RecordingPrinter(paper=OUT) as paper:
        printer_id = printer_at(app, paper.address)
        printer_at(app, "usb://04b8:0e15", "Kabel")
        assert on_network(app) == [printer_id]
        ask(app, printer_id)
        assert state_of(app, printer_id) == (clock.now(), NO_PAPER)
        seen = clock.now()
    time_is(9, 5)
    ask(app, printer_id)
    assert state_of(app, printer_id) == (seen, AWAY)


def state_of(app: Flask, printer_id: int) -> tuple[datetime | None, str | None]:
    with app.app_context():
        printer = db.session.get_one(Printer, printer_id)
        return printer.last_seen, printer.last_error


def test_a_test_slip_needs_no_number(app: Flask) -> None:
    with RecordingPrinter() as paper:
        with app.app_context():
            slip = sample_slip(get_office(SLUG), 80, "http://ruko", now=clock.now())
        print_now(read_address(paper.address), slip)
        assert paper.slips == 1
        paper.paper = OUT
        with pytest.raises(Trouble):
            print_now(read_address(paper.address), slip)


def test_a_claimed_slip_is_nobody_elses(app: Flask) -> None:
    printer_id = printer_at(app, "tcp://127.0.0.1:1")
    queued(app)
    with writing_office(app):
        assert claim(printer_id, now=clock.now() + timedelta(seconds=1)) is not None
    assert not print_next(app, printer_id)
