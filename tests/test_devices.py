"""Devices: paired once by a link, known by a token, gone at once when revoked."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ruko.accounts import Token, all_tokens, find_token
from ruko.audit import SYSTEM, trail_of
from ruko.db import db, writing
from ruko.devices import (
    Device,
    add_device,
    all_devices,
    find_device,
    find_pairing,
    live_device,
    pair,
    revoke_device,
    touch,
)
from ruko.errors import Invalid, NotFound
from ruko.offices import Office, get_office
from tests.conftest import SLUG
from tests.people import at_once, refusals, successes


def test_a_new_device_has_a_link_and_a_token_of_its_own(office: Office, now: datetime) -> None:
    device, secret, token = add_device(office, "kiosk", " Tablet pintu ", by=SYSTEM, now=now)
    db.session.flush()

    assert (device.name, device.kind, device.last_seen) == ("Tablet pintu", "kiosk", None)
    assert find_device(token) is device
    assert find_pairing(office, "kiosk", secret) is device
    assert secret != token
    kept = [
        *db.session.execute(
            select(Device.pairing_hash, Device.name, Token.hash).join(
                Token, Token.device_id == Device.id
            )
        ).one()
    ]
    assert secret not in kept
    assert token not in kept


def test_a_link_pairs_once(office: Office, now: datetime) -> None:
    device, secret, printed = add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)
    token = pair(office, "kiosk", secret, now=now + timedelta(minutes=1))
    db.session.flush()

    assert find_device(token) is device
    assert token != printed
    assert find_device(printed) is device  # the program's own token stays
    assert find_pairing(office, "kiosk", secret) is None
    db.session.refresh(device)
    assert device.last_seen == now + timedelta(minutes=1)
    with pytest.raises(NotFound):
        pair(office, "kiosk", secret, now=now)


def test_a_link_opened_by_eight_browsers_pairs_one(app: Flask, now: datetime) -> None:
    with app.app_context(), writing():
        _, secret, _ = add_device(get_office(SLUG), "display", "TV", by=SYSTEM, now=now)
        db.session.commit()

    def open_link(n: int, ready: object) -> str:
        ready()  # type: ignore[operator]
        return pair(get_office(SLUG), "display", secret, now=now)

    answers = at_once(app, 8, open_link)
    assert len(successes(answers)) == 1
    assert refusals(answers) == ["not_found"] * 7


@pytest.mark.parametrize("secret", ["", "x", "a" * 10_000])
def test_a_wrong_secret_pairs_nothing(office: Office, now: datetime, secret: str) -> None:
    add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)

    assert find_pairing(office, "kiosk", secret) is None
    with pytest.raises(NotFound):
        pair(office, "kiosk", secret, now=now)


def test_a_link_is_for_its_own_kind_of_device(office: Office, now: datetime) -> None:
    _, secret, _ = add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)

    assert find_pairing(office, "display", secret) is None
    with pytest.raises(NotFound):
        pair(office, "display", secret, now=now)
    assert find_pairing(office, "kiosk", secret) is not None


def test_a_revoked_device_is_nobody_at_once(office: Office, now: datetime) -> None:
    device, secret, token = add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)
    browser = pair(office, "kiosk", secret, now=now)
    row = find_token(browser)
    assert row is not None

    revoke_device(office, device.id, by=SYSTEM, now=now)
    db.session.flush()
    assert find_device(token) is None
    assert find_device(browser) is None
    assert live_device(row) is None
    assert all_devices(office) == []
    with pytest.raises(NotFound):
        revoke_device(office, device.id, by=SYSTEM, now=now)


def test_a_device_revoked_before_it_was_paired_can_no_longer_be(
    office: Office, now: datetime
) -> None:
    device, secret, _ = add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)
    revoke_device(office, device.id, by=SYSTEM, now=now)
    db.session.flush()

    assert find_pairing(office, "kiosk", secret) is None
    with pytest.raises(NotFound):
        pair(office, "kiosk", secret, now=now)


@pytest.mark.parametrize("name", ["Tablet", "T" * 40])
def test_a_revoked_devices_name_is_free_again_and_again(
    office: Office, now: datetime, name: str
) -> None:
    for _ in range(3):
        device, _, _ = add_device(office, "kiosk", name, by=SYSTEM, now=now)
        db.session.flush()
        revoke_device(office, device.id, by=SYSTEM, now=now)
        db.session.flush()

    kept = db.session.scalars(select(Device)).all()
    assert len(kept) == 3  # they stay for the trail
    assert all(d.revoked_at == now and len(d.name) <= 40 for d in kept)


def test_a_name_is_used_once_for_each_kind(office: Office, now: datetime) -> None:
    add_device(office, "kiosk", "Lobi", by=SYSTEM, now=now)
    add_device(office, "display", "Lobi", by=SYSTEM, now=now)
    with pytest.raises(Invalid) as refusal:
        add_device(office, "kiosk", " Lobi ", by=SYSTEM, now=now)

    assert refusal.value.field == "name"
    assert [(d.kind, d.name) for d in all_devices(office)] == [
        ("display", "Lobi"),
        ("kiosk", "Lobi"),
    ]


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
def test_a_device_needs_a_name_that_fits(office: Office, now: datetime, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_device(office, "kiosk", name, by=SYSTEM, now=now)
    assert refusal.value.field == "name"


def test_a_device_is_remembered_when_it_was_last_heard_of(office: Office, now: datetime) -> None:
    device, _, _ = add_device(office, "display", "TV", by=SYSTEM, now=now)
    touch(device.id, now=now + timedelta(hours=1))

    db.session.refresh(device)
    assert device.last_seen == now + timedelta(hours=1)


def test_a_devices_token_is_no_accounts(office: Office, now: datetime) -> None:
    _, _, token = add_device(office, "display", "TV", by=SYSTEM, now=now)
    db.session.flush()

    row = find_token(token)
    assert row is not None
    assert row.user is None
    assert all_tokens(office) == []


def test_every_change_of_a_device_is_on_record(office: Office, now: datetime) -> None:
    device, secret, _ = add_device(office, "kiosk", "Tablet", by=SYSTEM, now=now)
    pair(office, "kiosk", secret, now=now)
    revoke_device(office, device.id, by=SYSTEM, now=now)

    lines = trail_of("device", device.id)
    assert [(line.action, line.actor_kind) for line in lines] == [
        ("add", "system"),
        ("pair", "device"),
        ("revoke", "system"),
    ]
