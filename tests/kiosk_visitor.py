"""A visitor at the kiosk without a browser: links followed, hidden fields sent as the page would."""

import html
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from ruko import clock
from ruko.db import db, writing
from ruko.offices import Office, get_office
from ruko.tickets import get_visit
from tests.conftest import SLUG, VisitingClient

HOME = f"/{SLUG}/kiosk"


def act(app: Flask, step: Callable[[Office], Any]) -> Any:
    """Let a rule do something in a unit of work of its own."""
    with app.app_context(), writing():
        done = step(get_office(SLUG))
        db.session.commit()
    return done


def visit_of(app: Flask, token: str) -> Any:
    with app.app_context():
        return get_visit(token, office_of=lambda _: get_office(SLUG), now=clock.now())[1]


def count(app: Flask, model: type[Any]) -> int:
    with app.app_context():
        return db.session.query(model).count()


def follow(client: VisitingClient, page: TestResponse, words: str) -> TestResponse:
    """Touch the link that holds these words."""
    for link, inside in re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', page.text, re.DOTALL):
        if words in html.unescape(re.sub(r"<[^>]+>", " ", inside)):
            answer = client.get(html.unescape(link))
            assert answer.status_code == 200
            return answer
    raise AssertionError(f"no link “{words}” in {page.request.path}")


def hidden(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the page, as its form would send them."""
    fields = re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in fields if name != "next"}


def walk(kiosk: VisitingClient, *touches: str) -> TestResponse:
    page = kiosk.get(HOME)
    for words in touches:
        page = follow(kiosk, page, words)
    return page


def token_in(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    return answer.location.rsplit("/", 1)[1]
