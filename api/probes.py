"""Whether the process is up, and whether it can work."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from ruko.db import db
from ruko.errors import Unavailable
from ruko.web.doors import settings

bp = Blueprint("probes", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers, and Redis where it is set; else the 503 of every other page."""
    db.session.execute(text("SELECT 1"))
    if url := settings().redis_url:
        _ask_redis(url)
    return jsonify(status="ok")


def _ask_redis(url: str) -> None:
    import redis  # noqa: PLC0415 – installed only where it is used

    try:
        redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=None).ping()
    except redis.RedisError:
        raise Unavailable from None
