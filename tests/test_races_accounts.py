"""Two at the same moment, in real threads: each village one account, each link and code one sign-in."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib import import_module
from typing import TypeVar

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from ruko import clock, events
from ruko.accounts import (
    Role,
    SignIn,
    User,
    add_authenticator,
    add_user,
    close_account,
    edition_of,
    find_session,
    find_user,
    get_user,
    make_village_accounts,
    new_salt,
    renew_slips,
    set_password,
    totp_secret,
    unused_village_accounts,
    use_code,
    use_link,
    use_recovery_code,
)
from ruko.accounts.slips import Secrets
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.offices import get_office
from tests.conftest import PASSWORD, SLUG, VisitingClient, wita
from tests.paper import links_drawn
from tests.people import PATIENCE_SECONDS, at_once, refusals, successes

HOME = f"/{SLUG}"
NOW = wita(9)
NOON = 1_800_000_000.0
KEY = b"key"
Ready = Callable[[], None]
Made = TypeVar("Made")


@pytest.fixture(autouse=True)
def no_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: the screens' own thread takes no part in these races."""
    monkeypatch.setattr(events, "_listeners", [])


def given(who: int) -> list[Secrets]:
    return [Secrets("s", "h", f"link-{who}-{n}") for n in range(16)]


def boss(app: Flask, *names: str) -> None:
    with app.app_context(), writing():
        for name in names or ("bos",):
            add_user(
                get_office(SLUG), name, Role.ADMIN, "x",
                must_change_password=False, by=SYSTEM, now=NOW,
            )  # fmt: skip
        db.session.commit()


# ── The rules ─────────────────────────────────────────────────────────────────────────────────


def test_eight_make_all_villages_and_each_gets_one_account(app: Flask) -> None:
    def press(n: int, ready: Ready) -> int:
        ready()
        return len(make_village_accounts(get_office(SLUG), given(n), by=SYSTEM, now=NOW))

    answers = at_once(app, 8, press)

    assert refusals(answers) == []
    assert sum(successes(answers)) == 16
    with app.app_context():
        villages = Counter(user.village_id for user in db.session.scalars(select(User)))
    assert len(villages) == 16
    assert set(villages.values()) == {1}


def test_slips_made_again_at_once_are_one_edition(app: Flask) -> None:
    with app.app_context(), writing():
        make_village_accounts(get_office(SLUG), given(0), by=SYSTEM, now=NOW)
        edition = edition_of(unused_village_accounts(get_office(SLUG)))
        db.session.commit()

    def press(n: int, ready: Ready) -> int:
        ready()
        return len(renew_slips(get_office(SLUG), edition, given(n + 1), by=SYSTEM, now=NOW))

    assert sorted(successes(at_once(app, 4, press))) == [0, 0, 0, 16]


def test_a_link_lets_one_of_ten_in(app: Flask) -> None:
    with app.app_context(), writing():
        make_village_accounts(get_office(SLUG), given(0), by=SYSTEM, now=NOW)
        db.session.commit()

    def press(_n: int, ready: Ready) -> str:
        ready()
        return use_link(get_office(SLUG), "link-0-3", now=NOW).username

    answers = at_once(app, 10, press)
    assert len(successes(answers)) == 1
    assert refusals(answers) == ["not_found"] * 9


def test_a_code_and_a_recovery_code_let_one_of_ten_in(app: Flask) -> None:
    boss(app)
    with app.app_context(), writing():
        user, salt = get_user(get_office(SLUG), "bos"), new_salt()
        shown = pyotp.TOTP(totp_secret(user, salt, KEY))
        codes = add_authenticator(user, salt, shown.at(int(NOON)), KEY, at=NOON, now=NOW)
        code = shown.at(int(NOON) + 60)
        db.session.commit()

    def type_code(_n: int, ready: Ready) -> None:
        ready()
        use_code(get_user(get_office(SLUG), "bos"), code, KEY, at=NOON + 60)

    def type_recovery(_n: int, ready: Ready) -> None:
        ready()
        use_recovery_code(get_user(get_office(SLUG), "bos"), codes[0], now=NOW)

    for work in (type_code, type_recovery):
        answers = at_once(app, 10, work)
        assert len(successes(answers)) == 1
        assert refusals(answers) == ["invalid"] * 9


def test_two_administrators_close_each_other_and_one_stays(app: Flask) -> None:
    boss(app, "satu", "dua")

    def press(n: int, ready: Ready) -> None:
        ready()
        office, names = get_office(SLUG), ("satu", "dua")
        me, other = get_user(office, names[n]), get_user(office, names[1 - n])
        close_account(other, by=me, now=NOW)

    answers = at_once(app, 2, press)
    assert len(successes(answers)) == 1
    with app.app_context():
        assert len(db.session.scalars(select(User).filter_by(active=True)).all()) == 1


# ── Through the doors ─────────────────────────────────────────────────────────────────────────


