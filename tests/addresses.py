"""Every address, who may go there, and how one walks over all of them."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from ruko.db import Base, db
from tests.conftest import VisitingClient

VILLAGES = {"village"}
HOUSE = {"operator", "admin"}
BOOKERS = {*VILLAGES, "other village", *HOUSE}
STAFF = {"staff", *HOUSE}
SEES_QUEUE = {*STAFF, "camat"}
EVERYBODY = {
    "stranger",
    "village",
    "other village",
    "staff",
    "other staff",
    "operator",
    "admin",
} | {
    "camat",
    "kiosk",
    "display",
    "other office",
}
SIGNED_IN = EVERYBODY - {"stranger", "kiosk", "display", "other office"}

MAY: dict[str, set[str]] = {
    # everybody
    "pages.": EVERYBODY,
    "probes.": EVERYBODY,
    "ticket.": EVERYBODY,
    "display.show": EVERYBODY,
    "display_pairing.": EVERYBODY,
    "display_light.": EVERYBODY,
    "display_voice.": EVERYBODY,
    "display_report.": {"display"},
    "slides.": EVERYBODY,
    "kiosk_pairing.": EVERYBODY,
    "sign_in.form": EVERYBODY,
    "sign_in.sign_in": EVERYBODY,
    "sign_in.sign_out": EVERYBODY,
    "sign_in.": SIGNED_IN,
    "entering.": EVERYBODY,
    "entering.ask_code": SIGNED_IN,
    "entering.give_code": SIGNED_IN,
    "sessions.": SIGNED_IN,
    "api.openapi.": EVERYBODY,
    "api.offices.": EVERYBODY,
    "api.tickets.show": EVERYBODY,
    "api.tickets.leave": EVERYBODY,
    "api.tickets.rejoin": EVERYBODY,
    "api.tickets.let_pass": EVERYBODY,
    "api.tickets.picture": EVERYBODY,
    # a kiosk page asks to be paired before anything else
    "kiosk.start": EVERYBODY,
    "kiosk_manifest.": EVERYBODY,
    "kiosk.": {"kiosk"},
    "api.tickets.": {"kiosk", "other staff", *STAFF},
    # villages and the office
    "booking.": {*VILLAGES, *HOUSE},
    "booking.start": BOOKERS,
    "booking.begin_draft": BOOKERS,
    "booking.discard_draft": BOOKERS,
    "booking.mine": BOOKERS,
    # a request is for those alone who write it
    "booking.about": VILLAGES,
    "booking.describe_draft": VILLAGES,
    "booking.date": VILLAGES,
    "booking.time": VILLAGES,
    "booking.take_time": VILLAGES,
    "booking.people": VILLAGES,
    "booking.take_people": VILLAGES,
    "booking.take_paper": VILLAGES,
    "booking.check": VILLAGES,
    "booking.send_draft": VILLAGES,
    "booking.confirm": VILLAGES,  # the office cannot say yes for it
    "api.bookings.approve": HOUSE,
    "api.bookings.decline": HOUSE,
    "api.bookings.cancel": {*VILLAGES, *HOUSE},
    "api.bookings.move": {*VILLAGES, *HOUSE},
    "api.bookings.complete": HOUSE,  # the bidang of the booking is neither clerk's
    "api.bookings.book": {*VILLAGES, "other village", *HOUSE},
    "api.bookings.bookings_list": SIGNED_IN,
    "api.bookings.": SIGNED_IN - {"other village"},
    "api.rooms.": SIGNED_IN,
    "api.feed.": SIGNED_IN,
    "feed.": SIGNED_IN,
    # staff
    "accounts.": HOUSE,
    "slips.": HOUSE,
    "second_step.": HOUSE,
    "approvals.": HOUSE,
    "week.": {*SEES_QUEUE, "other staff"},
    "rooms.": HOUSE,
    "board_content.": HOUSE,
    "board_content.overview": {*HOUSE, "camat"},
    "closing.": HOUSE,
    "devices.": HOUSE,
    "devices.overview": {*HOUSE, "camat"},
    "displays.": HOUSE,
    "voice.": HOUSE,
    "voice.overview": {*HOUSE, "camat"},
    "meetings.": {*SEES_QUEUE, "other staff"},
    "meetings.show": {*HOUSE, "camat"},  # the bidang of the booking is neither clerk's
    "meetings.paper": {*HOUSE, "camat"},
    "meetings.bring": HOUSE,
    "meetings.end": HOUSE,
    "operator.": {*HOUSE, "camat"},
    "quiet.": {*HOUSE, "camat"},
    "operator.print_again": HOUSE,
    "reception.": HOUSE,
    "assistance.": {*STAFF, "other staff"},
    "desk.start": {*SEES_QUEUE, "other staff"},
    "desk.now": {*SEES_QUEUE, "other staff"},
    "desk.waiting": {*SEES_QUEUE, "other staff"},
    "desk.": {*STAFF, "other staff"},
    "seat.": {*SEES_QUEUE, "other staff"},
    "turns.": STAFF,
    "onward.": STAFF,
    "undoing.": {*STAFF, "other staff"},
    "rest.": {*STAFF, "other staff"},
    "api.desk.queue": SEES_QUEUE,
    "api.desk.counters": {*SEES_QUEUE, "other staff"},
    "api.desk.": STAFF,
    "api.turns.": STAFF,
}
"""Endpoint, or its beginning (the longest counts) → who may. An address missing here fails."""

API_BODIES: dict[str, dict[str, Any]] = {
    "api.tickets.issue": {"bidang": "PEM", "visitor": "resident"},
    "api.turns.no_show": {"reason": "pulang"},
    "api.turns.transfer": {"bidang": "KES"},
    "api.bookings.decline": {"reason": "penuh"},
    "api.bookings.cancel": {"reason": "batal"},
}


@dataclass
class World:
    """Something of everything, and people of every kind."""

    app: Flask
    values: dict[str, str]
    counter: int
    people: dict[str, VisitingClient]


# ── How the walk goes ─────────────────────────────────────────────────────────────────────────


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def who_may(endpoint: str) -> set[str] | None:
    fitting = [
        name for name in MAY if endpoint == name or (name[-1] == "." and endpoint.startswith(name))
    ]
    return MAY[max(fitting, key=len)] if fitting else None


def is_its_own_secret(rule: Rule, world: World) -> bool:
    """A ticket's address is known to its visitor alone: nobody else can make them press there."""
    return getattr(world.app.view_functions[rule.endpoint], "capability", False)


