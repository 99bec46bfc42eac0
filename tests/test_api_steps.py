"""Every step of the queue through the API: by its desk, and by the visitor with nothing but the token."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.openapi import PREFIX
from ruko.db import db, writing
from ruko.offices import get_bidang, get_office
from tests.conftest import SLUG, VisitingClient
from tests.programs import OFFICE, Program, json_of, refused
from tests.test_api_callers import another_office
from tests.test_api_desk import act, call, counter, counters, desk, issue, kiosk, queue

__all__ = ["another_office", "counter", "desk", "kiosk"]  # fixtures

Programs = Callable[..., Program]
Clock = Callable[..., Any]
STEPS = ("recall", "start", "finish", "no-show", "hold", "resume", "return", "undo", "transfer")


@pytest.fixture
def called(kiosk: Program, desk: Program, counter: int) -> str:
    """Somebody is called at nine; the ticket's token."""
    token = str(issue(kiosk)["token"])
    call(desk, counter)
    return token


def visitor(program: Programs, token: str, what: str, **options: Any) -> Any:
    return program().post(f"/tickets/{token}/{what}", **options)


# ── The desk's steps ──────────────────────────────────────────────────────────────────────────


def test_held_and_called_again(desk: Program, called: str, counter: int) -> None:
    held = act(desk, called, "hold", reason="Fotokopi KTP")
    assert (held["state"], held["held_reason"], held["place"]) == ("held", "Fotokopi KTP", None)
    shown = queue(desk)
    assert ([t["token"] for t in shown["held"]], shown["current"]) == ([called], [])
    again = act(desk, called, "resume")
    assert (again["state"], again["counter"], again["announcements"]) == ("called", counter, 1)
    assert json_of(desk.get(f"{OFFICE}/board"))["last_call"]["seq"] == 2


def test_called_again_to_another_place(desk: Program, called: str) -> None:
    act(desk, called, "hold")
    other = counters(desk)[4]
    assert act(desk, called, "resume", counter=other["id"])["place"] == other["name"]


def test_no_unknown_place(desk: Program, called: str) -> None:
    act(desk, called, "hold")
    places: tuple[Any, ...] = (0, -1, 9999, 10**30, True, "1", 1.5, [], {})
    for unknown in places:
        answer = desk.post(f"/turns/{called}/resume", {"counter": unknown})
        assert refused(answer, 422, "invalid", "counter")
    assert queue(desk)["held"]


def test_an_occupied_place_is_busy(
    kiosk: Program, desk: Program, called: str, counter: int
) -> None:
    act(desk, called, "hold")
    issue(kiosk)
    call(desk, counter)
    assert refused(desk.post(f"/turns/{called}/resume"), 409, "counter_busy")


def test_returned_to_the_same_place(kiosk: Program, desk: Program, called: str) -> None:
    other = issue(kiosk)["token"]
    turn = act(desk, called, "return")
    assert (turn["state"], turn["people_ahead"], turn["announcements"]) == ("waiting", 0, 0)
    assert [t["token"] for t in queue(desk)["waiting"]] == [called, other]


def test_undone_also_after_the_end(desk: Program, called: str, time_is: Clock) -> None:
    act(desk, called, "start")
    act(desk, called, "finish", outcome="answered", note="Selesai")
    assert act(desk, called, "undo")["state"] == "serving"
    assert refused(desk.post(f"/turns/{called}/undo"), 409, "wrong_state")
    act(desk, called, "finish")
    time_is(9, 1, 1)
    assert refused(desk.post(f"/turns/{called}/undo"), 409, "too_late")


def test_an_undone_call_leaves_the_board(desk: Program, called: str) -> None:
    assert act(desk, called, "undo")["state"] == "waiting"
    board = json_of(desk.get(f"{OFFICE}/board"))
    assert (board["calls"], board["last_call"]) == ([], None)
    history = json_of(desk.get(f"/tickets/{called}"))["history"]
    assert [step["state"] for step in history] == ["waiting", "called", "waiting"]


