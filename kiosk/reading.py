"""How a page is read: high contrast and large text, kept in the session like the language."""

from flask import Blueprint, redirect, request, session
from flask.typing import ResponseReturnValue

from ruko.web import reads_only, safe_path

bp = Blueprint("reading", __name__)

SETTINGS = {"theme": "contrast", "text_size": "large"}


@bp.post("/reading")
@reads_only
def switch() -> ResponseReturnValue:
    """Turn one of the two on or off and go back to where one was."""
    for name, on in SETTINGS.items():
        match request.form.get(name):
            case "on":
                session[name] = on
            case "off":
                session.pop(name, None)
    return redirect(safe_path(request.form.get("next")), 303)
