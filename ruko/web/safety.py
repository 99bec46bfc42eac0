"""What every answer and every request must keep to: headers, cookies, CSRF, clean text."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

from ruko.db import begin_writing, end_writing
from ruko.errors import N_, Invalid, NotFound
from ruko.web.answers import is_api
from ruko.web.callers import DEVICE_COOKIE, read_bearer, renew_device
from ruko.web.doors import is_capability, look_up_office, most_bytes, writes

csrf = CSRFProtect()

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; media-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Cookie",
}
"""Of every answer that does not say otherwise."""
MOST_READ = 4 * 1024 * 1024
"""Of a body that is too large; who sends more is hung up on."""
REST_SECONDS = 2
"""Who is refused and sends nothing more for so long is hung up on."""
SAFE = {"GET", "HEAD", "OPTIONS"}


class SessionCookie(SecureCookieSessionInterface):
    """The session cookie, `Secure` exactly when the page came over TLS (the LAN has none)."""

    _serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Made once: the key never changes, and making it takes as long as a query."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Most requests change nothing; that an answer varies by cookie is said in `HEADERS`."""
        if session.modified:
            super().save_session(app, session, response)


def install_safety(app: Flask) -> None:
    """Check each request before its view, and dress each answer after it."""
    app.session_interface = SessionCookie()
    app.config.update(
        SESSION_COOKIE_NAME="ruko_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below: bearers and ticket tokens need none
        WTF_CSRF_TIME_LIMIT=None,  # a kiosk page stays open all day
        WTF_CSRF_SSL_STRICT=False,  # the LAN and the public address may differ in scheme
        MAX_CONTENT_LENGTH=256 * 1024,
    )
    csrf.init_app(app)

    @app.before_request
    def _check_request() -> None:
        end_writing()
        request.max_content_length = _most_bytes() or app.config["MAX_CONTENT_LENGTH"]
        _refuse_nulls()
        if request.method not in SAFE and request.endpoint and _needs_csrf():
            csrf.protect()
        if writes():
            request.get_data()  # all of it: a slow line must not hold the write lock
            begin_writing()
        if is_api():
            read_bearer()
        look_up_office()

    @app.teardown_request
    def _done(_error: BaseException | None) -> None:
        end_writing()

    @app.after_request
    def _dress(response: Response) -> Response:
        said = set(response.headers.keys(lower=True))
        response.headers.extend(
            [(name, value) for name, value in HEADERS.items() if name.lower() not in said]
        )
        _read_rest(response)
        if g.get("device") is not None and response.mimetype == "text/html":
            renew_device(response)
        return response


def _most_bytes() -> int | None:
    """How large the body may be, where that is more than usual: a file, of somebody signed in."""
    most = most_bytes()
    return most if most and "_user_id" in session else None


def _read_rest(response: Response) -> None:
    """Read what is left of a refused body: gunicorn would drop the connection with the next request."""
    if response.status_code < 400 or not 0 < (request.content_length or 0) <= MOST_READ:
        return
    body, line = request.environ["wsgi.input"], request.environ.get("gunicorn.socket")
    if getattr(body, "failed", False):  # its sender has fallen silent, or gone
        return
    give_up = time.monotonic() + REST_SECONDS
    with suppress(OSError):
        while (left := give_up - time.monotonic()) > 0:
            if line is not None:
                line.settimeout(left)
            if not body.read(64 * 1024):
                break
    if line is not None:
        line.settimeout(None)


def _needs_csrf() -> bool:
    if is_capability():
        return False
    if not is_api():
        return True
    if "Authorization" in request.headers:
        return False
    return "_user_id" in session or DEVICE_COOKIE in request.cookies


def _refuse_nulls() -> None:
    """Refuse NUL anywhere: no field of ours means it, and PostgreSQL cannot keep it."""
    if "\0" in request.path:
        raise NotFound
    if request.query_string:
        _refuse_unclean(request.args)
    if request.method not in SAFE:
        _refuse_unclean(request.form)


def _refuse_unclean(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        clean_text(name, value)


def clean_text(field: str, value: Any) -> None:
    """Raise `Invalid` for text that no database or page can hold (NUL, lone surrogates)."""
    if isinstance(value, str):
        if "\0" in value:
            raise Invalid(
                field, N_("This text holds a character that cannot be kept. Please retype it.")
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Invalid(
                field, N_("This text holds a character that cannot be kept. Please retype it.")
            ) from None
    elif isinstance(value, dict):
        for key, inner in value.items():
            clean_text(field, key)
            clean_text(field or str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            clean_text(field, inner)
