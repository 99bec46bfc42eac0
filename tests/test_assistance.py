"""The help button: one press rings once, one of the staff goes, and the kiosk says so."""

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import events
from ruko.accounts import User
from ruko.assistance import (
    ON_THE_WAY,
    HelpAnswered,
    HelpAsked,
    HelpRequest,
    answer,
    ask_for_help,
    help_at,
    open_requests,
)
from ruko.audit import SYSTEM, Actor, trail_of
from ruko.db import db, writing
from ruko.devices import Device, add_device, all_devices
from ruko.errors import NotFound, WrongState
from ruko.live import seats, wires
from ruko.offices import Office, all_counters, get_office
from tests.conftest import SLUG, VisitingClient
from tests.people import at_once, refusals, successes

KIOSK = f"/{SLUG}/kiosk"
DESK = f"/{SLUG}/desk"
TUESDAY = date(2026, 11, 24)
SignIn = Callable[..., VisitingClient]
Paired = Callable[..., VisitingClient]


@pytest.fixture
def kiosk(office: Office, now: datetime) -> Device:
    return add_device(office, "kiosk", "Lobi", by=SYSTEM, now=now)[0]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What was told after commits."""
    told: list[object] = []
    monkeypatch.setattr(events, "_listeners", [told.append])
    return told  # type: ignore[return-value]


# ── The rules ─────────────────────────────────────────────────────────────────────────────────


def test_a_second_press_is_the_same_request(
    office: Office, kiosk: Device, now: datetime, heard: list[object]
) -> None:
    assert help_at(kiosk, now=now) == "idle"
    first = ask_for_help(office, kiosk, now=now)
    assert ask_for_help(office, kiosk, now=now + timedelta(minutes=2)) == first
    db.session.commit()

    assert help_at(kiosk, now=now) == "asked"
    (asked,) = open_requests(office, now=now)
    assert (asked.id, asked.device.name, asked.asked_at) == (first, "Lobi", now)
    assert heard == [HelpAsked(office.id, first)]


def test_one_goes_there_and_the_button_returns(
    office: Office, kiosk: Device, now: datetime, heard: list[object]
) -> None:
    asked = ask_for_help(office, kiosk, now=now)
    later = now + timedelta(minutes=1)
    answer(office, asked, by=SYSTEM, now=later)
    db.session.commit()

    assert open_requests(office, now=later) == []
    assert help_at(kiosk, now=later) == "coming"
    assert help_at(kiosk, now=later + ON_THE_WAY) == "idle"
    assert ask_for_help(office, kiosk, now=later) != asked
    assert [(line.action, line.actor_kind) for line in trail_of("help", asked)] == [
        ("ask", "device"),
        ("answer", "system"),
    ]
    assert heard == [HelpAsked(office.id, asked), HelpAnswered(office.id, asked)]


def test_only_one_of_two_goes(office: Office, kiosk: Device, now: datetime) -> None:
    asked = ask_for_help(office, kiosk, now=now)
    answer(office, asked, by=SYSTEM, now=now)

    with pytest.raises(WrongState) as refusal:
        answer(office, asked, by=SYSTEM, now=now)
    assert refusal.value.extra == {"state": "answered"}
    with pytest.raises(NotFound):
        answer(office, asked + 1, by=SYSTEM, now=now)


def test_nobody_is_fetched_for_yesterdays_press(
    office: Office, kiosk: Device, now: datetime, time_is: Callable[..., datetime]
) -> None:
    old = ask_for_help(office, kiosk, now=now)
    tomorrow = time_is(8, day=TUESDAY)

    assert open_requests(office, now=tomorrow) == []
    assert help_at(kiosk, now=tomorrow) == "idle"
    new = ask_for_help(office, kiosk, now=tomorrow)
    assert new != old
    assert [r.id for r in open_requests(office, now=tomorrow)] == [new]


def test_a_rollback_rings_nobody(
    office: Office, kiosk: Device, now: datetime, heard: list[object]
) -> None:
    ask_for_help(office, kiosk, now=now)
    db.session.rollback()
    db.session.commit()

    assert heard == []


def test_a_hammered_button_is_one_request(app: Flask, now: datetime) -> None:
    with app.app_context(), writing():
        device_id = add_device(get_office(SLUG), "kiosk", "Lobi", by=SYSTEM, now=now)[0].id
        db.session.commit()

    def press(n: int, ready: Callable[[], None]) -> int:
        ready()
        office = get_office(SLUG)
        return ask_for_help(office, db.session.get_one(Device, device_id), now=now)

    answers = at_once(app, 12, press)

    assert len(set(successes(answers))) == 1
    with app.app_context():
        (asked,) = db.session.scalars(select(HelpRequest))
        assert len(trail_of("help", asked.id)) == 1


def test_of_eight_colleagues_one_goes(
    app: Flask, now: datetime, account: Callable[..., str]
) -> None:
    names = [account("operator", f"petugas{n}") for n in range(8)]
    with app.app_context(), writing():
        office = get_office(SLUG)
        device, _, _ = add_device(office, "kiosk", "Lobi", by=SYSTEM, now=now)
        asked = ask_for_help(office, device, now=now)
        ids = [db.session.scalars(select(User.id).filter_by(username=n)).one() for n in names]
        db.session.commit()

    def go(n: int, ready: Callable[[], None]) -> int:
        ready()
        answer(get_office(SLUG), asked, by=Actor("user", ids[n]), now=now)
        return ids[n]

    answers = at_once(app, 8, go)

    assert refusals(answers) == ["wrong_state"] * 7
    with app.app_context():
        kept = db.session.get_one(HelpRequest, asked)
        assert [kept.answered_by] == successes(answers)


# ── The doors ─────────────────────────────────────────────────────────────────────────────────


def test_from_the_kiosk_to_the_desk_and_back(paired: Paired, sign_in: SignIn) -> None:
    kiosk, staff = paired("kiosk", "Lobi"), sign_in("staff", bidang="PEM")
    staff.submit(f"{DESK}/place", {"bidang": "PEM", "counter": _counter(kiosk.application)})
    assert "Panggil petugas" in kiosk.get(KIOSK).text
    assert "Bantuan diminta" not in staff.get(DESK).text

    answered = kiosk.submit(f"{KIOSK}/help")
    assert (answered.status_code, answered.location) == (303, f"{KIOSK}/help")
    assert "Petugas sudah dipanggil" in kiosk.get(f"{KIOSK}/help").text
    assert "Panggil petugas" not in kiosk.get(f"{KIOSK}/help/now").text
    for page in (DESK, f"{DESK}/now"):
        assert "Bantuan diminta di Lobi" in staff.get(page).text

    went = staff.submit(f"{DESK}/help/{_open(kiosk.application)}/answer")
    assert (went.status_code, went.location) == (303, DESK)
    assert "Bantuan diminta" not in staff.get(DESK).text
    assert "Petugas sedang menuju ke sini" in kiosk.get(f"{KIOSK}/help/now").text


def test_the_second_colleague_is_told_that_somebody_goes(
    app: Flask, paired: Paired, sign_in: SignIn
) -> None:
    paired("kiosk", "Lobi").submit(f"{KIOSK}/help")
    asked = _open(app)
    first, second = sign_in("operator"), sign_in("admin")
    first.submit(f"{DESK}/help/{asked}/answer", {"next": f"{DESK}/office"})

    late = second.submit(f"{DESK}/help/{asked}/answer", {"next": f"{DESK}/office"})
    assert (late.status_code, late.location) == (303, f"{DESK}/office")
    assert "Rekan Anda sudah menuju ke sana" in second.get(late.location).text
    assert second.submit(f"{DESK}/help/{asked + 1}/answer").status_code == 404


def test_a_double_tap_on_going_is_one(app: Flask, paired: Paired, sign_in: SignIn) -> None:
    paired("kiosk", "Lobi").submit(f"{KIOSK}/help")
    staff, key = sign_in("staff", bidang="PEM"), {"request_key": "satu"}
    path = f"{DESK}/help/{_open(app)}/answer"

    assert [staff.submit(path, key).status_code for _ in range(2)] == [303, 303]
    assert "Rekan Anda" not in staff.get(f"{DESK}/place").text


def test_a_press_never_leads_to_another_site(app: Flask, paired: Paired, sign_in: SignIn) -> None:
    paired("kiosk", "Lobi").submit(f"{KIOSK}/help")
    away = {"next": "//example.org/x"}

    answered = sign_in("operator").submit(f"{DESK}/help/{_open(app)}/answer", away)
    assert answered.location == DESK


def test_the_camat_sees_the_call_but_no_button(app: Flask, paired: Paired, sign_in: SignIn) -> None:
    paired("kiosk", "Lobi").submit(f"{KIOSK}/help")
    camat = sign_in("camat")
    page = camat.get(f"{DESK}/office").text

    assert "Bantuan diminta di Lobi" in page
    assert "Saya ke sana" not in page
    assert camat.submit(f"{DESK}/help/{_open(app)}/answer").status_code == 403


def test_a_kiosk_tells_that_it_is_alive(
    app: Flask, paired: Paired, time_is: Callable[..., datetime]
) -> None:
    kiosk = paired("kiosk", "Lobi")
    later = time_is(9, 7)

    assert kiosk.submit(f"{KIOSK}/alive").status_code == 204
    with app.app_context():
        assert all_devices(get_office(SLUG))[0].last_seen == later
    assert paired("display", "TV").submit(f"{KIOSK}/alive").status_code == 403


# ── The bell ──────────────────────────────────────────────────────────────────────────────────


def test_the_desks_are_rung_without_who_or_where(
    app: Flask, paired: Paired, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "_app", app)
    monkeypatch.setattr(app, "wsgi_app", app.wsgi_app)
    wires.socketio.init_app(app, async_mode="threading", manage_session=False)
    desk = wires.socketio.test_client(
        app, namespace="/desk", flask_test_client=sign_in("staff", bidang="PEM")
    )
    assert desk.is_connected("/desk")

    paired("kiosk", "Lobi").submit(f"{KIOSK}/help")
    assert _hint(desk) == {"request": _open(app), "state": "asked"}
    seats.guests.clear()


def test_displays_that_are_here_are_noted_in_one_go(
    app: Flask, paired: Paired, time_is: Callable[..., datetime]
) -> None:
    for name in ("TV 1", "TV 2", "TV 3"):
        paired("display", name)
    with app.app_context():
        first, second, _ = [d.id for d in all_devices(get_office(SLUG))]
    later = time_is(9, 30)
    with app.app_context():
        seats.remember(first, second)
    with app.app_context():
        seen = [d.last_seen for d in all_devices(get_office(SLUG))]
    assert [moment == later for moment in seen] == [True, True, False]


def _hint(desk: Any) -> Any:
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        for message in desk.get_received("/desk"):
            if message["name"] == "help":
                return message["args"][0]
        time.sleep(0.01)
    raise AssertionError("nobody rang")


def _open(app: Flask) -> int:
    with app.app_context():
        return (
            db.session.scalars(select(HelpRequest.id).order_by(HelpRequest.id.desc())).first() or 0
        )


def _counter(app: Flask) -> int:
    with app.app_context():
        return all_counters(get_office(SLUG))[0].id
