"""The front page, and the switches of language, contrast and text size, for every door."""

from collections.abc import Container

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from ruko import words
from ruko.offices import all_offices
from ruko.web import reads_only, safe_path

bp = Blueprint("pages", __name__)

READING: dict[str, Container[str | None]] = {
    "lang": words.LANGUAGES,
    "theme": {"", "contrast"},
    "text_size": {"", "large"},
}
"""What a person may set, and to what."""


@bp.get("/")
def front() -> ResponseReturnValue:
    """Into the only office, else a list of them."""
    offices = all_offices()
    if len(offices) == 1:
        return redirect(url_for("booking.start", office=offices[0].slug))
    return render_template("booking/offices.html", offices=offices)


@bp.post("/reading")
@reads_only
def set_reading() -> ResponseReturnValue:
    """Keep how pages are read in the session, and go back to where one was."""
    for name, known in READING.items():
        chosen = request.form.get(name)
        if chosen in known:
            session[name] = chosen
    return redirect(safe_path(request.form.get("next")), 303)
