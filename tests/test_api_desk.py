"""Calling and serving, as other programs do."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.programs import OFFICE, Program, json_of, refused

Programs = Callable[..., Program]
Clock = Callable[..., Any]
RESIDENT = {"bidang": "PEM", "visitor": "resident"}


@pytest.fixture
def kiosk(program: Programs) -> Program:
    return program("kiosk")


@pytest.fixture
def desk(program: Programs) -> Program:
    """Staff of PEM."""
    return program("staff", bidang="PEM")


@pytest.fixture
def counter(desk: Program) -> int:
    return int(counters(desk)[0]["id"])


def counters(desk: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(desk.get(f"{OFFICE}/counters"))["items"]
    return found


def issue(kiosk: Program, **changes: Any) -> Any:
    return json_of(kiosk.post(f"{OFFICE}/tickets", RESIDENT | changes), 201)


def call(desk: Program, counter: int, **more: Any) -> Any:
    return json_of(desk.post(f"{OFFICE}/calls", {"bidang": "PEM", "counter": counter} | more))


def act(desk: Program, token: str, action: str, **body: Any) -> Any:
    return json_of(desk.post(f"/turns/{token}/{action}", body or None))


def queue(desk: Program, bidang: str = "PEM") -> Any:
    return json_of(desk.get(f"{OFFICE}/queue", bidang=bidang))


# ── The queue and the places ──────────────────────────────────────────────────────────────────


def test_the_default_office_has_its_places(desk: Program) -> None:
    places = counters(desk)
    assert [p["name"] for p in places if p["kind"] == "loket"] == [
        f"Loket {n}" for n in range(1, 7)
    ]
    assert len([p for p in places if p["kind"] == "room"]) == 2
    assert {p["bidang"] for p in places} == {None}


def test_a_queue_stands_in_calling_order(kiosk: Program, desk: Program) -> None:
    walk_in, priority = issue(kiosk), issue(kiosk, priority=True)
    shown = queue(desk)
    assert [turn["token"] for turn in shown["waiting"]] == [priority["token"], walk_in["token"]]
    assert [turn["people_ahead"] for turn in shown["waiting"]] == [0, 1]
    assert shown["current"] == shown["held"] == shown["no_show"] == []
    assert shown["today"] == {"issued": 2, "done": 0, "no_show": 0, "median_wait_minutes": None}


def test_the_day_is_counted(kiosk: Program, desk: Program, counter: int, time_is: Clock) -> None:
    served, missed = issue(kiosk), issue(kiosk)
    time_is(9, 10)
    call(desk, counter)
    act(desk, served["token"], "start")
    act(desk, served["token"], "finish")
    call(desk, counter)
    act(desk, missed["token"], "no-show", reason="Pulang")
    shown = queue(desk)
    assert shown["today"] == {"issued": 2, "done": 1, "no_show": 1, "median_wait_minutes": 10}
    assert [turn["token"] for turn in shown["no_show"]] == [missed["token"]]


def test_a_queue_names_its_bidang(desk: Program) -> None:
    assert refused(desk.get(f"{OFFICE}/queue"), 422, "invalid", "bidang")
    assert refused(desk.get(f"{OFFICE}/queue", bidang="XXX"), 422, "invalid", "bidang")


# ── Calling ───────────────────────────────────────────────────────────────────────────────────


def test_the_next_visitor_is_called(kiosk: Program, desk: Program, counter: int) -> None:
    ticket = issue(kiosk)
    called = call(desk, counter)
    turn = called["turn"]
    assert (turn["ticket"], turn["token"]) == (ticket["code"], ticket["token"])
    assert (turn["state"], turn["counter"], turn["place"]) == ("called", counter, "Loket 1")
    assert (turn["announcements"], turn["arrived_at"]) == (1, ticket["issued_at"])
    assert called["call"] == {
        "seq": 1,
        "kind": "first",
        "place": "Loket 1",
        "called_at": "2026-11-23T09:00:00+08:00",
    }


def test_nobody_waiting_is_a_quiet_answer(desk: Program, counter: int) -> None:
    answer = desk.post(f"{OFFICE}/calls", {"bidang": "PEM", "counter": counter})
    assert answer.status_code == 204
    assert answer.data == b""


def test_an_occupied_place_calls_nobody(kiosk: Program, desk: Program, counter: int) -> None:
    issue(kiosk)
    call(desk, counter)
    answer = desk.post(f"{OFFICE}/calls", {"bidang": "PEM", "counter": counter})
    assert refused(answer, 409, "counter_busy")


def test_out_of_order_only_with_a_reason(kiosk: Program, desk: Program, counter: int) -> None:
    issue(kiosk)
    second = issue(kiosk)
    body = {"bidang": "PEM", "counter": counter, "ticket": second["token"]}
    assert refused(desk.post(f"{OFFICE}/calls", body), 422, "invalid", "reason")
    called = call(desk, counter, ticket=second["token"], reason="Anak sakit")
    assert called["turn"]["token"] == second["token"]
    other = counters(desk)[1]["id"]
    answer = desk.post(f"{OFFICE}/calls", body | {"counter": other, "reason": "Anak sakit"})
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "called"


def test_nothing_unknown_is_called(kiosk: Program, desk: Program, counter: int) -> None:
    elsewhere = issue(kiosk, bidang="SEK")["token"]
    good = {"bidang": "PEM", "counter": counter}
    for field, value in (
        *(("bidang", "XXX"), ("counter", 9999), ("counter", 0), ("counter", True)),
        *(("counter", "1"), ("counter", 10**40), ("ticket", "unknown"), ("ticket", elsewhere)),
    ):
        answer = desk.post(f"{OFFICE}/calls", good | {field: value})
        assert refused(answer, 422, "invalid", field)


# ── Serving ───────────────────────────────────────────────────────────────────────────────────


def test_a_visit_is_announced_thrice_started_and_finished(
    kiosk: Program, desk: Program, counter: int, time_is: Clock
) -> None:
    token = issue(kiosk)["token"]
    call(desk, counter)
    assert refused(desk.post(f"/turns/{token}/recall"), 409, "too_soon")
    time_is(9, 1)
    assert act(desk, token, "recall")["announcements"] == 2
    time_is(9, 2)
    assert act(desk, token, "recall")["announcements"] == 3
    assert json_of(desk.get(f"{OFFICE}/board"))["last_call"]["kind"] == "last"
    assert act(desk, token, "start")["state"] == "serving"
    done = act(desk, token, "finish", outcome="selesai", note="Surat diserahkan")
    assert (done["state"], done["counter"]) == ("done", None)
    answer = desk.post(f"/turns/{token}/start")
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "done"


def test_a_no_show_needs_a_reason_before_the_last_announcement(
    kiosk: Program, desk: Program, counter: int
) -> None:
    token = issue(kiosk)["token"]
    call(desk, counter)
    assert refused(desk.post(f"/turns/{token}/no-show"), 422, "invalid", "reason")
    assert act(desk, token, "no-show", reason="Pulang")["state"] == "no_show"


def test_a_transfer_keeps_number_and_arrival(
    kiosk: Program, desk: Program, program: Programs, counter: int, time_is: Clock
) -> None:
    ticket = issue(kiosk)
    call(desk, counter)
    time_is(9, 30)
    turn = act(desk, ticket["token"], "transfer", bidang="SEK", note="Perlu legalisasi")
    assert (turn["ticket"], turn["bidang"], turn["state"]) == (ticket["code"], "SEK", "waiting")
    assert (turn["arrived_at"], turn["note"]) == (ticket["issued_at"], "Perlu legalisasi")
    assert refused(desk.post(f"/turns/{ticket['token']}/start"), 403, "forbidden")
    assert [t["token"] for t in queue(program("staff", bidang="SEK"), "SEK")["waiting"]] == [
        ticket["token"]
    ]
    admin = program("admin")
    for bidang in ("SEK", "XXX", None):
        answer = admin.post(f"/turns/{ticket['token']}/transfer", {"bidang": bidang})
        assert refused(answer, 422, "invalid", "bidang")


def test_a_booking_follows_its_ticket(kiosk: Program, program: Programs, counter: int) -> None:
    operator = program("operator")
    rooms = json_of(operator.get(f"{OFFICE}/rooms"))
    wish = {"room": rooms["items"][0]["id"], "date": "2026-11-23", "start": "10:00"}
    wish |= {"end": "11:00", "bidang": "PEM", "category": "bpd", "topic": "BPD"}
    wish |= {"attendees": 3, "leader": "Rahmawati", "village": "63.11.07.2008"}
    code = json_of(operator.post(f"{OFFICE}/bookings", wish), 201)["code"]
    token = json_of(kiosk.post(f"{OFFICE}/check-ins", {"code": code}), 201)["token"]
    states = [json_of(operator.get(f"/bookings/{code}"))["state"]]
    call(operator, counter)
    for action in ("start", "finish"):
        act(operator, token, action)
        states.append(json_of(operator.get(f"/bookings/{code}"))["state"])
    assert states == ["checked_in", "in_session", "completed"]


def test_yesterdays_turn_has_expired(
    kiosk: Program, desk: Program, counter: int, time_is: Clock
) -> None:
    token = issue(kiosk)["token"]
    call(desk, counter)
    time_is(9, day=date(2026, 11, 24))
    answer = desk.post(f"/turns/{token}/start")
    assert refused(answer, 409, "wrong_state")
    assert json_of(answer, 409)["state"] == "expired"


# ── Who ───────────────────────────────────────────────────────────────────────────────────────


def test_staff_serve_their_own_bidang_only(
    kiosk: Program, desk: Program, program: Programs, counter: int
) -> None:
    token = issue(kiosk)["token"]
    other = program("staff", bidang="SEK")
    assert refused(other.get(f"{OFFICE}/queue", bidang="PEM"), 403, "forbidden")
    body = {"bidang": "PEM", "counter": counter}
    assert refused(other.post(f"{OFFICE}/calls", body), 403, "forbidden")
    call(desk, counter)
    for action in ("recall", "start", "finish", "no-show"):
        assert refused(other.post(f"/turns/{token}/{action}"), 403, "forbidden")
    assert refused(other.post(f"/turns/{token}/transfer", {"bidang": "SEK"}), 403, "forbidden")


def test_operator_and_admin_serve_every_bidang(
    kiosk: Program, program: Programs, counter: int
) -> None:
    for role in ("operator", "admin"):
        someone = program(role)
        token = issue(kiosk)["token"]
        assert call(someone, counter)["turn"]["token"] == token
        act(someone, token, "finish")


def test_the_camat_watches_and_touches_nothing(
    kiosk: Program, program: Programs, counter: int
) -> None:
    token, camat = issue(kiosk)["token"], program("camat")
    assert len(queue(camat)["waiting"]) == 1
    assert counters(camat)
    body = {"bidang": "PEM", "counter": counter}
    assert refused(camat.post(f"{OFFICE}/calls", body), 403, "forbidden")
    assert refused(camat.post(f"{OFFICE}/tickets", RESIDENT), 403, "forbidden")
    assert refused(camat.post(f"/turns/{token}/start"), 403, "forbidden")
