"""`ruko demo`: a complete office with a realistic day, served from a throw-away folder."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask

from ruko import clock
from ruko.db import db
from ruko.demo.example import PASSWORD, Example, begin_at, build_example
from ruko.settings import Settings, read_settings

__all__ = ["PASSWORD", "Example", "begin_at", "build_example", "serve_demo"]


def serve_demo(make_app: Callable[[Settings | None], Flask], host: str, port: int) -> None:
    """Build the example and serve it until stopped; nothing is kept."""
    from ruko import server  # noqa: PLC0415 – tests build the example without a server

    environ = read_settings()
    if environ.now:
        clock.start_at(environ.now)
    with (
        server.listen(host, port) as listening,
        tempfile.TemporaryDirectory(prefix="ruko-demo-", ignore_cleanup_errors=True) as folder,
    ):
        settings = Settings(
            data_dir=Path(folder),
            database_url=f"sqlite:///{folder}/ruko.sqlite3",
            base_url=environ.base_url,
            trusted_proxies=environ.trusted_proxies,
            demo=True,
        )
        app = make_app(settings)
        example = build_example(app)
        with app.app_context():
            db.engine.dispose()  # the server's worker opens connections of its own
        _print_example(settings.base_url or server.address_of(listening), example)
        server.serve(app, listening)


def _print_example(base: str, example: Example) -> None:
    home = f"{base}/{example.office}"
    click.echo(f"""
RUKO PARSEL – kantor contoh / an example office. Nothing is kept. Stop with Ctrl+C.

  Booking     {home}/booking
  Kiosk       {base}{example.kiosk_link}
              opens once, and makes that browser the kiosk
  Display     {base}{example.display_link}
              opens once; for everybody: {home}/display
  Desk        {home}/desk

  Sign in     {home}/login
    password of every account: {PASSWORD}
    villages  binjai, galumbang, batu-piring, …
    staff     pem, pmd, trb, kes, yan, sek
    office    operator, admin, camat

  A booking of today to check in at the kiosk: {example.booking_code}
  The clock of the office began at {example.begins:%A %d %B %Y, %H:%M}.
""")
    sys.stdout.flush()
