"""The office's devices: who is heard of, letting a new screen in, renaming and revoking."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from desk.office_forms import ApproveForm, RenameForm
from desk.seat import staff_bar
from desk.staff import SEES_OFFICE, deciding_staff
from ruko import clock, pairing
from ruko.devices import (
    Device,
    all_devices,
    get_device,
    is_silent,
    rename_device,
    revoke_device,
)
from ruko.displays import Display, DisplaySettings, reports_of, settings_of
from ruko.errors import Invalid
from ruko.offices import Office, all_bidang, opening
from ruko.printing import Printer, all_printers
from ruko.unspoken import unspoken_today
from ruko.web import (
    commit,
    current_office,
    once,
    page_edition,
    show_at_field,
    sign_in_required,
    undo,
)

bp = Blueprint("devices", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)


@dataclass(frozen=True, slots=True)
class Equipment:
    """The devices and printers in use, and which of them are missed."""

    kiosks: list[Device]
    displays: list[Device]
    printers: list[Printer]
    missed: frozenset[int]
    """Paired devices that are silent while the office is open."""
    settings: dict[int, DisplaySettings]
    told: dict[int, Display]
    """What the displays last told about themselves."""
    mute: frozenset[int]
    """Displays that should speak now and told that they cannot."""


def read_equipment(office: Office, *, now: datetime) -> Equipment:
    """The equipment as it is now."""
    devices = all_devices(office)
    is_open = opening(office, now).state == "open"
    displays = [d for d in devices if d.kind == "display"]
    missed = frozenset(d.id for d in devices if is_open and is_silent(d, now))
    settings = settings_of(*(d.id for d in displays)) if displays else {}
    told = reports_of(*settings) if settings else {}
    return Equipment(
        kiosks=[d for d in devices if d.kind == "kiosk"],
        displays=displays,
        printers=all_printers(office),
        missed=missed,
        settings=settings,
        told=told,
        mute=frozenset(
            d.id
            for d in displays
            if is_open
            and d.id in told
            and told[d.id].sound in {"blocked", "none"}
            and d.id not in missed
            and not settings[d.id].is_silent(office.local(now).time())
        ),
    )


@bp.get("")
def overview() -> ResponseReturnValue:
    """All of them, with when they were last heard of."""
    return _page(ApproveForm())


@bp.post("/approve")
def approve() -> ResponseReturnValue:
    """Let in the screen that shows the typed code."""
    user, entered = deciding_staff(), ApproveForm()
    if done := once(user):
        return done
    if not entered.validate():
        return _page(entered, 422)
    try:
        device = pairing.approve(
            current_office(),
            entered.code.data or "",
            entered.name.data or "",
            by=user.actor,
            now=clock.now(),
        )
    except Invalid as error:
        show_at_field(entered, error)
        return _page(entered, error.status)
    name = device.name
    return _done(_("“%(name)s” is paired; its screen goes on by itself.", name=name))


@bp.get("/<int:device_id>/name")
def ask_name(device_id: int) -> ResponseReturnValue:
    """Ask for another name."""
    deciding_staff()
    device = get_device(current_office(), device_id)
    return _question("rename", device, RenameForm(name=device.name))


@bp.post("/<int:device_id>/name")
def rename(device_id: int) -> ResponseReturnValue:
    """Give it another name."""
    user, entered = deciding_staff(), RenameForm()
    if done := once(user):
        return done
    device = get_device(current_office(), device_id)
    if not entered.validate():
        return _question("rename", device, entered, 422)
    try:
        rename_device(device, entered.name.data or "", by=user.actor, now=clock.now())
    except Invalid as error:
        show_at_field(entered, error)
        return _question("rename", device, entered, error.status)
    return _done(_("It is called “%(name)s” now.", name=device.name))


@bp.get("/<int:device_id>/revoke")
def ask_revoke(device_id: int) -> ResponseReturnValue:
    """Say what revoking does."""
    deciding_staff()
    return _question("revoke", get_device(current_office(), device_id))


@bp.post("/<int:device_id>/revoke")
def revoke(device_id: int) -> ResponseReturnValue:
    """Unpair it at once."""
    user = deciding_staff()
    if done := once(user):
        return done
    name = get_device(current_office(), device_id).name
    revoke_device(current_office(), device_id, by=user.actor, now=clock.now())
    return _done(_("“%(name)s” was revoked.", name=name))


def _done(said: str) -> Response:
    """Back to the list; what was done is said only when it is kept."""
    answer = commit(make_response(redirect(url_for("devices.overview"), 303)))
    flash(said, "success")
    return answer


def _page(entered: ApproveForm, status: int = 200) -> Response:
    undo()
    office, now = current_office(), clock.now()
    equipment = read_equipment(office, now=now)
    called, unspoken = unspoken_today(office, now=now) if equipment.displays else (0, [])
    page = render_template(
        "desk/devices.html",
        form=entered,
        equipment=equipment,
        of_code={bidang.code: bidang for bidang in all_bidang(office)},
        edition=page_edition(),
        called=called,
        unspoken=unspoken,
    )
    return make_response(page, status)


def _question(
    page: str, device: Device, entered: RenameForm | None = None, status: int = 200
) -> Response:
    undo()
    answer = render_template(f"desk/{page}.html", form=entered, device=device)
    return make_response(answer, status)
