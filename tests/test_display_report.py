"""What a paired display tells over HTTP of itself and of its calls, and what it is answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import Device, all_devices, revoke_device
from ruko.displays import Display
from ruko.offices import get_office
from ruko.receipts import Receipt
from ruko.web import page_edition
from tests.conftest import SLUG, VisitingClient
from tests.people import called, take

REPORT = f"/{SLUG}/display/report"
ANNOUNCED = f"/{SLUG}/display/announced"
SHOWN = {"seq": 1, "shown": True, "spoken": False}
SPOKEN = SHOWN | {"spoken": True}
Paired = Callable[..., VisitingClient]


def tell(display: VisitingClient, said: object, where: str = REPORT) -> Any:
    return display.post(where, json=said, headers={"X-CSRFToken": display.token()})


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
    display = paired("display")
    for page, token in (("display", "csrf-token"), ("display/ringan", "data-token")):
        assert token not in client.get(f"/{SLUG}/{page}").text
        assert token in display.get(f"/{SLUG}/{page}").text


# ── Receipts of a screen without a socket ─────────────────────────────────────────────────────


@pytest.fixture
def calling(app: Flask, now: datetime) -> None:
    """A visitor is called."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        take(office, now)
        called(office, now)
        db.session.commit()


@pytest.fixture
def receipts(app: Flask, calling: None) -> Callable[[], list[tuple[datetime, datetime | None]]]:
    """When each call was shown, and spoken."""

    def read() -> list[tuple[datetime, datetime | None]]:
        with app.app_context():
            return [(each.shown_at, each.spoken_at) for each in db.session.scalars(select(Receipt))]

    return read


def test_a_call_is_shown_and_then_spoken(
    app: Flask, paired: Paired, receipts: Any, time_is: Callable[..., datetime]
) -> None:
    display = paired("display")
    shown = time_is(9, 0, 5)
    assert tell(display, SHOWN, ANNOUNCED).status_code == 204
    assert receipts() == [(shown, None)]
    spoken = time_is(9, 0, 7)
    tell(display, SPOKEN, ANNOUNCED)
    assert receipts() == [(shown, spoken)]
    time_is(9, 0, 9)
    for again in (SPOKEN, SHOWN):
        assert tell(display, again, ANNOUNCED).status_code == 204
    assert receipts() == [(shown, spoken)]
    with app.app_context():
        device = db.session.scalars(select(Device)).one()
        assert device.last_spoken == spoken


def test_only_a_display_of_the_office_is_believed(
    client: VisitingClient,
    paired: Paired,
    sign_in: Callable[..., VisitingClient],
    receipts: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for somebody in (client, paired("kiosk"), sign_in("admin")):
        assert tell(somebody, SPOKEN, ANNOUNCED).status_code == 403
    display = paired("display")
    assert display.post(ANNOUNCED, json=SPOKEN).status_code == 403  # no token
    assert tell(display, SPOKEN, "/halong/display/announced").status_code == 404
    monkeypatch.setattr(Device, "serves", lambda *_: False)  # what another office's answers
    assert tell(display, SPOKEN, ANNOUNCED).status_code == 403
    assert receipts() == []


def test_a_revoked_display_is_not_believed(
    app: Flask, paired: Paired, receipts: Any, now: datetime
) -> None:
    display = paired("display")
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=now)
        db.session.commit()
    assert tell(display, SPOKEN, ANNOUNCED).status_code == 403
    assert receipts() == []


@pytest.mark.parametrize(
    "said",
    [
        *(None, [], [SPOKEN], "1", 1, {}, {"seq": 1}, {"shown": True}, SPOKEN | {"shown": 1}),
        *(SPOKEN | {"seq": seq} for seq in (True, "1", 1.0, None, [1], 0, -1, 2**31, 10**40)),
    ],
    ids=repr,
)
def test_a_nonsensical_receipt_is_refused(paired: Paired, receipts: Any, said: object) -> None:
    answer = tell(paired("display"), said, ANNOUNCED)
    assert answer.status_code == 422
    assert receipts() == []


def test_a_body_that_is_no_json(paired: Paired, receipts: Any) -> None:
    display = paired("display")
    assert display.submit(ANNOUNCED, {"seq": "1", "shown": "true"}).status_code == 422
    sent = {"X-CSRFToken": display.token(), "Content-Type": "application/json"}
    assert display.post(ANNOUNCED, data=b"{", headers=sent).status_code == 422
    assert receipts() == []


def test_a_call_that_does_not_exist_is_passed_over(paired: Paired, receipts: Any) -> None:
    assert tell(paired("display"), SPOKEN | {"seq": 2}, ANNOUNCED).status_code == 204
    assert receipts() == []
