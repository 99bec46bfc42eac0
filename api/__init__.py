"""Another program: the JSON API of `/api/v1`, and the probes."""

from flask import Blueprint, Flask, current_app, request

from api import bookings, desk, feed, offices, openapi, rooms, tickets, turns
from api.probes import bp as probes
from ruko.web import Throttle, caller
from ruko.web.doors import is_capability
from ruko.web.throttle import ANONYMOUS_POST, sender


def open_door(app: Flask) -> None:
    """Let programs in at `/api/v1`, `/healthz` and `/readyz`."""
    v1 = Blueprint("api", __name__, url_prefix="/api/v1")
    v1.before_request(limit_strangers)
    for part in (offices, tickets, desk, turns, rooms, bookings, feed, openapi):
        v1.register_blueprint(part.bp)
    app.register_blueprint(v1)
    app.register_blueprint(probes)


def limit_strangers() -> None:
    """Count the posts of nobody in particular; raises `RateLimited`.

    Who holds a ticket is somebody; of those only a wrong token counts, where it is looked up.
    """
    if request.method == "POST" and caller() is None and not is_capability():
        throttle: Throttle = current_app.extensions["ruko_throttle"]
        throttle.check(ANONYMOUS_POST, sender())
        throttle.count(ANONYMOUS_POST, sender())
