"""`ruko printer` and what `ruko doctor` says of printers."""

from collections.abc import Iterator

import pytest

from ruko.db import db
from ruko.printing import PrintJob
from tests.printers import NO_PAPER, RecordingPrinter
from tests.test_cli import Shell, office_database, ruko, speaks

__all__ = ["office_database", "ruko", "speaks"]  # its fixtures: a computer with RUKO and its office

BASE = {"RUKO_BASE_URL": "https://ruko.example.go.id"}


@pytest.fixture
def paper() -> Iterator[RecordingPrinter]:
    with RecordingPrinter() as started:
        yield started


def test_a_printer_is_added_listed_tested_and_removed(
    ruko: Shell,
    paper: RecordingPrinter,
) -> None:
    ruko.says("device", "add", "kiosk", "Lobi")
    said = ruko.says(
        *("printer", "add", "Struk lobi", "--address", paper.address),
        *("--width", "58", "--kiosk", "Lobi"),
    )
    assert said == ["Added. To see whether it prints: ruko printer test 'Struk lobi'"]
    [_, row] = ruko.says("printer", "list")
    assert row.split("  ")[0] == "Struk lobi"
    for part in (paper.address, "58", "Lobi", "never"):
        assert part in row
    assert ruko.says("printer", "test", "Struk lobi", **BASE) == ["Printed."]
    assert paper.slips == 1
    assert b"Ini bukan nomor antrean" in paper.data
    assert b"https://ruko.example.go.id/paringin-selatan" in paper.data
    with ruko.app.app_context():
        assert db.session.query(PrintJob).count() == 0
    assert ruko.says("printer", "remove", "Struk lobi") == ["Struk lobi is no longer used."]
    assert len(ruko.says("printer", "list")) == 1


def test_chrome_on_the_kiosk_is_started_for_printing(ruko: Shell) -> None:
    ruko.says("device", "add", "kiosk", "Lobi")
    [said] = ruko.says(
        *("printer", "add", "Chrome", "--address", "browser", "--width", "80", "--kiosk", "Lobi")
    )
    assert "--kiosk-printing" in said
    assert "at the kiosk" in ruko.refuses("printer", "test", "Chrome")


def test_what_is_refused(ruko: Shell) -> None:
    new = ("printer", "add", "Struk", "--width", "58", "--address")
    assert "tcp://HOST:PORT" in ruko.refuses(*new, "lpt1")
    assert "say on which" in ruko.refuses(*new, "browser")
    assert "no kiosk “Lobi”" in ruko.refuses(*new, "tcp://10.0.0.5", "--kiosk", "Lobi")
    assert "no printer “Struk”" in ruko.refuses("printer", "remove", "Struk")
    assert "no printer “Struk”" in ruko.refuses("printer", "test", "Struk")
    ruko.says(*new, "tcp://10.0.0.5")
    assert "already a printer “Struk”" in ruko.refuses(*new, "tcp://10.0.0.5")


def test_a_printer_that_does_not_print_is_told(
    ruko: Shell,
    paper: RecordingPrinter,
) -> None:
    ruko.says("printer", "add", "Struk", "--address", paper.address, "--width", "58")
    assert ruko("doctor", **BASE).exit_code == 0
    paper.paper = NO_PAPER
    assert "has no paper" in ruko.refuses("printer", "test", "Struk")
    fault = ruko.refuses("doctor", **BASE)
    assert fault == f"Error: Printer “Struk” at {paper.address}: The printer has no paper."
    assert paper.slips == 0