def path_of(rule: Rule, world: World, **other: str) -> str:
    values = world.values | other
    if rule.endpoint.startswith("kiosk_pairing") and "secret" not in other:
        values = values | {"secret": values["kiosk_secret"]}
    if rule.endpoint.startswith("booking.") and "token" not in other:
        values = values | {"token": values["draft"]}
    with world.app.test_request_context():
        built = rule.build({name: values[name] for name in rule.arguments})
    assert built is not None
    return built[1] + ("?bidang=PEM" if rule.endpoint == "api.desk.queue" else "")


def ask(world: World, who: str, rule: Rule, method: str) -> TestResponse:
    client, path = world.people[who], path_of(rule, world)
    if method == "GET":
        return client.get(path, buffered=True)
    own = "TRB" if who == "other staff" and rule.endpoint == "seat.take" else "PEM"
    return client.post(path, **body_of(rule, world, token=client.token(), bidang=own))


def body_of(rule: Rule, world: World, *, token: str | None, bidang: str = "PEM") -> dict[str, Any]:
    if rule.endpoint.startswith("api."):
        body = deepcopy(API_BODIES.get(rule.endpoint, {}))
        if rule.endpoint == "api.desk.call":
            body = {"bidang": "PEM", "counter": world.counter}
        if rule.endpoint == "api.tickets.check_in":
            body = {"code": world.values["code"]}
        return {"json": body, "headers": {"X-CSRFToken": token} if token else {}}
    form = {"bidang": bidang, "counter": str(world.counter), "reason": "uji"}
    return {"data": form | ({"csrf_token": token} if token else {})}


def turned_away(answer: TestResponse) -> bool:
    """Not let in: sent to the sign-in or pairing page, or refused in so many words."""
    if answer.status_code in {301, 302, 303}:
        return "/login" in (answer.location or "") or (answer.location or "").endswith("/kiosk")
    return answer.status_code in {401, 403, 404}


def all_rows(app: Flask) -> str:
    digest = hashlib.sha256()
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(select(table).order_by(table.c.id)):
                digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, bool]] = []
        self._action: str | None = None
        self._has_token = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "form" and (known.get("method") or "get").lower() == "post":
            self._action, self._has_token = known.get("action") or "", False
        if tag == "input" and known.get("name") == "csrf_token" and known.get("value"):
            self._has_token = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._action is not None:
            self.forms.append((self._action, self._has_token))
            self._action = None


def forms_of(page: str) -> list[tuple[str, bool]]:
    reader = _FormReader()
    reader.feed(page)
    return reader.forms
