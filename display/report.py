"""What a paired display tells: of its sound, its page and what went wrong; and of its calls."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from ruko import clock
from ruko.announced import read_announced
from ruko.devices import Device
from ruko.displays import report, settings_of
from ruko.errors import N_, Forbidden, Invalid
from ruko.receipts import note_announced
from ruko.web import commit, current_device, current_office, page_edition

bp = Blueprint("display_report", __name__)


@bp.post("/report")
def take_report() -> ResponseReturnValue:
    """Keep the report; the answer is what the office set for this screen."""
    display = _this_display()
    said = _said()
    report(
        display,
        sound=_text(said, "sound"),
        page=_text(said, "page"),
        missing=_count(said, "missing"),
        trouble=_text(said, "trouble"),
        now=clock.now(),
    )
    settings = settings_of(display.id)[display.id].as_json()
    return commit(jsonify(settings | {"page": page_edition()}))


@bp.post("/announced")
def take_receipt() -> ResponseReturnValue:
    """Keep the receipt of a screen without a socket; said again, or of an unknown call, it changes nothing."""
    display = _this_display()
    told = read_announced(request.get_json(silent=True))
    if told is None:
        raise Invalid("seq", N_("This is no receipt of a call."))
    seq, spoken = told
    note_announced(display.office_id, display.id, seq, spoken=spoken, now=clock.now())
    return commit(Response(status=204))


def _this_display() -> Device:
    """This browser as a display of the office, whoever else is signed in on it."""
    device = current_device()
    if device is None or not device.serves(current_office(), "display"):
        raise Forbidden
    return device


def _said() -> dict[str, Any]:
    if not request.is_json:
        return request.form.to_dict()
    said = request.get_json()
    return said if isinstance(said, dict) else {}


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _count(said: dict[str, Any], name: str) -> int:
    try:
        return int(said.get(name) or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
