"""What phones ask again and again costs one query while nothing changes, and is never old news."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from ruko.db import db
from tests.programs import OFFICE, Program, json_of
from tests.statements import statements

Programs = Callable[..., Program]
Clock = Callable[..., Any]


@contextmanager
def selects(app: Flask) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    with app.app_context():
        engine = db.engine
    with statements(engine, "SELECT") as sent:
        yield sent


def issue(kiosk: Program, bidang: str = "PEM") -> str:
    body = {"bidang": bidang, "visitor": "resident"}
    return str(json_of(kiosk.post(f"{OFFICE}/tickets", body), 201)["token"])


def test_an_unchanged_ticket_costs_one_query(app: Flask, program: Programs) -> None:
    path = f"/tickets/{issue(program('kiosk'))}"
    phone = program()
    first = phone.get(path)
    with selects(app) as sent:
        again = phone.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.headers["Poll-After"] == first.headers["Poll-After"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert len(sent) == 1


def test_a_phone_that_takes_compressed_pages_is_spared_too(
    app: Flask, client: FlaskClient, program: Programs
) -> None:
    path = f"/t/{issue(program('kiosk'))}/now"
    phone = {"Accept-Encoding": "gzip, br"}
    first = client.get(path, headers=phone)
    assert first.headers["Content-Encoding"] == "br"
    with selects(app) as sent:
        again = client.get(path, headers=phone | {"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert len(sent) == 1
    same = ("ETag", "Poll-After", "Cache-Control", "Vary", "Content-Security-Policy")
    assert [again.headers[name] for name in same] == [first.headers[name] for name in same]


def test_a_token_that_is_not_valid_is_refused_whatever_it_has(program: Programs) -> None:
    path = f"/tickets/{issue(program('kiosk'))}"
    phone = program()
    has = {"If-None-Match": phone.get(path).headers["ETag"]}
    assert phone.get(path, headers=has).status_code == 304
    assert phone.get(path, headers=has | {"Authorization": "Bearer wrong"}).status_code == 401


def test_a_change_elsewhere_is_looked_at_and_forgotten(app: Flask, program: Programs) -> None:
    kiosk, phone = program("kiosk"), program()
    path = f"/tickets/{issue(kiosk)}"
    tag = {"If-None-Match": phone.get(path).headers["ETag"]}
    issue(kiosk, "PMD")
    with selects(app) as sent:
        assert phone.get(path, headers=tag).status_code == 304
        looked = len(sent)
        assert phone.get(path, headers=tag).status_code == 304
    assert looked > 1
    assert len(sent) == looked + 1


def test_what_time_changes_is_looked_for_anew(
    app: Flask, program: Programs, time_is: Clock
) -> None:
    path = f"/tickets/{issue(program('kiosk'))}"
    phone = program()
    tag = {"If-None-Match": phone.get(path).headers["ETag"]}
    for hour, minute in ((9, 1), (8, 59)):  # the clock may step back, too
        time_is(hour, minute)
        with selects(app) as sent:
            assert phone.get(path, headers=tag).status_code == 304
        assert len(sent) > 1
