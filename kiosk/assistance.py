"""Ringing for somebody of the office, and telling the office that the kiosk is alive."""

from collections.abc import Callable
from typing import Any

from flask import make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from kiosk.routes import bp, this_kiosk
from ruko import clock, devices
from ruko.assistance import ask_for_help, help_at
from ruko.web import commit, current_device, current_office


@bp.context_processor
def _help_button() -> dict[str, Callable[[], Any]]:
    """For the bar of every page: what became of the last press; None where nobody could come."""

    def state() -> str | None:
        device = current_device()
        is_ours = device and device.serves(current_office(), "kiosk")
        return help_at(device, now=clock.now()) if device and is_ours else None

    return {"help_state": state}


@bp.post("/help")
def call_staff() -> ResponseReturnValue:
    """Ring the desks; pressing again changes nothing."""
    device, now = this_kiosk(), clock.now()
    ask_for_help(current_office(), device, now=now)
    devices.touch(device.id, now=now)
    return commit(redirect(url_for("kiosk.help_page"), 303))


@bp.get("/help")
def help_page() -> ResponseReturnValue:
    """What became of the press, where no script shows it in the bar."""
    return render_template("kiosk/help.html")


@bp.get("/help/now")
def help_now() -> ResponseReturnValue:
    """The button alone, for the bar itself."""
    return render_template("kiosk/_help.html")


@bp.post("/alive")
def alive() -> ResponseReturnValue:
    """Sent once a minute by the page, so that the office sees when a kiosk is away."""
    devices.touch(this_kiosk().id, now=clock.now())
    return commit(make_response("", 204))
