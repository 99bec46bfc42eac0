"""Refusals as answers: a problem document for programs, a page with a sentence for people."""

import logging
from typing import Any

from flask import Flask, Response, g, json, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from ruko import words
from ruko.db import db, end_writing, is_away, is_transient
from ruko.errors import (
    N_,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    RukoError,
    Unauthenticated,
    Unavailable,
)

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
PASSWORDS = {"password", "current", "again", "recovery"}


class MethodNotAllowed(RukoError):
    """The address exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    message = N_("This address does not answer that kind of request.")


class TooLarge(RukoError):
    """The body is larger than anything a person would send."""

    code = "too_large"
    status = 413
    message = N_("What was sent is too large. Nothing was saved.")


class UnsupportedMediaType(RukoError):
    """The API speaks JSON."""

    code = "unsupported_media_type"
    status = 415
    message = N_("The API takes JSON (Content-Type: application/json).")


class BadRequest(RukoError):
    """A request that no page of ours makes."""

    code = "invalid"
    status = 422
    message = N_("This request could not be understood.")


class Broken(RukoError):
    """A fault of ours."""

    code = "internal"
    status = 500
    message = N_("Something went wrong here. Please try again in a moment.")


TITLES = {
    "invalid": N_("Please check what was entered"),
    "unauthenticated": N_("Please sign in"),
    "forbidden": N_("Not allowed"),
    "not_found": N_("Not found"),
    "method_not_allowed": N_("Not possible here"),
    "too_large": N_("Too large"),
    "unsupported_media_type": N_("Not JSON"),
    "closed": N_("Closed"),
    "slot_taken": N_("Just taken"),
    "quota_exceeded": N_("The week's quota is used up"),
    "too_soon": N_("Too early"),
    "too_late": N_("Too late"),
    "wrong_state": N_("It has changed meanwhile"),
    "counter_busy": N_("The counter is occupied"),
    "queue_full": N_("The queue is full"),
    "idempotency_mismatch": N_("Already used"),
    "rate_limited": N_("Too many tries"),
    "unavailable": N_("One moment, please"),
    "internal": N_("Something went wrong"),
}

_BY_STATUS: dict[int, type[RukoError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
}


def is_api() -> bool:
    """Whether a program asks."""
    return request.path.startswith("/api/")


def problem(error: RukoError) -> Response:
    """RFC 9457 `application/problem+json` with our stable `code`."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _(TITLES[error.code]),
        "status": error.status,
        "detail": words.sentence(error),
        "code": error.code,
        **error.extra,
    }
    if isinstance(error, Invalid):
        body["errors"] = [
            {"field": fault.field, "message": words.sentence(fault)}
            for fault in (error, *error.also)
        ]
    answer = Response(json.dumps(body), error.status, mimetype="application/problem+json")
    _hint(answer, error)
    return answer


def refuse_page(error: RukoError) -> tuple[str, int]:
    """The refusal as a page of its own, with the next step."""
    retry = RETRY_SECONDS if error.status == 503 else None
    page = render_template(
        "error.html",
        status=error.status,
        title=_(TITLES[error.code]),
        detail=words.sentence(error),
        retry_seconds=retry,
        resend=_resend() if retry and request.method == "POST" else None,
        **_next_step(error),
    )
    return page, error.status


def _next_step(error: RukoError) -> dict[str, str]:
    """Where the page leads on: to signing in where that is what lacks, else to the front page."""
    if isinstance(error, Unauthenticated) and g.get("office"):
        return {"back_url": url_for("sign_in.form"), "back_label": _("Sign in")}
    return {"back_url": url_for("pages.front"), "back_label": _("To the front page")}


def _resend() -> list[tuple[str, str]]:
    """The fields of a press that was not taken, to be sent again; passwords stay out of pages."""
    if PASSWORDS & request.form.keys():
        return []
    return list(request.form.items(multi=True))


def _hint(answer: Response, error: RukoError) -> None:
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    elif isinstance(error, Unavailable):
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
    elif error.status == 401 and is_api():
        answer.headers["WWW-Authenticate"] = "Bearer"


def answer(error: RukoError) -> Response:
    """Undo the unit of work and say why, as a document or a page."""
    db.session.rollback()
    end_writing()  # a page that says why waits for nobody
    if is_api():
        return problem(error)
    page, status = refuse_page(error)
    response = make_response(page, status)
    _hint(response, error)
    if error.status == 503 and request.method == "GET":
        response.headers["Refresh"] = str(RETRY_SECONDS)
    return response


def install_answers(app: Flask) -> None:
    """Answer every refusal of a rule, of Flask and of the database in the same way."""
    app.register_error_handler(RukoError, answer)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(PoolTimeout, _no_connection)
    app.register_error_handler(Exception, _fault)


def _forged(_error: CSRFError) -> Response:
    return answer(
        Forbidden(N_("This page was open for too long. Please go back, reload it and try again."))
    )


def _http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    kind = _BY_STATUS.get(status) or (BadRequest if status < 500 else Broken)
    response = answer(kind())
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database(error: DBAPIError) -> Response:
    if is_away(error) or is_transient(error):
        log.warning("database unavailable: %s", error.orig)
        return answer(Unavailable())
    log.error("database error at %s", request.endpoint, exc_info=error)
    return answer(Broken())


def _no_connection(_error: PoolTimeout) -> Response:
    log.warning("no database connection became free in time")
    return answer(Unavailable())


def _fault(error: Exception) -> Response:
    log.error("fault while answering %s", request.endpoint, exc_info=error)
    return answer(Broken())
