"""Another program: the JSON API of `/api/v1`, and the probes."""

from flask import Flask

from api.probes import bp as probes


def open_door(app: Flask) -> None:
    """Let programs in at `/api/v1`, `/healthz` and `/readyz`."""
    app.register_blueprint(probes)