def test_a_place_with_its_next_visitor_is_not_taken_back(
    kiosk: Program, desk: Program, called: str, counter: int
) -> None:
    act(desk, called, "finish")
    issue(kiosk)
    call(desk, counter)
    answer = desk.post(f"/turns/{called}/undo")
    assert refused(answer, 409, "counter_busy")
    assert "Loket 1" in json_of(answer, 409)["detail"]


def test_every_refusal_says_the_present_state(desk: Program, called: str) -> None:
    assert json_of(desk.post(f"/turns/{called}/resume"), 409)["state"] == "called"
    act(desk, called, "finish")
    for step in ("recall", "start", "finish", "hold", "resume", "return"):
        answer = desk.post(f"/turns/{called}/{step}")
        assert refused(answer, 409, "wrong_state")
        assert json_of(answer, 409)["state"] == "done"


# ── Who ───────────────────────────────────────────────────────────────────────────────────────


def test_who_transferred_may_undo_it_and_the_receiver_may_not(
    program: Programs, desk: Program, called: str
) -> None:
    receiver = program("staff", bidang="SEK")
    act(desk, called, "start")
    act(desk, called, "transfer", bidang="SEK")
    assert refused(receiver.post(f"/turns/{called}/undo"), 403, "forbidden")
    assert refused(desk.post(f"/turns/{called}/start"), 403, "forbidden")
    turn = act(desk, called, "undo")
    assert (turn["state"], turn["bidang"]) == ("serving", "PEM")
    assert queue(receiver, "SEK")["waiting"] == []


def test_once_called_by_the_receiver_the_step_is_theirs(
    program: Programs, desk: Program, called: str
) -> None:
    receiver = program("staff", bidang="SEK")
    act(desk, called, "transfer", bidang="SEK")
    place = counters(receiver)[2]["id"]
    json_of(receiver.post(f"{OFFICE}/calls", {"bidang": "SEK", "counter": place}))
    assert refused(desk.post(f"/turns/{called}/undo"), 403, "forbidden")
    turn = act(receiver, called, "undo")
    assert (turn["state"], turn["bidang"]) == ("waiting", "SEK")


@pytest.mark.parametrize(
    ("role", "place"),
    [
        ("staff", {"bidang": "SEK"}),
        ("camat", {}),
        ("village", {"village": "63.11.07.2008"}),
        ("kiosk", {}),
        ("display", {}),
    ],
)
def test_nobody_else_takes_a_step(
    program: Programs, called: str, role: str, place: dict[str, str]
) -> None:
    somebody = program(role, "lain", **place)
    for step in STEPS:
        body = {"bidang": "SEK"} if step == "transfer" else None
        assert refused(somebody.post(f"/turns/{called}/{step}", body), 403, "forbidden")


def test_a_stranger_signs_in_first(program: Programs, called: str) -> None:
    for step in STEPS:
        assert refused(program().post(f"/turns/{called}/{step}"), 401, "unauthenticated")
    bad = {"Authorization": "Bearer nothing"}
    answer = program().send("POST", f"/turns/{called}/undo", headers=bad)
    assert refused(answer, 401, "unauthenticated")


def test_operator_and_admin_take_every_step(program: Programs, called: str) -> None:
    operator, admin = program("operator"), program("admin")
    for somebody, step in ((operator, "hold"), (admin, "resume"), (operator, "undo")):
        act(somebody, called, step)
    assert act(admin, called, "transfer", bidang="SEK")["bidang"] == "SEK"
    assert act(operator, called, "undo")["state"] == "held"


def test_a_browsers_step_needs_its_csrf_token(
    sign_in: Callable[..., VisitingClient], called: str
) -> None:
    browser = sign_in("operator")
    path = f"{PREFIX}/turns/{called}/hold"
    assert refused(browser.post(path), 403, "forbidden")
    answer = browser.post(path, headers={"X-CSRFToken": browser.token()})
    assert json_of(answer)["state"] == "held"


# ── The same key, the same answer ─────────────────────────────────────────────────────────────


