"""The front page and the language switch, for every door."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from ruko import words
from ruko.offices import all_offices
from ruko.web import reads_only

bp = Blueprint("pages", __name__)


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
    chosen = request.form.get("lang", "")
    if chosen in words.LANGUAGES:
        session["lang"] = chosen
    return redirect(safe_path(request.form.get("next")), 303)


def safe_path(path: str | None) -> str:
    """An address of this site, or the front page; never another host's."""
    local = path and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if local and path else "/"
