"""Takes queued slips to their printers, in threads of its own: no request ever waits for paper.

One thread watches; a printer with work gets a thread while it has some, so that one that hangs
keeps no other waiting. The database knows what is whose: several processes may do this together.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from flask import Flask, current_app, has_request_context
from sqlalchemy.exc import DBAPIError

from ruko import clock
from ruko.db import db, writing
from ruko.errors import Invalid, Unavailable
from ruko.events import listen
from ruko.offices import all_offices
from ruko.printing import Address, Printer, PrintJob, SlipQueued, all_printers, read_address
from ruko.printing.jobs import claim, give_up, mark_failed, mark_printed, work_to_do
from ruko.printing.printers import note_state
from ruko.slips import Slip, slip_of
from ruko.spooler.trouble import AWAY, FAULT, NO_PACKAGE, Trouble

__all__ = [
    "Trouble",
    "ask",
    "install_spooler",
    "look_after",
    "on_network",
    "print_next",
    "print_now",
    "probe_printer",
]

log = logging.getLogger(__name__)

RETRY_SECONDS = 5.0
IDLE_SECONDS = 30.0
"""How often slips of processes that were stopped are looked for."""
ASK_SECONDS = 60.0
"""How often printers on the network are asked how they are, so that staff know before a visitor."""


class Spooler:
    """The threads of one application in one process; none before its first request, so after any fork."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._work = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None
        self._workers: dict[int, threading.Thread] = {}
        self._ended = False

    def stop(self) -> None:
        """Look after no printer any more; returns when nothing of it runs."""
        self._ended = True
        self._work.set()
        for thread in (self._watcher, *self._workers.values()):
            if thread is not None:
                thread.join()

    def wake(self) -> None:
        """There is a slip to print."""
        self._work.set()
        self.start()

    def start(self) -> None:
        """Watch from now on; slips that were queued before a restart are printed, too."""
        if not self._ended and (self._watcher is None or not self._watcher.is_alive()):
            with self._lock:
                self._watcher = _running(self._watcher, "ruko-spooler", self._watch_forever)

    def _watch_forever(self) -> None:
        ask_at = clock.monotonic()
        while not self._ended:
            self._work.clear()
            try:
                busy = self.look_around()
                if clock.monotonic() >= ask_at:
                    ask_at = clock.monotonic() + ASK_SECONDS
                    self._ask_around()
            except (DBAPIError, Unavailable) as away:
                log.warning("the printers wait for the database: %s", away)
                busy = True
            except Exception:  # the watcher lives on: later slips must not wait for a restart
                log.exception("the printers could not be looked after")
                busy = True
            if not self._ended:
                self._work.wait(RETRY_SECONDS if busy else IDLE_SECONDS)

    def look_around(self) -> bool:
        """Start what is to be printed; returns whether slips are waiting."""
        waiting = look_after(self._app)
        for printer_id in waiting:
            self._send_to(printer_id)
        return bool(waiting)

    def _ask_around(self) -> None:
        for printer_id in on_network(self._app):
            self._send_to(printer_id, first=ask)

    def _send_to(
        self, printer_id: int, first: Callable[[Flask, int], object] | None = None
    ) -> None:
        """Have the printer's own thread print what waits, if it is not at it."""
        self._workers[printer_id] = _running(
            self._workers.get(printer_id),
            f"ruko-printer-{printer_id}",
            partial(self._serve, printer_id, first),
        )

    def _serve(self, printer_id: int, first: Callable[[Flask, int], object] | None) -> None:
        try:
            if first:
                first(self._app, printer_id)
            while print_next(self._app, printer_id):
                pass
        except (DBAPIError, Unavailable) as away:
            log.warning("printer %s waits for the database: %s", printer_id, away)
        except Exception:  # its slip stays "printing", and is given up as unknown
            log.exception("printer %s could not be served", printer_id)


def install_spooler(app: Flask) -> None:
    """Let this application print once it serves."""
    spooler = app.extensions["ruko_spooler"] = Spooler(app)
    app.before_request(spooler.start)


@listen
def _hear(happened: object) -> None:
    """After a commit; a command leaves the slip to the program that serves."""
    if isinstance(happened, SlipQueued) and has_request_context():
        current_app.extensions["ruko_spooler"].wake()


def _running(
    thread: threading.Thread | None, name: str, work: Callable[[], None]
) -> threading.Thread:
    """That thread while it runs, else a new one."""
    if thread is None or not thread.is_alive():
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
    return thread


def look_after(app: Flask) -> set[int]:
    """Give up what is too late; returns the printers for which slips are waiting."""
    with app.app_context():
        waiting, overdue = work_to_do(now=clock.now())
    if overdue:
        with app.app_context(), writing():
            give_up(now=clock.now())
            db.session.commit()
    return waiting


def on_network(app: Flask) -> list[int]:
    """The printers that may be asked at any time: asking one on a cable would reset it."""
    with app.app_context():
        printers = [p for office in all_offices() for p in all_printers(office)]
        return [p.id for p in printers if read_address(p.address).way == "tcp"]


def ask(app: Flask, printer_id: int) -> None:
    """Note how the printer is."""
    with app.app_context():
        printer = db.session.get_one(Printer, printer_id)
    error = probe_printer(printer)
    with app.app_context(), writing():
        note_state(printer_id, error, seen=error != AWAY, now=clock.now())
        db.session.commit()


def print_next(app: Flask, printer_id: int) -> bool:
    """Print the printer's next slip; False when there is none, or it failed."""
    with app.app_context(), writing():
        address = read_address(db.session.get_one(Printer, printer_id).address)
        if address.way == "browser":  # the kiosk's page prints
            return False
        job_id = claim(printer_id, now=clock.now())
        db.session.commit()
    if job_id is None:
        return False
    try:
        with app.app_context():
            slip = slip_of(db.session.get_one(PrintJob, job_id), now=clock.now())
        print_now(address, slip)
        trouble = None
    except Trouble as met:
        trouble = met
    except Exception:  # ours, not the printer's: another try would meet it again
        log.exception("slip %s could not be printed", job_id)
        trouble = Trouble(FAULT, again=False)
    with app.app_context(), writing():
        if trouble is None:
            mark_printed(job_id, now=clock.now())
        else:
            log.warning("slip %s at printer %s: %s", job_id, printer_id, trouble.sentence)
            mark_failed(job_id, trouble.sentence, again=trouble.again, now=clock.now())
        db.session.commit()
    return trouble is None or not trouble.again


def print_now(address: Address, slip: Slip) -> None:
    """Put the slip on paper; raises `Trouble`. No transaction may be open: this waits for a printer."""
    _driver("wire").send(address, _driver("receipt").receipt(slip))


def probe_printer(printer: Printer) -> str | None:
    """What is wrong with the printer now, as a message id; None when it answers, or never does."""
    try:
        address = read_address(printer.address)
        if address.way != "browser":
            _driver("wire").probe(address)
    except Trouble as trouble:
        return trouble.sentence
    except Invalid as invalid:
        return invalid.message
    return None


def _driver(name: str) -> Any:
    """What needs python-escpos is imported when a printer is used: it is an extra."""
    try:
        return import_module(f"ruko.spooler.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "escpos":
            raise
        raise Trouble(NO_PACKAGE, again=False) from None
