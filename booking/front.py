"""The front page, and the switches of language, contrast and text size, for every door."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from ruko.offices import all_offices
from ruko.web import READING, current_office, reads_only, safe_path, signed_in

bp = Blueprint("pages", __name__)


@bp.get("/")
def front() -> ResponseReturnValue:
    """Into the only office, else a list of them."""
    offices = all_offices()
    if len(offices) == 1:
        return _into(offices[0].slug)
    return render_template("booking/offices.html", offices=offices)


@bp.get("/<office>/")
def office() -> ResponseReturnValue:
    """What people type who know only the office's name."""
    return _into(current_office().slug)


def _into(slug: str) -> ResponseReturnValue:
    """To the own door of whoever is signed in, else to the rooms."""
    return redirect(url_for("sign_in.form" if signed_in() else "booking.start", office=slug))


@bp.post("/reading")
@reads_only
def set_reading() -> ResponseReturnValue:
    """Keep how pages are read in the session, and go back to where one was."""
    for name, known in READING.items():
        chosen = request.form.get(name)
        if chosen in known:
            session[name] = chosen
    return redirect(safe_path(request.form.get("next")), 303)
