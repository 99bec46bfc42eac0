"""Pairing by a code: shown by a screen, typed by an administrator, good for one device once."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ruko.accounts import Token
from ruko.audit import SYSTEM, trail_of
from ruko.db import db, writing
from ruko.devices import Device, all_devices, find_device, revoke_device
from ruko.errors import Invalid, RateLimited
from ruko.offices import Office, get_office
from ruko.pairing import (
    ALPHABET,
    MOST_OPEN,
    VALID,
    PairingRequest,
    approve,
    ask_to_pair,
    find_asked,
    normalise,
)
from ruko.web.callers import DEVICE_COOKIE
from ruko.web.pairing import SECRET_COOKIE
from tests.conftest import SLUG, VisitingClient, new_device
from tests.people import at_once, refusals, successes

HOME = f"/{SLUG}/kiosk"
MOMENT = timedelta(seconds=1)
SignIn = Callable[..., VisitingClient]


def code_of(office: Office, secret: str, now: datetime) -> str:
    asked = find_asked(office, "kiosk", secret, now=now)
    assert asked is not None
    return asked.code


def count(model: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# ── The rules ─────────────────────────────────────────────────────────────────────────────────


def test_a_code_makes_a_device_whose_token_the_screen_already_holds(
    office: Office, now: datetime
) -> None:
    secret = ask_to_pair(office, "kiosk", now=now)
    asked = find_asked(office, "kiosk", secret, now=now)
    assert asked is not None
    assert (asked.approved, asked.until) == (False, now + VALID)
    assert re.fullmatch(f"[{ALPHABET}]{{3}} [{ALPHABET}]{{3}}", asked.code)
    assert find_device(secret) is None

    device = approve(office, asked.code.lower(), "  Lobi ", by=SYSTEM, now=now)

    assert (device.name, device.kind, device.last_seen) == ("Lobi", "kiosk", now)
    assert find_device(secret) is device
    again = find_asked(office, "kiosk", secret, now=now)
    assert again is not None
    assert again.approved
    assert [line.action for line in trail_of("device", device.id)] == ["add", "pair"]
    assert [line.actor_kind for line in trail_of("device", device.id)] == ["system", "device"]


def test_nothing_that_opens_a_device_is_kept(office: Office, now: datetime) -> None:
    secret = ask_to_pair(office, "display", now=now)
    (row,) = db.session.scalars(select(PairingRequest))

    assert secret not in (row.secret_hash, row.code)


@pytest.mark.parametrize(
    "typed", ["", "AAA", "ZZZZZZZ", "' OR 1=1", "\u202e", "😀" * 6, "A" * 10_000]
)
def test_a_code_that_no_screen_shows_is_refused(office: Office, now: datetime, typed: str) -> None:
    ask_to_pair(office, "kiosk", now=now)

    with pytest.raises(Invalid) as refusal:
        approve(office, typed, "Lobi", by=SYSTEM, now=now)
    assert refusal.value.field == "code"
    assert all_devices(office) == []


def test_letters_are_read_as_what_they_resemble() -> None:
    assert normalise(" bsz-uac ") == "852VAC"


def test_a_code_is_good_for_one_device(office: Office, now: datetime) -> None:
    code = code_of(office, ask_to_pair(office, "kiosk", now=now), now)
    approve(office, code, "Lobi", by=SYSTEM, now=now)

    with pytest.raises(Invalid):
        approve(office, code, "Lobi 2", by=SYSTEM, now=now)


def test_a_code_lives_a_quarter_of_an_hour(office: Office, now: datetime) -> None:
    secret = ask_to_pair(office, "kiosk", now=now)
    code = code_of(office, secret, now + VALID)

    assert find_asked(office, "kiosk", secret, now=now + VALID + MOMENT) is None
    with pytest.raises(Invalid):
        approve(office, code, "Lobi", by=SYSTEM, now=now + VALID + MOMENT)


def test_a_screen_approved_at_the_last_moment_is_still_paired(
    office: Office, now: datetime
) -> None:
    secret = ask_to_pair(office, "kiosk", now=now)
    code = code_of(office, secret, now + VALID)
    approve(office, code, "Lobi", by=SYSTEM, now=now + VALID)
    ask_to_pair(office, "kiosk", now=now + VALID + MOMENT)  # sweeps what is over
    asked = find_asked(office, "kiosk", secret, now=now + VALID + MOMENT)
    assert asked is not None
    assert asked.approved


def test_a_clock_that_stepped_back_does_not_keep_a_code_alive(
    office: Office, now: datetime
) -> None:
    secret = ask_to_pair(office, "kiosk", now=now)

    assert find_asked(office, "kiosk", secret, now=now - MOMENT) is not None
    assert find_asked(office, "kiosk", secret, now=now - VALID - MOMENT) is None


def test_old_codes_are_swept_away_by_the_next_one(office: Office, now: datetime) -> None:
    for _ in range(3):
        ask_to_pair(office, "kiosk", now=now)
    ask_to_pair(office, "kiosk", now=now + VALID + MOMENT)

    assert count(PairingRequest) == 1


def test_only_so_many_screens_ask_at_once(office: Office, now: datetime) -> None:
    for _ in range(MOST_OPEN):
        ask_to_pair(office, "kiosk", now=now)

    with pytest.raises(RateLimited) as refusal:
        ask_to_pair(office, "display", now=now)
    assert refusal.value.retry_after == VALID.total_seconds()
    assert ask_to_pair(office, "display", now=now + VALID + MOMENT)


def test_a_code_is_for_its_own_kind_of_device(office: Office, now: datetime) -> None:
    secret = ask_to_pair(office, "display", now=now)

    assert find_asked(office, "kiosk", secret, now=now) is None
    assert find_asked(office, "display", secret, now=now) is not None
    assert find_asked(office, "display", "x" * 10_000, now=now) is None


def test_a_taken_name_leaves_the_code_open(office: Office, now: datetime) -> None:
    first, second = (code_of(office, ask_to_pair(office, "kiosk", now=now), now) for _ in range(2))
    approve(office, first, "Lobi", by=SYSTEM, now=now)

    with pytest.raises(Invalid) as refusal:
        approve(office, second, "Lobi", by=SYSTEM, now=now)
    assert refusal.value.field == "name"
    assert approve(office, second, "Lobi 2", by=SYSTEM, now=now).name == "Lobi 2"


def test_eight_administrators_approve_one_code_and_one_device_comes_of_it(
    app: Flask, now: datetime
) -> None:
    with app.app_context(), writing():
        office = get_office(SLUG)
        code = code_of(office, ask_to_pair(office, "kiosk", now=now), now)
        db.session.commit()

    def press(n: int, ready: Callable[[], None]) -> str:
        ready()
        return approve(get_office(SLUG), code, f"Lobi {n}", by=SYSTEM, now=now).name

    answers = at_once(app, 8, press)

    assert len(successes(answers)) == 1
    assert refusals(answers) == ["invalid"] * 7
    with app.app_context():
        assert [d.name for d in all_devices(get_office(SLUG))] == successes(answers)
        assert count(Token) == 1


def test_screens_that_ask_at_once_get_codes_of_their_own(app: Flask, now: datetime) -> None:
    def ask(n: int, ready: Callable[[], None]) -> str:
        ready()
        office = get_office(SLUG)
        return code_of(office, ask_to_pair(office, "kiosk", now=now), now)

    assert len(set(successes(at_once(app, 12, ask)))) == 12


# ── The doors ─────────────────────────────────────────────────────────────────────────────────


def shown_code(page: str) -> str:
    found = re.search(r'class="rk-code rk-num">(...) (...)<', page)
    assert found, page
    return found[1] + found[2]


@pytest.mark.parametrize("kind", ["kiosk", "display"])
def test_a_screen_is_paired_without_a_shell(
    client: VisitingClient, sign_in: SignIn, kind: str
) -> None:
    home = f"/{SLUG}/{kind}"
    assert "Tampilkan kode pemasangan" in client.get(f"{home}/pair").text
    answer = client.submit(f"{home}/pair/code")
    assert (answer.status_code, answer.location) == (303, f"{home}/pair")
    cookie = answer.headers["Set-Cookie"]
    assert f"{SECRET_COOKIE}=" in cookie
    assert "HttpOnly" in cookie
    assert f"Path={home}" in cookie
    code = shown_code(client.get(f"{home}/pair").text)
    assert client.submit(f"{home}/pair/check", {"quiet": "1"}).status_code == 204
    assert client.submit(f"{home}/pair/check").location == f"{home}/pair"

    admin = sign_in("admin")
    done = admin.submit(f"/{SLUG}/desk/devices/approve", {"code": code, "name": "Lobi"})
    assert done.status_code == 303, done.text
    assert "“Lobi” sudah dipasangkan" in admin.get(done.location).text

    paired = client.submit(f"{home}/pair/check", {"quiet": "1"})
    assert (paired.status_code, paired.location) == (303, home)
    assert any(
        c.startswith(DEVICE_COOKIE) and "HttpOnly" in c
        for c in paired.headers.getlist("Set-Cookie")
    )
    assert "Perangkat ini bernama “Lobi”" in client.get(f"{home}/pair").text
    page = client.get(home).text
    assert "Ambil nomor antrean" in page if kind == "kiosk" else "Belum dipasangkan" not in page


def test_a_second_press_leaves_the_code(client: VisitingClient) -> None:
    client.submit(f"{HOME}/pair/code")
    first = shown_code(client.get(HOME).text)
    client.submit(f"{HOME}/pair/code")

    assert shown_code(client.get(HOME).text) == first


def test_looking_at_the_page_makes_no_code(app: Flask, client: VisitingClient) -> None:
    client.get(HOME)
    client.get(f"{HOME}/pair")

    with app.app_context():
        assert count(PairingRequest) == 0


def test_an_expired_code_leads_back_to_the_button(
    client: VisitingClient, time_is: Callable[..., datetime]
) -> None:
    client.submit(f"{HOME}/pair/code")
    time_is(9, 16)

    answer = client.submit(f"{HOME}/pair/check", {"quiet": "1"})
    assert (answer.status_code, answer.location) == (303, f"{HOME}/pair")
    assert "Tampilkan kode pemasangan" in client.get(HOME).text


def test_a_lost_answer_is_asked_for_again(
    app: Flask, client: VisitingClient, sign_in: SignIn
) -> None:
    client.submit(f"{HOME}/pair/code")
    code = shown_code(client.get(HOME).text)
    sign_in("operator").submit(f"/{SLUG}/desk/devices/approve", {"code": code, "name": "Lobi"})
    secret = client.get_cookie(SECRET_COOKIE, path=HOME)
    assert secret is not None
    client.submit(f"{HOME}/pair/check")
    client.delete_cookie(DEVICE_COOKIE)
    client.set_cookie(SECRET_COOKIE, secret.value, path=HOME)

    assert client.submit(f"{HOME}/pair/check").location == HOME
    assert "Ambil nomor antrean" in client.get(HOME).text
    with app.app_context():
        assert (count(Device), count(Token)) == (1, 1)


def test_one_address_does_not_use_up_the_offices_codes(app: Flask) -> None:
    statuses = [app.test_client() for _ in range(14)]
    answers = [browser.submit(f"{HOME}/pair/code").status_code for browser in statuses]  # type: ignore[attr-defined]

    assert answers == [303] * 12 + [429] * 2


def test_a_revoked_kiosk_is_told_so_and_how_to_pair_again(
    app: Flask, paired: Callable[..., VisitingClient], time_is: Callable[..., datetime]
) -> None:
    kiosk = paired("kiosk", "Lobi")
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=time_is(9, 42))
        db.session.commit()

    page = kiosk.get(HOME).text
    assert "Perangkat ini dicabut pada Senin, 23 November 2026 pukul 09.42" in page
    assert "Tampilkan kode pemasangan" in page
    assert kiosk.submit(f"{HOME}/alive").status_code == 403
    kiosk.submit(f"{HOME}/pair/code")
    assert shown_code(kiosk.get(HOME).text)


def test_a_screen_revoked_right_after_its_approval_is_not_paired_again(
    app: Flask, client: VisitingClient, sign_in: SignIn, now: datetime
) -> None:
    client.submit(f"{HOME}/pair/code")
    code = shown_code(client.get(HOME).text)
    sign_in("admin").submit(f"/{SLUG}/desk/devices/approve", {"code": code, "name": "Lobi"})
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=now)
        db.session.commit()

    answer = client.submit(f"{HOME}/pair/check", {"quiet": "1"})
    assert answer.location == f"{HOME}/pair"
    assert DEVICE_COOKIE not in answer.headers.get("Set-Cookie", "")


def test_a_revoked_display_says_so_on_its_board(
    app: Flask, paired: Callable[..., VisitingClient], now: datetime
) -> None:
    display = paired("display", "TV")
    board = f"/{SLUG}/display"
    assert "Pasangkan layar ini" not in display.get(board).text
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=now)
        db.session.commit()

    page = " ".join(display.get(board).text.split())
    assert "Dicabut Sen, 23 Nov, 09.00." in page
    assert "Pasangkan layar ini" in page


def test_a_kiosks_revoked_token_says_nothing_on_the_board(
    app: Flask, paired: Callable[..., VisitingClient], now: datetime
) -> None:
    kiosk = paired("kiosk", "Lobi")
    with app.app_context(), writing():
        office = get_office(SLUG)
        revoke_device(office, all_devices(office)[0].id, by=SYSTEM, now=now)
        db.session.commit()

    assert "Dicabut" not in kiosk.get(f"/{SLUG}/display").text


def test_the_printed_link_keeps_working(app: Flask, client: VisitingClient) -> None:
    secret, _ = new_device(app, "kiosk", "Lobi")

    assert client.submit(f"{HOME}/pair/{secret}").location == HOME
    assert "Ambil nomor antrean" in client.get(HOME).text
