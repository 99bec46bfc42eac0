"""The desk as tests press its buttons: without JavaScript, reading what a person reads."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from html import unescape

from flask import Flask
from werkzeug.test import TestResponse

from ruko import clock
from ruko.db import db, writing
from ruko.offices import Office, get_office
from tests import people
from tests.conftest import SLUG, VisitingClient

DESK = f"/{SLUG}/desk"
HOSTILE = "<script>alert('😈')</script>"

SignIn = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]
Take = Callable[..., str]


@contextmanager
def office_of(app: Flask) -> Iterator[Office]:
    """The office in a unit of work that is committed."""
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.commit()


def taking(app: Flask) -> Take:
    """Somebody takes a number; returns its token."""

    def one(code: str = "PEM", **kind: bool) -> str:
        with office_of(app) as office:
            return people.take(office, clock.now(), code, **kind)

    return one


def state_of(app: Flask, token: str) -> str:
    with office_of(app) as office:
        return people.state_of(office, token).value


def seated(client: VisitingClient, bidang: str = "PEM", counter: int = 1) -> VisitingClient:
    answer = client.submit(f"{DESK}/place", {"bidang": bidang, "counter": counter})
    assert answer.status_code == 303, answer.text
    return client


def text_of(answer: TestResponse) -> str:
    """What a person reads."""
    return in_words(answer.text)


def in_words(html: str) -> str:
    """The text of a piece of a page."""
    body = re.sub(r"<(script|head|svg|template|dialog)\b.*?</\1>", " ", html, flags=re.DOTALL)
    body = body.replace('<span class="rk-h">-</span>', "-")
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def press(client: VisitingClient, path: str, **fields: object) -> TestResponse:
    """Press a button and look at what comes of it."""
    answer = client.submit(path, fields)
    return client.get(answer.location) if answer.status_code == 303 else answer


def call(client: VisitingClient) -> TestResponse:
    return press(client, f"{DESK}/calls")


def main_button(answer: TestResponse) -> str:
    found = re.search(r'<(button|a)[^>]*data-place="main".*?</\1>', answer.text, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def turn(client: VisitingClient, token: str, step: str, **fields: object) -> TestResponse:
    """Do one thing with that visitor, and look at the desk."""
    return press(client, f"{DESK}/turns/{token}/{step}", **fields)


def part(answer: TestResponse, name: str) -> str:
    """What a person reads in one part of the desk."""
    found = re.search(
        rf'data-part="{name}"[^>]*>(.*?)(?=<[^>]*data-part=|<template)',
        answer.text + "<template",
        re.DOTALL,
    )
    assert found, name
    return in_words(found[1])
