"""Where an account is signed in: listed in words, ended one by one, and seen without a GET writing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ruko import clock
from ruko.accounts import (
    Role,
    SignIn,
    User,
    add_user,
    end_other_sessions,
    end_session,
    find_session,
    open_session,
    sessions_of,
)
from ruko.accounts.sessions import SEEN_EVERY, UNUSED_FOR
from ruko.audit import SYSTEM, trail_of
from ruko.db import db
from ruko.errors import NotFound
from ruko.offices import Office
from ruko.web.throttle import SIGN_IN
from tests.conftest import PASSWORD, SLUG, VisitingClient
from tests.people import BINJAI

HOME = f"/{SLUG}"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
)


def add(office: Office, now: datetime, name: str = "siti") -> User:
    return add_user(
        office, name, Role.OPERATOR, "x", must_change_password=False, by=SYSTEM, now=now
    )


# ── The rules ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        (ANDROID, "Chrome", "Android"),
        (IPHONE, "Safari", "iPhone"),
        (WINDOWS, "Edge", "Windows"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox",
            "Linux",
        ),
        ("curl/8.5.0", "", ""),
        ("", "", ""),
        ("<script>alert(1)</script>" * 1000, "", ""),
    ],
)
def test_a_browser_is_a_short_word(
    office: Office, now: datetime, agent: str, browser: str, system: str
) -> None:
    row = open_session(add(office, now), agent, now=now)

    assert (row.browser, row.system) == (browser, system)


def test_one_device_ends_and_the_others_stay(office: Office, now: datetime) -> None:
    user, other = add(office, now), add(office, now, "budi")
    rows = [open_session(user, agent, now=now) for agent in (ANDROID, IPHONE, WINDOWS)]
    theirs, ids = open_session(other, ANDROID, now=now), [row.id for row in rows]

    end_session(user, ids[0], by=user.actor, now=now)
    assert [row.id for row in sessions_of(user, now=now)] == [ids[2], ids[1]]
    for wrong in (ids[0], theirs.id, 999_999):
        with pytest.raises(NotFound):
            end_session(user, wrong, by=user.actor, now=now)
    assert end_other_sessions(user, ids[1], by=user.actor, now=now) == 1
    assert [row.id for row in sessions_of(user, now=now)] == [ids[1]]
    assert [row.id for row in sessions_of(other, now=now)] == [theirs.id]
    told = [(line.action, line.detail.get("session")) for line in trail_of("user", user.id)]
    assert told[1:] == [
        *(("sign_in", row_id) for row_id in ids),
        *(("sign_out", row_id) for row_id in (ids[0], ids[2])),
    ]


def test_a_session_that_nobody_uses_ends_by_itself(office: Office, now: datetime) -> None:
    user = add(office, now)
    open_session(user, ANDROID, now=now)
    session_id = user.session_id

    assert find_session(session_id, now=now + UNUSED_FOR)
    later = now + UNUSED_FOR + timedelta(seconds=1)
    assert find_session(session_id, now=later) is None
    assert sessions_of(user, now=later) == []
    assert find_session(session_id, now=now - timedelta(days=400)), "the clock was put back"
    open_session(user, ANDROID, now=later)
    assert [row.created_at for row in db.session.scalars(select(SignIn))] == [later]


# ── Through the door ──────────────────────────────────────────────────────────────────────────


def enter(app: Flask, name: str, agent: str) -> VisitingClient:
    client = app.test_client()
    assert isinstance(client, VisitingClient)
    client.environ_base["HTTP_USER_AGENT"] = agent
    answer = client.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    client.csrf_token = ""
    return client


def sign_ins(app: Flask) -> list[SignIn]:
    with app.app_context():
        return list(db.session.scalars(select(SignIn).order_by(SignIn.id)))


def test_a_village_sees_its_devices_and_signs_one_out(
    app: Flask, account: Callable[..., str]
) -> None:
    name = account("village", village=BINJAI)
    phone, office_pc = enter(app, name, ANDROID), enter(app, name, WINDOWS)

    page = phone.get(f"{HOME}/sessions").text
    assert "Chrome di Android" in page
    assert "Edge di Windows" in page
    assert "127.0.0.1" not in page, "an address is nobody's business"
    assert page.count("perangkat ini") == 1
    pc = sign_ins(app)[1].id
    assert f"/sessions/{pc}/end" in page
    assert phone.submit(f"{HOME}/sessions/{pc}/end").location == f"{HOME}/sessions"
    assert office_pc.get(f"{HOME}/booking").location.startswith(f"{HOME}/login")
    assert phone.get(f"{HOME}/sessions").status_code == 200
    assert phone.submit(f"{HOME}/sessions/{pc}/end").status_code == 404


def test_all_others_end_in_one_press(app: Flask, account: Callable[..., str]) -> None:
    name = account("village", village=BINJAI)
    here, *others = (enter(app, name, agent) for agent in (ANDROID, WINDOWS, IPHONE))

    assert here.submit(f"{HOME}/sessions/end").status_code == 303
    assert "2 perangkat dikeluarkan" in here.get(f"{HOME}/sessions").text
    for other in others:
        assert other.get(f"{HOME}/sessions").location.startswith(f"{HOME}/login")


def test_anothers_device_is_not_found(
    app: Flask, account: Callable[..., str], sign_in: Callable[..., VisitingClient]
) -> None:
    enter(app, account("village", village=BINJAI), ANDROID)
    stranger = sign_in("village", "inan", village="63.11.07.2003")

    theirs = sign_ins(app)[0].id
    assert stranger.submit(f"{HOME}/sessions/{theirs}/end").status_code == 404
    assert len(sign_ins(app)) == 2


def test_signing_out_forgets_the_device(app: Flask, account: Callable[..., str]) -> None:
    phone = enter(app, account("village", village=BINJAI), ANDROID)
    with phone.session_transaction() as session:
        stolen = dict(session)

    phone.submit(f"{HOME}/logout")
    assert sign_ins(app) == []
    with phone.session_transaction() as session:
        session.update(stolen)
    assert phone.get(f"{HOME}/booking").location.startswith(f"{HOME}/login")


def test_looking_is_seen_only_now_and_then_and_after_the_answer(
    app: Flask, account: Callable[..., str], time_is: Callable[..., datetime]
) -> None:
    phone = enter(app, account("village", village=BINJAI), ANDROID)
    begun = clock.now()

    later = time_is(9, 9)
    phone.get(f"{HOME}/sessions")
    assert sign_ins(app)[0].last_seen_at == begun, "not every look is kept"
    later = time_is(9, 10)
    assert later - begun == SEEN_EVERY
    answer = phone.get(f"{HOME}/sessions", buffered=False)
    assert sign_ins(app)[0].last_seen_at == begun, "nothing is written before the answer is out"
    answer.close()
    assert sign_ins(app)[0].last_seen_at == later


def test_who_signs_in_and_out_is_on_record(app: Flask, account: Callable[..., str]) -> None:
    enter(app, account("operator"), ANDROID).submit(f"{HOME}/logout")

    with app.app_context():
        user_id = db.session.scalars(select(User.id)).one()
        lines = [line for line in trail_of("user", user_id) if line.action != "add"]
        assert [line.action for line in lines] == ["sign_in", "sign_out"]
        assert {(line.actor_kind, line.actor_id) for line in lines} == {("user", user_id)}


def test_who_comes_in_where_somebody_is_signed_in_takes_their_place(
    app: Flask, account: Callable[..., str]
) -> None:
    """Otherwise the first one's session would stay open in no browser, for whoever kept its cookie."""
    desk = enter(app, account("operator"), WINDOWS)
    with desk.session_transaction() as session:
        kept = dict(session)
    name = account("village", village=BINJAI)
    answer = desk.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
    assert answer.location == f"{HOME}/booking"

    assert [row.browser for row in sign_ins(app)] == ["Edge"]
    with desk.session_transaction() as session:
        session.clear()
        session.update(kept)
    assert desk.get(f"{HOME}/desk").location.startswith(f"{HOME}/login")


