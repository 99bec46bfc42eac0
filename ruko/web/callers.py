"""Who stands at the door: an account, a paired device, or nobody."""

from collections.abc import Callable
from typing import Any

from flask import Response, g, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from ruko.accounts import Role, User, find_token
from ruko.devices import Device, DeviceKind, find_bearer, find_revoked, live_device
from ruko.errors import N_, Forbidden, Unauthenticated
from ruko.web.doors import current_office

DEVICE_COOKIE = "ruko_device"
DEVICE_COOKIE_SECONDS = 400 * 24 * 3600
"""Browsers keep no cookie longer; each page that the device loads renews it."""

Caller = User | Device


def bearer_token() -> str | None:
    """The token of an `Authorization: Bearer` header, or None without such a header."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(N_("This access token is not valid (any more)."))
    return token.strip()


def read_bearer() -> None:
    """Recognise a bearer token; a bad one is refused even where none is needed."""
    token = bearer_token()
    if token is None:
        return
    bearer = find_bearer(token)
    if bearer is None:
        raise Unauthenticated(N_("This access token is not valid (any more)."))
    g.bearer = bearer


def signed_in() -> User | None:
    """The account of the browser's session, or None."""
    user = current_user._get_current_object()  # noqa: SLF001 – the proxy's documented way out
    return user if isinstance(user, User) else None


def current_device() -> Device | None:
    """The paired device of this browser, or None; a revoked one is None."""
    if "device" not in g:
        token = request.cookies.get(DEVICE_COOKIE)
        row = find_token(token) if token else None
        g.device = live_device(row) if row else None
    device: Device | None = g.device
    return device


def revoked_device(kind: DeviceKind) -> Device | None:
    """What this browser was in the current office until it was revoked, or None."""
    token = request.cookies.get(DEVICE_COOKIE)
    device = find_revoked(token) if token and current_device() is None else None
    return device if device and device.serves(current_office(), kind) else None


def keep_device(response: Response | BaseResponse, token: str) -> None:
    """Let this browser be the device from now on."""
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=DEVICE_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def renew_device(response: Response | BaseResponse) -> None:
    """Let this browser be the device for as long again."""
    token = request.cookies.get(DEVICE_COOKIE)
    if token and not any(
        c.startswith(DEVICE_COOKIE) for c in response.headers.getlist("Set-Cookie")
    ):
        keep_device(response, token)


def caller() -> Caller | None:
    """Who asks: the bearer, else the signed-in account, else this browser's device."""
    return g.get("bearer") or signed_in() or current_device()


def require_role(*roles: Role) -> User:
    """The calling account if it has one of `roles` in the current office.

    Raises `Unauthenticated` for nobody, `Forbidden` for others.
    """
    who = caller()
    if who is None:
        raise Unauthenticated
    if not isinstance(who, User) or who.office_id != current_office().id or who.role not in roles:
        raise Forbidden
    if who.must_change_password and "bearer" not in g:  # a one-time password is for signing in
        raise Forbidden(N_("Please sign in and choose your own password first."))
    return who


def require_device(kind: DeviceKind, *roles: Role) -> Caller:
    """The calling device of that kind, or an account with one of `roles`; see `require_role`."""
    who = caller()
    if isinstance(who, Device):
        if not who.serves(current_office(), kind):
            raise Forbidden
        return who
    return require_role(*roles)


def sign_in_required(*roles: Role) -> Callable[[], Any]:
    """A `before_request` for a door: signed-out people go to the sign-in page, others need a role."""

    def check() -> Any:
        user = signed_in()
        if user is None:
            if request.method == "GET":
                return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
            raise Unauthenticated
        if user.office_id != current_office().id:
            raise Forbidden(N_("Your account belongs to another office."))
        if user.must_change_password:
            return redirect(url_for("sign_in.password", next=request.full_path.rstrip("?")))
        if user.role not in roles:
            raise Forbidden
        return None

    return check