def test_a_step_repeated_with_its_key_happens_once(
    desk: Program, called: str, time_is: Clock
) -> None:
    for second, (step, body) in enumerate(
        [("hold", {"reason": "KTP"}), ("resume", {}), ("return", {}), ("undo", {}), ("undo", {})]
    ):
        key = f"{step}-{second}"
        time_is(9, 0, second)
        first = desk.post(f"/turns/{called}/{step}", body, key=key)
        again = desk.post(f"/turns/{called}/{step}", body, key=key)
        if second == 4:
            assert refused(first, 409, "wrong_state")
            assert refused(again, 409, "wrong_state")
            continue
        assert json_of(again) == json_of(first)
        assert again.headers["Idempotent-Replayed"] == "true"
    other = desk.post(f"/turns/{called}/finish", key="hold-0")
    assert refused(other, 422, "idempotency_mismatch")


def test_a_visitor_who_taps_twice_is_answered_twice_the_same(
    kiosk: Program, program: Programs, time_is: Clock
) -> None:
    tokens = []
    for second in range(3):
        time_is(9, 0, second)
        tokens.append(issue(kiosk)["token"])
    passed = [visitor(program, tokens[0], "let-pass", key="tap") for _ in range(2)]
    assert json_of(passed[0]) == json_of(passed[1])
    assert passed[1].headers["Idempotent-Replayed"] == "true"
    assert passed[0].json["people_ahead"] == 1
    assert refused(visitor(program, tokens[0], "let-pass", key="new"), 409, "wrong_state")
    left = [visitor(program, tokens[1], "leave", key="tap") for _ in range(2)]  # a key of its own
    assert [json_of(answer)["state"] for answer in left] == ["cancelled", "cancelled"]
    mismatch = visitor(program, tokens[0], "leave", key="tap")
    assert refused(mismatch, 422, "idempotency_mismatch")


# ── The visitor's own steps ───────────────────────────────────────────────────────────────────


def test_the_token_alone_leaves(kiosk: Program, program: Programs) -> None:
    token = issue(kiosk)["token"]
    ticket = json_of(visitor(program, token, "leave"))
    assert (ticket["state"], ticket["place"], ticket["people_ahead"]) == ("cancelled", None, 0)
    answer = visitor(program, token, "leave")
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "cancelled"


def test_the_token_alone_rejoins_while_the_window_lasts(
    kiosk: Program, desk: Program, called: str, program: Programs, time_is: Clock
) -> None:
    act(desk, called, "no-show", reason="Keluar")
    others = []
    for second in range(3):
        time_is(9, 1, second)
        others.append(issue(kiosk)["token"])
    missed = json_of(program().get(f"/tickets/{called}"))
    assert (missed["state"], missed["rejoin_until"]) == ("no_show", "2026-11-23T10:00:00+08:00")
    time_is(10, 0, 1)
    assert refused(visitor(program, called, "rejoin"), 409, "too_late")
    time_is(10)
    back = json_of(visitor(program, called, "rejoin"))
    assert (back["state"], back["people_ahead"], back["rejoin_until"]) == ("waiting", 2, None)
    assert [t["token"] for t in queue(desk)["waiting"]] == [*others[:2], called, others[2]]


def test_not_while_called_or_served(desk: Program, called: str, program: Programs) -> None:
    for state in ("called", "serving"):
        for what in ("leave", "rejoin", "let-pass"):
            answer = visitor(program, called, what)
            assert refused(answer, 409, "wrong_state")
            assert json_of(answer, 409)["state"] == state
        if state == "called":
            act(desk, called, "start")


def test_yesterdays_ticket_does_nothing_more(
    kiosk: Program, program: Programs, time_is: Clock
) -> None:
    token = issue(kiosk)["token"]
    time_is(9, day=date(2026, 11, 24))
    for what in ("leave", "rejoin", "let-pass"):
        answer = visitor(program, token, what)
        assert refused(answer, 409, "wrong_state")
        assert json_of(answer, 409)["state"] == "expired"