@pytest.mark.parametrize("number", [0, 2**31, 10**30])
def test_a_device_of_an_impossible_number_is_not_found(
    sign_in: Callable[..., VisitingClient], number: int
) -> None:
    admin = sign_in("admin")
    assert admin.submit(f"{HOME}/sessions/{number}/end").status_code == 404
    assert admin.submit(f"{HOME}/desk/accounts/1/sessions/{number}/end").status_code == 404
    assert admin.get(f"{HOME}/desk/accounts/{number}").status_code == 404


@pytest.mark.parametrize(
    ("tries", "same"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("::ffff:10.0.0.1", "::ffff:10.0.0.2"), False),
        (("10.0.0.1", "10.0.0.2"), False),
        (("unknown", "unknown:1"), False),
    ],
)
def test_an_ipv6_network_has_no_more_tries_than_an_address(
    client: VisitingClient, account: Callable[..., str], tries: tuple[str, str], same: bool
) -> None:
    name = account("operator")

    def sent_from(address: str, password: str) -> int:
        return client.submit(
            f"{HOME}/login",
            {"username": name, "password": password},
            environ_base={"REMOTE_ADDR": address},
        ).status_code

    for _ in range(SIGN_IN.amount):
        assert sent_from(tries[0], "bukan ini") == 401
    assert sent_from(tries[0], PASSWORD) == 429
    assert sent_from(tries[1], "bukan ini") == (429 if same else 401)
