"""Making a browser a device of the office: the page behind a pairing link, for kiosk and display alike."""

import secrets

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ruko import clock, devices
from ruko.audit import SYSTEM
from ruko.devices import DeviceKind
from ruko.errors import NotFound
from ruko.web.callers import keep_device
from ruko.web.doors import current_office, settings
from ruko.web.once import commit
from ruko.web.throttle import looking_up


def pairing_door(kind: DeviceKind, *, home: str) -> Blueprint:
    """The pairing pages of one kind of device; a paired browser goes on to the endpoint `home`.

    Endpoints: `form` (the link's page), `pair` (its button), `example` (the demo's button).
    """
    bp = Blueprint(f"{kind}_pairing", __name__)

    @bp.get("/<secret>")
    def form(secret: str) -> ResponseReturnValue:
        """One button, and nothing done yet."""
        with looking_up():
            device = devices.find_pairing(current_office(), kind, secret)
            if device is None:
                raise NotFound(devices.LINK_USED)
        return render_template("pair.html", kind=kind, device=device, secret=secret)

    @bp.post("/<secret>")
    def pair(secret: str) -> ResponseReturnValue:
        """Use the link: this browser is the device from now on."""
        with looking_up():
            token = devices.pair(current_office(), kind, secret, now=clock.now())
        return _paired(token)

    @bp.post("")
    def example() -> ResponseReturnValue:
        """Add and pair a device at once; only where nothing is kept."""
        if not settings().demo:
            raise NotFound
        office, now = current_office(), clock.now()
        name = f"Contoh {secrets.token_hex(3)}"
        _device, secret, _token = devices.add_device(office, kind, name, by=SYSTEM, now=now)
        return _paired(devices.pair(office, kind, secret, now=now))

    def _paired(token: str) -> ResponseReturnValue:
        response = redirect(url_for(home), 303)
        keep_device(response, token)
        return commit(response)

    return bp
