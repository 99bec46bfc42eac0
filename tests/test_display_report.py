"""What a paired display tells about itself over HTTP, and what it is answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko.db import db
from ruko.displays import Display
from ruko.web import page_edition
from tests.conftest import SLUG, VisitingClient

REPORT = f"/{SLUG}/display/report"
Paired = Callable[..., VisitingClient]


def tell(display: VisitingClient, said: object, **more: Any) -> Any:
    return display.post(REPORT, json=said, headers={"X-CSRFToken": display.token()}, **more)


def kept(app: Flask) -> Display:
    with app.app_context():
        return db.session.scalars(select(Display)).one()


def test_a_report_is_kept_and_answered_with_the_settings(
    app: Flask, paired: Paired, time_is: Callable[..., datetime]
) -> None:
    display = paired("display")
    now = time_is(9, 30)
    said = {"sound": "on", "page": "abc", "missing": 2, "trouble": "Klip “a” tidak ada."}
    answer = tell(display, said)
    with app.app_context():
        settings = {"zone": [], "volume": 80, "repeats": 1, "quiet": None, "page": page_edition()}
    assert answer.get_json() == settings
    row = kept(app)
    assert (row.sound, row.page, row.missing) == ("on", "abc", 2)
    assert (row.trouble, row.trouble_at, row.reported_at) == ("Klip “a” tidak ada.", now, now)


def test_a_form_does_as_well_and_old_trouble_stays(app: Flask, paired: Paired) -> None:
    display = paired("display")
    tell(display, {"sound": "on", "trouble": "Diam"})
    assert display.submit(REPORT, {"sound": "blocked", "missing": "1"}).status_code == 200
    row = kept(app)
    assert (row.sound, row.missing, row.trouble) == ("blocked", 1, "Diam")


def test_only_a_display_of_the_office_reports(
    client: VisitingClient, paired: Paired, sign_in: Callable[..., VisitingClient]
) -> None:
    for somebody in (client, paired("kiosk"), sign_in("admin")):
        assert tell(somebody, {"sound": "on"}).status_code == 403
    assert paired("display").post(REPORT, json={"sound": "on"}).status_code == 403  # no token


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        "on",
        None,
        {"sound": "loud"},
        {"sound": 1},
        {"sound": ["on"]},
        {"sound": None, "missing": {}},
    ],
)
def test_nonsense_is_refused(paired: Paired, said: object) -> None:
    assert tell(paired("display"), said).status_code == 422


@pytest.mark.parametrize("missing", ["many", None, [], {}, -3, 1e400, 10**6, "9" * 5000, True])
def test_a_strange_number_of_clips(app: Flask, paired: Paired, missing: object) -> None:
    assert tell(paired("display"), {"sound": "on", "missing": missing}).status_code == 200
    assert 0 <= (kept(app).missing or 0) <= 999


@pytest.mark.parametrize("trouble", ["x" * 5000, "\ud800", "<b>&", 7, ["a"]])
def test_strange_trouble(app: Flask, paired: Paired, trouble: object) -> None:
    assert tell(paired("display"), {"sound": "on", "trouble": trouble}).status_code == 200
    assert len(kept(app).trouble or "") <= 200


def test_only_a_paired_board_carries_a_token(client: VisitingClient, paired: Paired) -> None:
    assert "csrf-token" not in client.get(f"/{SLUG}/display").text
    assert "csrf-token" in paired("display").get(f"/{SLUG}/display").text