@pytest.mark.parametrize("who", ["operator", "camat", "village", "kiosk", "display"])
def test_a_cookie_in_the_same_browser_asks_for_no_csrf(
    kiosk: Program,
    sign_in: Callable[..., VisitingClient],
    paired: Callable[..., VisitingClient],
    who: str,
) -> None:
    """The token is the capability: a signed-in session or a kiosk's cookie neither helps nor hinders."""
    first, _ = issue(kiosk)["token"], issue(kiosk)["token"]
    place = {"village": "63.11.07.2008"} if who == "village" else {}
    browser: FlaskClient = (
        paired(who, "Alat lain") if who in {"kiosk", "display"} else sign_in(who, **place)
    )
    for what, state in (("let-pass", "waiting"), ("leave", "cancelled")):
        answer = browser.post(f"{PREFIX}/tickets/{first}/{what}")
        assert json_of(answer)["state"] == state


def test_a_bad_bearer_is_told_even_here(kiosk: Program, program: Programs) -> None:
    token = issue(kiosk)["token"]
    answer = program().send(
        "POST", f"/tickets/{token}/leave", headers={"Authorization": "Bearer nothing"}
    )
    assert refused(answer, 401, "unauthenticated")


def test_an_unknown_ticket_is_not_found_and_guessing_is_limited(program: Programs) -> None:
    stranger = program()
    for n in range(60):
        what = ("leave", "rejoin", "let-pass")[n % 3]
        assert refused(stranger.post(f"/tickets/guessed-{n}/{what}"), 404, "not_found")
    assert refused(stranger.post("/tickets/guessed/leave"), 429, "rate_limited")


def test_a_known_ticket_is_never_limited(kiosk: Program, program: Programs) -> None:
    token, stranger = issue(kiosk)["token"], program()
    for _ in range(130):
        answer = stranger.post(f"/tickets/{token}/rejoin")
        assert refused(answer, 409, "wrong_state")


def test_a_get_changes_nothing(kiosk: Program, program: Programs) -> None:
    token = issue(kiosk)["token"]
    for what in ("leave", "rejoin", "let-pass"):
        assert refused(program().get(f"/tickets/{token}/{what}"), 405, "method_not_allowed")
    assert json_of(program().get(f"/tickets/{token}"))["state"] == "waiting"


# ── Full, and another office ──────────────────────────────────────────────────────────────────


def test_a_full_bidang_says_when_numbers_are_given_again(app: Flask, kiosk: Program) -> None:
    with app.app_context(), writing():
        get_bidang(get_office(SLUG), "PEM").daily_capacity = 1
        db.session.commit()
    body = {"bidang": "PEM", "visitor": "resident"}
    issue(kiosk)
    for _ in range(2):
        answer = kiosk.post(f"{OFFICE}/tickets", body, key="full")
        assert refused(answer, 409, "queue_full")
        assert "24 November" in json_of(answer, 409)["detail"]
    board = json_of(kiosk.get(f"{OFFICE}/board"))
    assert board["bidang"][0]["full"]
    with app.app_context(), writing():
        get_bidang(get_office(SLUG), "PEM").daily_capacity = 2
        db.session.commit()
    assert issue(kiosk)["number"] == 2


def test_another_offices_people_take_no_step_here(
    app: Flask, called: str, program: Programs, another_office: dict[str, dict[str, str]]
) -> None:
    operator, tablet = (Program(app, another_office[who]) for who in ("operator", "kiosk"))
    for step in STEPS:
        assert refused(operator.post(f"/turns/{called}/{step}"), 403, "forbidden")
        assert refused(tablet.post(f"/turns/{called}/{step}"), 403, "forbidden")
    body = {"bidang": "PEM", "counter": 1, "ticket": called}
    assert refused(operator.post("/offices/awayan/calls", body), 422, "invalid")
    assert json_of(program().get(f"/tickets/{called}"))["state"] == "called"


def test_the_description_knows_every_step(program: Programs) -> None:
    described = json_of(program().get("/openapi.json"))["paths"]
    for step in STEPS:
        operation = described[f"/turns/{{token}}/{step}"]["post"]
        assert operation.get("security") != []
        assert set(operation["responses"]) >= {"200", "default"}
    for what in ("leave", "rejoin", "let-pass"):
        assert described[f"/tickets/{{token}}/{what}"]["post"]["security"] == []
