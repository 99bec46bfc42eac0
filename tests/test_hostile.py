"""A database that is locked or away: a page that says so and tries again, and nothing half-written."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from ruko.app import create_app
from ruko.db import db
from tests.apart import close
from tests.booking_way import ready
from tests.conftest import SLUG, VisitingClient, settings_for

SignIn = Callable[..., VisitingClient]
DESK = f"/{SLUG}/desk"
BINJAI = "63.11.07.2008"
PRESS = {"request_key": "satu", "note": "<b>&amp;</b>"}


class Fields(HTMLParser):
    """The hidden fields of a page's form, by name."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.given: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and given.get("type") == "hidden":
            self.given[given["name"]] = given["value"]


@contextmanager
def held(app: Flask) -> Iterator[None]:
    """Somebody else writes and does not stop; waiting for them is cut short."""

    def hurry(connection: Any, *_rest: object) -> None:
        sqlite = engine.dialect.name == "sqlite"
        connection.execute("PRAGMA busy_timeout = 50" if sqlite else "SET lock_timeout = 50")
        if not sqlite:
            connection.commit()

    with app.app_context():
        engine = db.engine
    other = sa.create_engine(engine.url)
    sa.event.listen(engine, "connect", hurry)
    engine.dispose()
    try:
        with other.connect() as holding:
            if engine.dialect.name == "sqlite":
                holding.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                holding.exec_driver_sql("LOCK TABLE user_account, request_key IN SHARE MODE")
            yield
    finally:
        sa.event.remove(engine, "connect", hurry)
        engine.dispose()
        other.dispose()


def test_a_press_that_meets_a_locked_database_is_sent_again(app: Flask, sign_in: SignIn) -> None:
    staff = sign_in("staff", bidang="PEM")
    assert staff.submit(f"{DESK}/place", {"bidang": "PEM", "counter": "1"}).status_code == 303
    with held(app):
        busy = staff.submit(f"{DESK}/calls", PRESS)
    assert busy.status_code == 503, busy.text
    assert busy.headers["Retry-After"] == "5"
    assert "Refresh" not in busy.headers, "a GET of this address says nothing"
    assert re.search(r'<form[^>]*method="post"[^>]*data-resend="5"', busy.text)
    again = Fields(busy.text).given
    assert again == PRESS | {"csrf_token": staff.token()}
    assert staff.post(f"{DESK}/calls", data=again).status_code == 303


def test_a_password_is_never_written_into_a_page(app: Flask, sign_in: SignIn) -> None:
    staff = sign_in("staff", bidang="PEM")
    with held(app):
        busy = staff.submit(
            f"/{SLUG}/password",
            {"current": "kata-sandi-uji", "password": "rahasia-lain-1", "again": "rahasia-lain-1"},
        )
    assert busy.status_code == 503
    assert "rahasia-lain-1" not in busy.text
    assert "data-resend" not in busy.text


def test_pages_say_so_while_the_database_is_away(tmp_path: Path, sign_in: SignIn) -> None:
    """Also to those who are signed in: the page that says so asks no database."""
    staff = sign_in("staff", bidang="PEM")
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'nowhere' / 'ruko.sqlite3'}", tmp_path))
    away = app.test_client()
    with staff.session_transaction() as known, away.session_transaction() as session:
        session.update(known)
    for path in (DESK, f"/{SLUG}/booking", f"/{SLUG}/kiosk", f"/{SLUG}/display", "/", "/readyz"):
        answer = away.get(path)
        assert (answer.status_code, answer.headers["Refresh"]) == (503, "5"), path
        assert answer.headers["Retry-After"] == "5"
    close(app)


# ── Ways that lead nowhere ────────────────────────────────────────────────────────────────────


def test_the_front_page_leads_everybody_to_a_door_of_their_own(sign_in: SignIn) -> None:
    """A refused page offers the front page; that must not be refused in turn."""
    for role, place in (
        ("staff", {"bidang": "PEM"}),
        ("camat", {}),
        ("village", {"village": BINJAI}),
    ):
        client = sign_in(role, **place)
        assert client.get("/", follow_redirects=True).status_code == 200, role


def test_going_back_to_a_sent_form_does_not_say_that_nothing_was_booked(sign_in: SignIn) -> None:
    village = sign_in("village", village=BINJAI)
    draft = ready(village)
    sent = village.submit(f"{draft}/check").location
    for step in ("", "/date", "/time?date=2026-11-24", "/people", "/check"):
        assert village.get(draft + step).location == sent
