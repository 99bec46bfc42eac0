"""Slips of paper: how the visitor's is doing, and printing them from this kiosk's own browser."""

from datetime import datetime
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue

from kiosk.routes import bp
from ruko import clock
from ruko.db import db
from ruko.devices import Device
from ruko.errors import NotFound
from ruko.printing import Printer, PrintJob, find_job, printer_of, queue_beside
from ruko.printing.addresses import BROWSER
from ruko.printing.jobs import claim, mark_printed, work_to_do
from ruko.slips import slip_of
from ruko.tickets import get_visit
from ruko.web import commit, current_device, current_office, office_of, undo, url_of


def print_at(device: Device, token: str, *, now: datetime) -> None:
    """Have the ticket's slip printed beside that kiosk, with the transaction that issued it."""
    queue_beside(token, device, url=url_of("ticket.show", token=token), now=now)


@bp.context_processor
def _slips() -> dict[str, Any]:
    return {"prints_here": lambda: _own_printer() is not None}


@bp.get("/tickets/<token>/slip")
def slip_state(token: str) -> ResponseReturnValue:
    """Whether the number's slip is on paper: a part of its page."""
    _, visit = get_visit(token, office_of=office_of, office=current_office(), now=clock.now())
    return render_template("kiosk/_slip_state.html", slip=find_job(visit.ticket_id))


@bp.get("/slips")
def slips() -> ResponseReturnValue:
    """Whether a slip waits for this browser: 200, else 204."""
    printer = _own_printer()
    waiting, _ = work_to_do(now=clock.now())
    return Response(status=200 if printer and printer.id in waiting else 204)


@bp.post("/slips/next")
def next_slip() -> ResponseReturnValue:
    """Hand out the next slip, once: whoever reloads the page finds it taken. 204 when there is none."""
    printer = _own_printer()
    job_id = claim(printer.id, now=clock.now()) if printer else None
    commit(Response())
    undo()  # what follows only reads
    if job_id is None:
        return Response(status=204)
    job = db.session.get_one(PrintJob, job_id)
    slip = slip_of(job, now=clock.now())
    return render_template("kiosk/_slip.html", slip=slip, job=job)


@bp.post("/slips/<int:job_id>/printed")
def slip_printed(job_id: int) -> ResponseReturnValue:
    """The browser has printed it."""
    printer = _own_printer()
    job = db.session.get(PrintJob, job_id)
    if job is None or printer is None or job.printer_id != printer.id:
        raise NotFound
    mark_printed(job_id, now=clock.now())
    return commit(Response(status=204))


def _own_printer() -> Printer | None:
    """The printer of this kiosk's own browser, or None."""
    device = current_device()
    printer = printer_of(device) if device else None
    return printer if printer and printer.address == BROWSER else None
