"""A calendar that subscribes: its address, who makes it, and what it tells to whom."""

import logging
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from ruko.db import db, writing
from ruko.web.throttle import LOOK_UP
from tests.api_booker import BINJAI, PANGGUNG, book
from tests.conftest import SLUG, VisitingClient
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
SignIn = Callable[..., VisitingClient]
FEED = f"{OFFICE}/calendar.ics"
PAGE = f"/{SLUG}/calendar"


@pytest.fixture
def binjai(program: Programs) -> Program:
    return program("village", "binjai", village=BINJAI)


@pytest.fixture
def stranger(program: Programs) -> Program:
    """A calendar's maker: it holds the address and nothing else."""
    return program()


def bearer_of(somebody: Program) -> str:
    return somebody.headers["Authorization"].removeprefix("Bearer ")


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/calendar"
    return [str(e["UID"]).partition("@")[0] for e in Calendar.from_ical(answer.text).walk("VEVENT")]


def address_on(page: Any) -> str:
    """What the page shows once."""
    found = re.search(r'id="address"\s+value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def token_on(page: Any) -> str:
    address = address_on(page)
    assert address.startswith(f"http://localhost/api/v1{FEED}?token=")
    return address.partition("token=")[2]


def make(client: VisitingClient, key: str = "kunci-1") -> Any:
    return client.submit(PAGE, {"request_key": key})


# ── What it tells ─────────────────────────────────────────────────────────────────────────────


def test_each_account_reads_what_it_may_see(
    binjai: Program, program: Programs, stranger: Program
) -> None:
    panggung = program("village", "panggung", village=PANGGUNG)
    mine = book(binjai, phone="0812-3456-7890")["code"]
    other = book(panggung, start="10:00", end="11:00", bidang="PEM")["code"]
    json_of(panggung.post(f"/bookings/{other}/cancel", {"reason": "Hujan"}))
    readers = {
        binjai: [mine],
        panggung: [other],
        program("staff", bidang="KES"): [mine],
        program("staff", bidang="PEM"): [other],
        program("operator"): [mine, other],
        program("admin"): [mine, other],
        program("camat"): [mine, other],
    }
    for somebody, seen in readers.items():
        feed = stranger.get(FEED, token=bearer_of(somebody))
        assert codes(feed) == seen
        assert codes(somebody.get(FEED)) == seen  # signed in, it needs no token in the address
        for secret in ("Rahmawati", "0812", bearer_of(somebody)):
            assert secret not in feed.text
    cancelled = stranger.get(FEED, token=bearer_of(panggung)).text
    assert "STATUS:CANCELLED" in cancelled
    assert f"URL:http://localhost/{SLUG}/booking/{other}" in cancelled.replace("\r\n ", "")


def test_what_has_not_changed_is_not_sent_again(
    binjai: Program, stranger: Program, time_is: Callable[..., Any]
) -> None:
    code = book(binjai)["code"]
    asked = {"token": bearer_of(binjai)}
    first = stranger.get(FEED, **asked)
    seen = {"If-None-Match": first.headers["ETag"]}
    time_is(9, 30)
    again = stranger.get(FEED, headers=seen, **asked)
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    json_of(binjai.post(f"/bookings/{code}/cancel", {"reason": "Hujan"}))
    assert stranger.get(FEED, headers=seen, **asked).status_code == 200


def test_it_looks_back_thirty_days(
    binjai: Program, stranger: Program, time_is: Callable[..., Any]
) -> None:
    code, asked = book(binjai)["code"], {"token": bearer_of(binjai)}
    time_is(9, day=date(2026, 12, 24))
    assert codes(stranger.get(FEED, **asked)) == [code]
    time_is(9, day=date(2026, 12, 25))
    assert codes(stranger.get(FEED, **asked)) == []


# ── Whose address it is ───────────────────────────────────────────────────────────────────────


def test_without_a_good_token_there_is_nothing(
    binjai: Program, stranger: Program, program: Programs
) -> None:
    for token in ("", "wrong", "x" * 5000, "tökén", bearer_of(program("kiosk"))):
        assert refused(stranger.get(FEED, token=token), 401, "unauthenticated")
    assert refused(stranger.get(FEED), 401, "unauthenticated")
    assert refused(program("display").get(FEED), 403, "forbidden")
    assert refused(stranger.get("/offices/nowhere/calendar.ics", token="x"), 404, "not_found")


def test_guessing_tokens_is_slowed_down(binjai: Program, stranger: Program) -> None:
    for n in range(LOOK_UP.amount):
        assert stranger.get(FEED, token=f"guess-{n}").status_code == 401
    slowed = stranger.get(FEED, token="another")
    assert refused(slowed, 429, "rate_limited")
    assert int(slowed.headers["Retry-After"]) > 0
    assert codes(stranger.get(FEED, token=bearer_of(binjai))) == []  # what is found never is


def test_an_address_is_shown_once_and_good_for_the_feed_alone(
    app: Flask, sign_in: SignIn, stranger: Program, program: Programs
) -> None:
    client = sign_in("village", "binjai", village=BINJAI)
    made = make(client)
    secret = token_on(made)
    assert f"webcal://localhost/api/v1{FEED}?token={secret}" in made.text
    assert codes(stranger.get(FEED, token=secret)) == []
    asks = {"Authorization": f"Bearer {secret}"}
    assert Program(app, asks).get(f"{OFFICE}/rooms").status_code == 401

    again = make(client)  # the same press once more
    assert (again.status_code, again.headers["Location"]) == (303, PAGE)
    assert secret not in again.text
    assert secret not in client.get(PAGE).text
    assert codes(stranger.get(FEED, token=secret)) == []


def test_a_new_address_replaces_the_old_one(sign_in: SignIn, stranger: Program) -> None:
    client = sign_in("camat")
    old, new = token_on(make(client, "a")), token_on(make(client, "b"))
    assert refused(stranger.get(FEED, token=old), 401, "unauthenticated")
    assert codes(stranger.get(FEED, token=new)) == []
    assert client.submit(f"{PAGE}/remove").headers["Location"] == PAGE
    assert refused(stranger.get(FEED, token=new), 401, "unauthenticated")
    assert "Alamat sudah dihapus" in client.get(PAGE).text
    assert client.submit(f"{PAGE}/remove").status_code == 303


def test_who_may_no_longer_sign_in_reads_no_more(
    app: Flask, sign_in: SignIn, stranger: Program
) -> None:
    secret = token_on(make(sign_in("staff", "kes", bidang="KES")))
    assert codes(stranger.get(FEED, token=secret)) == []
    with app.app_context(), writing():
        db.session.execute(db.text("UPDATE user_account SET active = false WHERE username = 'kes'"))
        db.session.commit()
    assert refused(stranger.get(FEED, token=secret), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("role", "place", "back"),
    [
        ("village", {"village": BINJAI}, f"/{SLUG}/booking/mine"),
        ("staff", {"bidang": "KES"}, f"/{SLUG}/desk"),
        ("operator", {}, f"/{SLUG}/desk"),
        ("admin", {}, f"/{SLUG}/desk"),
        ("camat", {}, f"/{SLUG}/desk"),
    ],
)
def test_the_page_is_there_for_every_account(
    sign_in: SignIn, role: str, place: dict[str, str], back: str
) -> None:
    client = sign_in(role, **place)
    page = client.get(PAGE).text
    assert "Langganan kalender" in page
    for how in ("Google", "Apple", "Outlook"):
        assert how in page
    assert f'href="{back}"' in page
    assert "Buat alamat" in page
    where = client.get(back).text
    assert f'href="{PAGE}"' in where


def test_strangers_sign_in_first(client: VisitingClient) -> None:
    assert client.get(PAGE).headers["Location"].startswith(f"/{SLUG}/login")
    assert client.post(PAGE).status_code in {401, 403}


def test_no_log_line_holds_the_token(
    sign_in: SignIn,
    stranger: Program,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = token_on(make(sign_in("camat")))

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("api.feed.ics_feed", fails)
    with caplog.at_level(logging.DEBUG):
        answer = stranger.client.get(f"/api/v1{FEED}?token={secret}")
    assert answer.status_code == 500
    assert "api.feed.calendar" in caplog.text
    assert secret not in caplog.text
    assert secret not in answer.text
