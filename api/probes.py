"""Is the process up, and can it work?"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from ruko.db import db

bp = Blueprint("probes", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers; raises the 503 of every other page when it does not."""
    db.session.execute(text("SELECT 1"))
    return jsonify(status="ok")