def together(count: int, act: Callable[[int], Made]) -> list[Made]:
    """Let so many browsers press at the same moment."""
    start = threading.Barrier(count)

    def one(n: int) -> Made:
        start.wait(PATIENCE_SECONDS)
        return act(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_operators_press_at_once(app: Flask, sign_in: Callable[..., VisitingClient]) -> None:
    browsers = [sign_in("operator", f"operator{n}") for n in range(2)]
    for browser in browsers:
        browser.token()

    pages = together(2, lambda n: browsers[n].submit(f"{HOME}/desk/accounts/slips/villages"))
    assert {page.status_code for page in pages} <= {200, 303}
    assert sum(page.text.count('class="pw"') for page in pages) == 16
    with app.app_context():
        assert len(db.session.scalars(select(User).filter_by(role="village")).all()) == 16


def test_one_link_pressed_twice_is_one_session(
    app: Flask,
    sign_in: Callable[..., VisitingClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links = links_drawn(monkeypatch)
    sign_in("operator").submit(f"{HOME}/desk/accounts/slips/villages")
    path = links[0]
    phones = [app.test_client() for _ in range(4)]
    tokens = [phone.token() for phone in phones if isinstance(phone, VisitingClient)]

    answers = together(4, lambda n: phones[n].post(path, data={"csrf_token": tokens[n]}))
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]
    with app.app_context():
        assert len(db.session.scalars(select(SignIn)).all()) == 2  # the operator's, and this one


def test_one_code_typed_twice_is_one_session(
    app: Flask,
    account: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account("admin")
    key = str(app.config["SECRET_KEY"]).encode()
    with app.app_context(), writing():
        user, salt = find_user(get_office(SLUG), "admin"), new_salt()
        assert user
        shown = pyotp.TOTP(totp_secret(user, salt, key))
        add_authenticator(user, salt, shown.at(int(NOON)), key, at=NOON, now=clock.now())
        code = shown.at(int(NOON) + 60)
        db.session.commit()
    monkeypatch.setattr(clock, "of_machine", lambda: NOON + 60)
    browsers = []
    for _ in range(3):
        browser = app.test_client()
        assert isinstance(browser, VisitingClient)
        browser.submit(f"{HOME}/login", {"username": "admin", "password": PASSWORD})
        browser.csrf_token = ""
        browser.token()
        browsers.append(browser)

    answers = together(3, lambda n: browsers[n].submit(f"{HOME}/login/code", {"code": code}))
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    with app.app_context():
        assert len(db.session.scalars(select(SignIn)).all()) == 1


def test_a_password_replaced_while_somebody_signs_in_leaves_no_session_of_the_old_one(
    app: Flask, account: Callable[..., str], password_hash: str, now: datetime
) -> None:
    """Whoever was first: nobody who knew the old password alone stays signed in."""
    name = account("operator")
    phone = app.test_client()
    assert isinstance(phone, VisitingClient)
    phone.token()

    def act(n: int) -> None:
        if n == 0:
            phone.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
            return
        with app.app_context(), writing():
            user = get_user(get_office(SLUG), name)
            set_password(user, "another", must_change_password=False, by=SYSTEM, now=now)
            db.session.commit()

    together(2, act)
    assert phone.get(f"{HOME}/desk").location.startswith(f"{HOME}/login")


def test_a_slip_made_while_somebody_changes_the_password_has_the_last_word(
    app: Flask,
    sign_in: Callable[..., VisitingClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The operator resets what a stranger has got into, just as the stranger saves a password."""
    stranger = sign_in("operator")
    stranger.token()
    resets: list[threading.Thread] = []

    def reset() -> None:
        with app.app_context(), writing():
            user = get_user(get_office(SLUG), "operator")
            set_password(user, "the slip's", must_change_password=True, by=SYSTEM, now=NOW)
            db.session.commit()

    def find_and_wait(session_id: str, *, now: datetime) -> SignIn | None:
        found = find_session(session_id, now=now)
        resets.append(threading.Thread(target=reset))
        resets[0].start()
        resets[0].join(timeout=0.5)
        return found

    monkeypatch.setattr(import_module("desk.sign_in"), "find_session", find_and_wait)
    new = {"current": PASSWORD, "password": "tiga kata asing", "again": "tiga kata asing"}
    stranger.submit(f"{HOME}/password", new)
    resets[0].join(PATIENCE_SECONDS)
    with app.app_context():
        assert get_user(get_office(SLUG), "operator").password_hash == "the slip's"
    assert stranger.get(f"{HOME}/desk").location.startswith(f"{HOME}/login")


def test_two_apps_set_up_at_once_are_one(app: Flask) -> None:
    boss(app)

    def press(_n: int, ready: Ready) -> None:
        user, salt = get_user(get_office(SLUG), "bos"), new_salt()
        code = pyotp.TOTP(totp_secret(user, salt, KEY)).at(int(NOON))
        ready()
        add_authenticator(user, salt, code, KEY, at=NOON, now=NOW)

    answers = at_once(app, 4, press)
    assert len(successes(answers)) == 1
    assert refusals(answers) == ["invalid"] * 3
