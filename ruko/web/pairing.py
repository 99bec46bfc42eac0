"""Making a browser a device of the office, for kiosk and display alike: by a code, or by a link.

By code: the unpaired screen's button shows a code, an administrator types it at the desk, and the
screen, which asks every few seconds, goes on by itself. By link: the page of `ruko device add`.
"""

import secrets

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as BaseResponse

from ruko import clock, devices, pairing
from ruko.audit import SYSTEM
from ruko.devices import DeviceKind
from ruko.errors import NotFound
from ruko.pairing import Asked
from ruko.web.callers import current_device, keep_device, revoked_device
from ruko.web.doors import current_office, reads_only, settings, url_of
from ruko.web.once import commit
from ruko.web.throttle import PAIRING_CODE, Throttle, looking_up, sender

SECRET_COOKIE = "ruko_pairing"  # noqa: S105 – its name


def unpaired_page(kind: DeviceKind) -> str:
    """What this browser is told while it is not that device: since when, and how to make it one."""
    device = current_device()
    return render_template(
        "unpaired.html",
        kind=kind,
        asked=_asked(kind),
        revoked=revoked_device(kind),
        paired=device if device and device.serves(current_office(), kind) else None,
        home=url_for(_home(kind)),
        devices_url=url_of("devices.overview"),
    )


def pairing_door(kind: DeviceKind) -> Blueprint:
    """The pairing pages of one kind of device.

    Endpoints: `screen`, `ask` and `check` for the code, `form` and `pair` for the link, and
    `example` for the demo's button.
    """
    bp = Blueprint(f"{kind}_pairing", __name__)
    _pair_by_code(bp, kind)
    _pair_by_link(bp, kind)
    return bp


def _pair_by_code(bp: Blueprint, kind: DeviceKind) -> None:
    @bp.get("")
    def screen() -> ResponseReturnValue:
        """The code if there is one, and how to get it approved."""
        return unpaired_page(kind)

    @bp.post("/code")
    def ask() -> ResponseReturnValue:
        """Show a code; while it is valid, a second press leaves it."""
        response = redirect(url_for(f"{kind}_pairing.screen"), 303)
        if _asked(kind) is None:
            throttle: Throttle = current_app.extensions["ruko_throttle"]
            throttle.check(PAIRING_CODE, sender())
            throttle.count(PAIRING_CODE, sender())
            _keep_secret(
                response, kind, pairing.ask_to_pair(current_office(), kind, now=clock.now())
            )
        return commit(response)

    @bp.post("/check")
    @reads_only
    def check() -> ResponseReturnValue:
        """Whether the code was approved: then this browser is the device from now on."""
        asked = _asked(kind)
        if asked and asked.approved:
            response = redirect(url_for(_home(kind)), 303)
            keep_device(response, request.cookies[SECRET_COOKIE])
            response.delete_cookie(SECRET_COOKIE, path=url_for(_home(kind)))
            return response
        if asked and "quiet" in request.form:  # the page's script, every few seconds
            return "", 204
        return redirect(url_for(f"{kind}_pairing.screen"), 303)


def _pair_by_link(bp: Blueprint, kind: DeviceKind) -> None:
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
        return _paired(kind, token)

    @bp.post("")
    def example() -> ResponseReturnValue:
        """Add and pair a device at once; only where nothing is kept."""
        if not settings().demo:
            raise NotFound
        office, now = current_office(), clock.now()
        name = f"Contoh {secrets.token_hex(3)}"
        _device, secret, _token = devices.add_device(office, kind, name, by=SYSTEM, now=now)
        return _paired(kind, devices.pair(office, kind, secret, now=now))


def _home(kind: DeviceKind) -> str:
    return {"kiosk": "kiosk.start", "display": "display.show"}[kind]


def _asked(kind: DeviceKind) -> Asked | None:
    secret = request.cookies.get(SECRET_COOKIE)
    return (secret and pairing.find_asked(current_office(), kind, secret, now=clock.now())) or None


def _keep_secret(response: BaseResponse, kind: DeviceKind, secret: str) -> None:
    response.set_cookie(
        SECRET_COOKIE,
        secret,
        max_age=2 * int(pairing.VALID.total_seconds()),
        path=url_for(_home(kind)),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def _paired(kind: DeviceKind, token: str) -> BaseResponse:
    response = redirect(url_for(_home(kind)), 303)
    keep_device(response, token)
    return commit(response)
