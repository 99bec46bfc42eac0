"""Which printers there are."""

from datetime import datetime

from sqlalchemy import bindparam, select, update

from ruko.audit import Actor, trail
from ruko.db import db
from ruko.devices import Device
from ruko.errors import N_, Invalid, NotFound
from ruko.offices import Office
from ruko.printing.addresses import BROWSER, read_address
from ruko.printing.models import JobState, Printer, PrintJob

WIDTHS = (58, 80)
_BESIDE = select(Printer).where(
    Printer.device_id == bindparam("b_device"), Printer.removed_at.is_(None)
)
REMOVED = N_("The printer was removed.")


def add_printer(
    office: Office,
    name: str,
    address: str,
    width: int,
    *,
    kiosk: Device | None = None,
    by: Actor,
    now: datetime,
) -> Printer:
    """Add a receipt printer: one beside `kiosk` prints its numbers, another what staff send it.

    Raises `Invalid`.
    """
    name, address = name.strip(), address.strip()
    if not name or len(name) > 40:
        raise Invalid("name", N_("A printer name has 1 to 40 characters."))
    if find_printer(office, name):
        raise Invalid("name", N_("There is already a printer “%(name)s”."), name=name)
    read_address(address)
    if width not in WIDTHS:
        raise Invalid("width", N_("The paper is 58 or 80 mm wide."))
    if kiosk is not None and (kiosk.revoked_at or not kiosk.serves(office, "kiosk")):
        raise Invalid("kiosk", N_("Please choose a kiosk of this office."))
    if kiosk is None and address == BROWSER:
        raise Invalid("kiosk", N_("Chrome prints on a kiosk: please say on which."))
    if kiosk is not None and printer_of(kiosk):
        raise Invalid("kiosk", N_("The kiosk “%(name)s” already has a printer."), name=kiosk.name)
    printer = Printer(
        office_id=office.id,
        name=name,
        address=address,
        width=width,
        device_id=kiosk.id if kiosk else None,
        created_at=now,
    )
    db.session.add(printer)
    db.session.flush()
    trail("printer", printer.id, "add", office_id=office.id, by=by, now=now, address=address)
    return printer


def remove_printer(office: Office, printer_id: int, *, by: Actor, now: datetime) -> None:
    """Take a printer out of use; its name becomes free. Raises `NotFound`."""
    printer = next((p for p in all_printers(office) if p.id == printer_id), None)
    if printer is None:
        raise NotFound(N_("There is no such printer."))
    printer.removed_at = now
    printer.device_id = None
    printer.name = f"{printer.name[:28]} ({printer.id})"
    db.session.execute(
        update(PrintJob)
        .filter_by(printer_id=printer.id, state=JobState.QUEUED)
        .values(state=JobState.FAILED, error=REMOVED, changed_at=now)
    )
    trail("printer", printer.id, "remove", office_id=office.id, by=by, now=now)


def note_state(printer_id: int, error: str | None, *, seen: bool, now: datetime) -> None:
    """Remember how a printer is: what is wrong with it, and whether it answered."""
    values = {"last_error": error} | ({"last_seen": now} if seen else {})
    db.session.execute(update(Printer).filter_by(id=printer_id).values(**values))


def all_printers(office: Office) -> list[Printer]:
    """The printers in use, by name."""
    return list(
        db.session.scalars(
            select(Printer)
            .filter_by(office_id=office.id)
            .where(Printer.removed_at.is_(None))
            .order_by(Printer.name)
        )
    )


def find_printer(office: Office, name: str) -> Printer | None:
    """The printer in use with that name, or None."""
    return next((p for p in all_printers(office) if p.name == name), None)


def printer_of(device: Device) -> Printer | None:
    """The printer beside that kiosk, or None."""
    return db.session.scalar(_BESIDE, {"b_device": device.id})
