"""Who may speak to the API: tokens, sessions, devices, strangers, and people of another office."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from ruko import clock
from ruko.accounts import Role, Token, User, add_user, create_token
from ruko.audit import SYSTEM, AuditEvent
from ruko.db import db, writing
from ruko.devices import Device, add_device
from ruko.offices import Office, OfficeState
from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
Browsers = Callable[..., Any]
RESIDENT = {"bidang": "PEM", "visitor": "resident"}
TICKETS = f"/api/v1{OFFICE}/tickets"


@pytest.fixture
def another_office(app: Flask, password_hash: str) -> Iterator[dict[str, dict[str, str]]]:
    """The headers of an operator and a kiosk of another office."""
    with app.app_context(), writing():
        here = db.session.scalars(select(Office)).one()
        columns = {c.key: getattr(here, c.key) for c in Office.__table__.columns if c.key != "id"}
        there = Office(**columns | {"slug": "awayan", "code": "63.11.03", "name": "Awayan"})
        db.session.add(there)
        db.session.flush()
        db.session.add(OfficeState(office_id=there.id))
        now = clock.now()
        user = add_user(
            there,
            "operator",
            Role.OPERATOR,
            password_hash,
            must_change_password=False,
            by=SYSTEM,
            now=now,
        )
        db.session.flush()
        tokens = {
            "operator": create_token(user, by=SYSTEM, now=now),
            "kiosk": add_device(there, "kiosk", "Tablet", by=SYSTEM, now=now)[2],
        }
        number = there.id
        db.session.commit()
    yield {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
    with app.app_context(), writing():
        users, devices = (select(m.id).filter_by(office_id=number) for m in (User, Device))
        db.session.execute(delete(Token).where(Token.user_id.in_(users)))
        db.session.execute(delete(Token).where(Token.device_id.in_(devices)))
        for model in (AuditEvent, Device, User, OfficeState):
            db.session.execute(delete(model).filter_by(office_id=number))
        db.session.execute(delete(Office).where(Office.id == number))
        db.session.commit()


WRITES: list[tuple[str, Any]] = [
    (f"{OFFICE}/tickets", RESIDENT),
    (f"{OFFICE}/check-ins", {"code": "AAAAAAAA"}),
    (f"{OFFICE}/calls", {"bidang": "PEM", "counter": 1}),
    (f"{OFFICE}/bookings", {}),
    *((f"/turns/nothing/{action}", None) for action in ("recall", "start", "finish", "no-show")),
    *((f"/turns/nothing/{action}", None) for action in ("hold", "resume", "return", "undo")),
    ("/turns/nothing/transfer", {"bidang": "SEK"}),
    *((f"/bookings/AAAAAAAA/{action}", None) for action in ("approve", "decline", "cancel")),
    *((f"/bookings/AAAAAAAA/{action}", None) for action in ("move", "complete")),
]
READS = [
    *(f"{OFFICE}/{what}" for what in ("queue", "counters", "rooms", "slots", "bookings")),
    f"{OFFICE}/calendar.ics",
    *("/bookings/AAAAAAAA", "/bookings/AAAAAAAA.ics", "/bookings/AAAAAAAA/qr.svg"),
]


def test_strangers_must_sign_in(program: Programs) -> None:
    stranger = program()
    for path in READS:
        answer = stranger.get(path)
        assert refused(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path, body in WRITES:
        assert refused(stranger.post(path, body), 401, "unauthenticated")


def test_a_bad_token_is_refused_even_where_none_is_needed(app: Flask) -> None:
    for header in ("Bearer nonsense", "Bearer", "Bearer ", "Basic YTpi", "nonsense", "Bearer é"):
        nobody = Program(app, {"Authorization": header})
        for path in ("/offices", "/tickets/nothing", "/openapi.json", "/nowhere", *READS):
            assert refused(nobody.get(path), 401, "unauthenticated")
        assert refused(nobody.post(f"{OFFICE}/tickets", RESIDENT), 401, "unauthenticated")


def test_a_revoked_token_is_a_bad_one(app: Flask, program: Programs) -> None:
    desk = program("staff", bidang="PEM")
    with app.app_context(), writing():
        for token in db.session.scalars(select(Token)):
            token.revoked_at = clock.now()
        db.session.commit()
    assert refused(desk.get("/offices"), 401, "unauthenticated")


def test_a_closed_account_has_no_token(app: Flask, program: Programs) -> None:
    desk = program("staff", bidang="PEM")
    with app.app_context(), writing():
        db.session.scalars(select(User)).one().active = False
        db.session.commit()
    assert refused(desk.get("/offices"), 401, "unauthenticated")


def test_a_token_works_before_the_one_time_password_is_changed(program: Programs) -> None:
    desk = program("staff", bidang="PEM", must_change=True)
    assert desk.get(f"{OFFICE}/queue", bidang="PEM").status_code == 200


def test_a_kiosk_hands_out_numbers_and_no_more(program: Programs) -> None:
    kiosk = program("kiosk")
    assert kiosk.post(f"{OFFICE}/tickets", RESIDENT).status_code == 201
    for path in READS:
        assert refused(kiosk.get(path), 403, "forbidden")
    for path, body in WRITES[2:4]:
        assert refused(kiosk.post(path, body), 403, "forbidden")


def test_a_display_and_a_village_hand_out_no_numbers(program: Programs) -> None:
    for somebody in (program("display"), program("village", village="63.11.07.2008")):
        for path, body in WRITES[:3]:
            assert refused(somebody.post(path, body), 403, "forbidden")


def test_people_of_another_office_are_strangers_here(
    app: Flask, program: Programs, another_office: dict[str, dict[str, str]]
) -> None:
    ticket = json_of(program("kiosk").post(f"{OFFICE}/tickets", RESIDENT), 201)
    operator, kiosk = (Program(app, another_office[who]) for who in ("operator", "kiosk"))
    for path in READS[:6]:
        assert refused(operator.get(path), 403, "forbidden")
    for path, body in WRITES[:4]:
        assert refused(operator.post(path, body), 403, "forbidden")
        assert refused(kiosk.post(path, body), 403, "forbidden")
    assert refused(operator.post(f"/turns/{ticket['token']}/start"), 403, "forbidden")
    for path in READS[6:]:
        assert refused(operator.get(path), 404, "not_found")


def test_another_offices_booking_does_not_exist(
    app: Flask, program: Programs, another_office: dict[str, dict[str, str]]
) -> None:
    here = program("operator")
    room = json_of(here.get(f"{OFFICE}/rooms"))["items"][0]["id"]
    wish = {"room": room, "date": "2026-11-23", "start": "10:00", "end": "11:00"}
    wish |= {"bidang": "KES", "category": "stunting", "topic": "Gizi", "attendees": 4}
    wish |= {"leader": "Rahmawati", "village": "63.11.07.2008"}
    code = json_of(here.post(f"{OFFICE}/bookings", wish), 201)["code"]
    there, kiosk = (Program(app, another_office[who]) for who in ("operator", "kiosk"))
    assert refused(there.get(f"/bookings/{code}"), 404, "not_found")
    assert refused(there.post(f"/bookings/{code}/cancel", {"reason": "x"}), 404, "not_found")
    check_in = kiosk.post("/offices/awayan/check-ins", {"code": code})
    assert refused(check_in, 404, "not_found")


# ── The browser's session ─────────────────────────────────────────────────────────────────────


def test_a_session_writes_with_its_csrf_token_only(sign_in: Browsers) -> None:
    browser = sign_in("operator")
    assert refused(browser.post(TICKETS, json=RESIDENT), 403, "forbidden")
    wrong = browser.post(TICKETS, json=RESIDENT, headers={"X-CSRFToken": "wrong"})
    assert refused(wrong, 403, "forbidden")
    right = browser.post(TICKETS, json=RESIDENT, headers={"X-CSRFToken": browser.token()})
    assert right.status_code == 201
    assert browser.get(f"/api/v1{OFFICE}/counters").status_code == 200


def test_a_paired_kiosk_writes_with_its_csrf_token_only(paired: Browsers) -> None:
    browser = paired("kiosk")
    assert refused(browser.post(TICKETS, json=RESIDENT), 403, "forbidden")
    right = browser.post(TICKETS, json=RESIDENT, headers={"X-CSRFToken": browser.token()})
    assert right.status_code == 201


def test_strangers_may_not_post_without_end(program: Programs) -> None:
    stranger = program()
    codes = [stranger.post(f"{OFFICE}/tickets", RESIDENT).status_code for _ in range(121)]
    assert codes == [401] * 120 + [429]
    limited = stranger.post(f"{OFFICE}/tickets", RESIDENT)
    assert refused(limited, 429, "rate_limited")
    assert int(limited.headers["Retry-After"]) > 0
    assert program("kiosk").post(f"{OFFICE}/tickets", RESIDENT).status_code == 201
