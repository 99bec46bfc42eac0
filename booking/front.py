"""The front page, and the switches of language and contrast, for every door."""

from collections.abc import Container

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from ruko import words
from ruko.offices import all_offices
from ruko.web import reads_only, safe_path

bp = Blueprint("pages", __name__)

THEMES = {"", "contrast"}


@bp.get("/")
def front() -> ResponseReturnValue:
    """Into the only office, else a list of them."""
    offices = all_offices()
    if len(offices) == 1:
        return redirect(url_for("booking.start", office=offices[0].slug))
    return render_template("booking/offices.html", offices=offices)


@bp.post("/language")
@reads_only
def set_language() -> ResponseReturnValue:
    """Keep the chosen language in the session and go back to where one was."""
    return _keep("lang", words.LANGUAGES)


@bp.post("/theme")
@reads_only
def set_theme() -> ResponseReturnValue:
    """Keep the chosen theme in the session and go back to where one was."""
    return _keep("theme", THEMES)


def _keep(name: str, known: Container[str]) -> ResponseReturnValue:
    chosen = request.form.get(name, "")
    if chosen in known:
        session[name] = chosen
    return redirect(safe_path(request.form.get("next")), 303)
