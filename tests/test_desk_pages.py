"""The desk's pages as staff meet them, without JavaScript: signing in, a place, deciding."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from importlib import import_module

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import bookings, clock
from ruko.accounts import find_user, verify_password
from ruko.errors import Unavailable
from ruko.web.throttle import SIGN_IN
from tests import people
from tests.at_desk import (
    DESK,
    HOSTILE,
    SignIn,
    Take,
    call,
    office_of,
    press,
    seated,
    taking,
    text_of,
)
from tests.conftest import PASSWORD, SLUG, VisitingClient

HOME = f"/{SLUG}"
APPROVALS = f"{DESK}/approvals"
BINJAI = people.BINJAI


@pytest.fixture
def take(app: Flask) -> Take:
    return taking(app)


@pytest.fixture
def pem(sign_in: SignIn) -> VisitingClient:
    """A clerk of PEM who sits at Loket 1."""
    return seated(sign_in("staff", bidang="PEM"))


# ── Signing in ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("role", "place", "home"),
    [
        ("village", {"village": BINJAI}, f"{HOME}/booking"),
        ("staff", {"bidang": "PEM"}, DESK),
        ("operator", {}, DESK),
        ("admin", {}, DESK),
        ("camat", {}, DESK),
    ],
)
def test_everybody_comes_home(
    client: VisitingClient,
    account: Callable[..., str],
    role: str,
    place: dict[str, str],
    home: str,
) -> None:
    name = account(role, **place)
    fields = {"username": name.upper(), "password": PASSWORD, "next": f"{HOME}/booking"}
    answer = client.submit(f"{HOME}/login", fields)  # the front page led to the booking door
    assert (answer.status_code, answer.location) == (303, home)
    assert client.get(f"{HOME}/login").location == home
    assert client.get(home).status_code == 200


@pytest.mark.parametrize(
    ("wish", "leads_to"),
    [
        (f"{APPROVALS}?x=1", f"{APPROVALS}?x=1"),
        (f"{HOME}/booking/mine", f"{HOME}/booking/mine"),  # an operator books for villages
        ("//evil.example/", DESK),
        ("/\\evil.example/", DESK),
        ("https://evil.example/", DESK),
        ("/", DESK),
        ("", DESK),
    ],
)
def test_the_wish_is_followed_inside_the_house(
    client: VisitingClient, account: Callable[..., str], wish: str, leads_to: str
) -> None:
    fields = {"username": account("operator"), "password": PASSWORD, "next": wish}
    assert client.submit(f"{HOME}/login", fields).location == leads_to


def test_a_wish_behind_anothers_door_is_not_followed(
    client: VisitingClient, account: Callable[..., str]
) -> None:
    fields = {"username": account("staff", bidang="PEM"), "password": PASSWORD}
    answer = client.submit(f"{HOME}/login", fields | {"next": f"{HOME}/booking/mine"})
    assert answer.location == DESK


def test_a_wrong_password_says_so_and_keeps_the_name(
    client: VisitingClient, account: Callable[..., str]
) -> None:
    name = account("village", village=BINJAI)
    wrong = client.submit(
        f"{HOME}/login", {"username": name, "password": "bukan ini", "next": DESK}
    )
    unknown = client.submit(f"{HOME}/login", {"username": "tiada", "password": "bukan ini"})
    assert wrong.status_code == unknown.status_code == 401
    assert "Nama akun atau kata sandi salah." in text_of(wrong)
    assert "Nama akun atau kata sandi salah." in text_of(unknown)
    assert f'value="{name}"' in wrong.text
    assert f'value="{DESK}"' in wrong.text
    assert "bukan ini" not in wrong.text


def test_empty_fields_and_hostile_ones(client: VisitingClient) -> None:
    empty = client.submit(f"{HOME}/login", {"username": "", "password": ""})
    long = client.submit(f"{HOME}/login", {"username": "a" * 10_000, "password": "x" * 10_000})
    hostile = client.submit(f"{HOME}/login", {"username": HOSTILE[:40], "password": "😈\n"})
    assert [a.status_code for a in (empty, long, hostile)] == [422, 422, 401]
    assert "<script>alert" not in hostile.text


def test_only_failures_are_counted_by_account_and_address(
    client: VisitingClient, account: Callable[..., str]
) -> None:
    name, other = account("operator"), account("camat")

    def enter(name: str, password: str, **kwargs: object) -> TestResponse:
        client.csrf_token = ""  # each sign-in begins a new session
        fields: dict[str, object] = {"username": name, "password": password}
        return client.submit(f"{HOME}/login", fields, **kwargs)

    for _ in range(SIGN_IN.amount - 1):
        assert enter(name, "bukan ini").status_code == 401
    assert enter(name, PASSWORD).status_code == 303
    enter(name, "bukan ini")
    refused = enter(name, PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert 'role="alert"' in refused.text
    assert f'value="{name}"' in refused.text
    assert enter(other, PASSWORD).status_code == 303
    assert enter(name, PASSWORD, environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 303


def test_signing_in_begins_a_new_session_and_out_ends_it(
    client: VisitingClient, account: Callable[..., str]
) -> None:
    client.submit("/reading", {"lang": "en"})
    with client.session_transaction() as session:
        session["desk"] = ["PEM", 1]
    name = account("staff", bidang="PEM")
    client.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
    client.csrf_token = ""
    with client.session_transaction() as session:
        assert "desk" not in session
        assert session["lang"] == "en"
    assert client.submit(f"{HOME}/logout").location == f"{HOME}/login"
    assert client.get(DESK).location.startswith(f"{HOME}/login?next=")
    with client.session_transaction() as session:
        assert "_user_id" not in session


def test_a_one_time_password_is_replaced_first(
    app: Flask, client: VisitingClient, account: Callable[..., str]
) -> None:
    name = account("village", village=BINJAI, must_change=True)
    answer = client.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
    assert answer.location.startswith(f"{HOME}/password")
    client.csrf_token = ""
    assert client.get(f"{HOME}/booking").location.startswith(f"{HOME}/password")

    def change(current: str, new: str, again: str | None = None) -> TestResponse:
        fields = {"current": current, "password": new, "again": new if again is None else again}
        return client.submit(f"{HOME}/password", fields)

    assert 'id="password-error"' in change(PASSWORD, "pendek").text
    assert "Berbeda dengan kata sandi baru" in text_of(change(PASSWORD, "tiga kata baru", "lain"))
    assert "berbeda dari yang sekarang" in text_of(change(PASSWORD, PASSWORD))
    assert "bukan kata sandi akun ini" in text_of(change("bukan yang ini", "tiga kata baru"))
    other = app.test_client()
    assert isinstance(other, VisitingClient)
    other.submit(f"{HOME}/login", {"username": name, "password": PASSWORD})
    assert change(PASSWORD, "tiga kata baru").location == f"{HOME}/booking"
    assert client.get(f"{HOME}/booking").status_code == 200  # still signed in here
    assert other.get(f"{HOME}/password").location.startswith(f"{HOME}/login")  # and only here
    with office_of(app) as office:
        assert verify_password(find_user(office, name), "tiga kata baru")


def test_nobody_changes_a_password_signed_out(client: VisitingClient) -> None:
    assert client.get(f"{HOME}/password").location.startswith(f"{HOME}/login")
    fields = {"current": PASSWORD, "password": "tiga kata baru", "again": "tiga kata baru"}
    assert client.submit(f"{HOME}/password", fields).status_code == 401


# ── A place ───────────────────────────────────────────────────────────────────────────────────


def test_staff_choose_a_place_of_their_own_bidang(app: Flask, sign_in: SignIn, take: Take) -> None:
    take("PMD")
    with office_of(app) as office:
        people.call(office, clock.now(), "PMD", counter=2)
    client = sign_in("staff", bidang="PEM")
    page = text_of(client.get(DESK))
    assert "Tempat untuk Seksi Pemerintahan" in page
    assert "Loket 2 ada B-001" in page
    assert "Loket 1 kosong" in page
    other = {"bidang": "PMD", "counter": 1}
    assert client.submit(f"{DESK}/place", other).status_code == 403
    for wrong in ({"bidang": "PEM", "counter": 999}, {"bidang": "XYZ", "counter": 1}, {}):
        assert client.submit(f"{DESK}/place", wrong).status_code == 422
    seated(client)
    assert "Loket 1 siap" in text_of(client.get(DESK))


def test_the_operator_chooses_any_bidang(sign_in: SignIn) -> None:
    client = sign_in("operator")
    assert "Tempat untuk" not in text_of(client.get(DESK))
    assert "Tempat untuk Sekretariat" in text_of(client.get(f"{DESK}/place?bidang=SEK"))
    seated(client, "SEK", 6)
    assert "Loket 6 · Sekretariat" in text_of(client.get(DESK))


def test_the_camat_looks_on_and_touches_nothing(app: Flask, sign_in: SignIn, take: Take) -> None:
    waiting, _second = take(), take()
    with office_of(app) as office:
        people.call(office, clock.now())
    client = sign_in("camat")
    seated(client, "PEM")
    page = client.get(DESK)
    assert "A-001 Loket 1 sedang dipanggil" in text_of(page)
    assert 'data-part="acts"' not in page.text
    assert client.submit(f"{DESK}/calls").status_code == 403
    assert client.submit(f"{DESK}/turns/{waiting}/start").status_code == 403
    assert client.get(f"{DESK}/turns/{waiting}/transfer").status_code == 403


def test_anothers_visitor_at_my_place_is_said(app: Flask, pem: VisitingClient, take: Take) -> None:
    take("PMD")
    with office_of(app) as office:
        people.call(office, clock.now(), "PMD", counter=1)
    page = pem.get(DESK)
    assert "Loket 1 sedang dipakai" in text_of(page)
    assert "disabled" in page.text
    answer = call(pem)
    assert answer.status_code == 409
    assert "Loket 1" in text_of(answer)
    assert 'role="alert"' in answer.text


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def requests(app: Flask) -> list[str]:
    """Two requests for the room that needs approval; the later day was asked for first."""
    codes = []
    with office_of(app) as office:
        room = bookings.all_rooms(office)[1]
        for ago, day in ((2, people.TUESDAY + timedelta(days=1)), (1, people.TUESDAY)):
            asked = clock.now() - timedelta(hours=ago)
            made = people.book(office, asked, room=room, day=day, topic=HOSTILE, phone="0812-3456")
            codes.append(made.code)
    return codes


def test_only_operators_decide(sign_in: SignIn, requests: list[str]) -> None:
    for client in (sign_in("staff", bidang="PEM"), sign_in("camat")):
        assert client.get(APPROVALS).status_code == 403
        assert client.submit(f"{APPROVALS}/{requests[0]}/approve").status_code == 403


def test_requests_are_listed_oldest_first(sign_in: SignIn, requests: list[str]) -> None:
    page = sign_in("operator").get(APPROVALS)
    assert page.text.index(requests[0]) < page.text.index(requests[1])
    for shown in (
        "2 permohonan",
        "Desa Binjai",
        "Rab, 25 Nov · 09.00–10.00 · Ruang RUKO 2",
        "5 peserta",
        HOSTILE,
        "Rahmawati",
        "0812-3456",
    ):
        assert shown in text_of(page) or shown in unescape(page.text)
    assert HOSTILE not in page.text


def test_approve_in_one_press(app: Flask, sign_in: SignIn, requests: list[str]) -> None:
    operator = sign_in("operator")
    page = press(operator, f"{APPROVALS}/{requests[0]}/approve")
    assert "Disetujui: Desa Binjai." in text_of(page)
    assert "1 permohonan" in text_of(page)
    again = press(operator, f"{APPROVALS}/{requests[0]}/approve")
    assert again.status_code == 409
    with office_of(app) as office:
        assert bookings.get_booking(requests[0], office=office).state == "confirmed"


def test_decline_with_a_reason(app: Flask, sign_in: SignIn, requests: list[str]) -> None:
    operator = sign_in("admin")
    path = f"{APPROVALS}/{requests[0]}/decline"
    for reason in ("", "   ", "x" * 10_000):
        refused = press(operator, path, reason=reason)
        assert refused.status_code == 422
        assert 'aria-invalid="true"' in refused.text
    page = press(operator, path, reason="Ruang dipakai rapat.")
    assert "Ditolak: Desa Binjai." in text_of(page)
    with office_of(app) as office:
        booking = bookings.get_booking(requests[0], office=office)
        assert (booking.state, booking.decided_reason) == ("declined", "Ruang dipakai rapat.")
    assert press(operator, f"{APPROVALS}/ABCD2345/approve").status_code == 404


@pytest.mark.parametrize(("step", "said"), [("approve", "Disetujui:"), ("decline", "Ditolak:")])
def test_a_decision_that_could_not_be_kept_is_not_told(
    sign_in: SignIn,
    requests: list[str],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    said: str,
) -> None:
    def fail(_answer: object) -> None:
        raise Unavailable

    operator = sign_in("operator")
    monkeypatch.setattr(import_module("desk.approvals"), "commit", fail)
    sent = operator.submit(f"{APPROVALS}/{requests[0]}/{step}", {"reason": "Ruang dipakai rapat."})
    assert sent.status_code == 503
    page = text_of(operator.get(APPROVALS))
    assert said not in page
    assert "2 permohonan" in page


def test_no_request_is_an_empty_state(sign_in: SignIn) -> None:
    page = sign_in("operator").get(APPROVALS)
    assert "Tidak ada permohonan yang menunggu." in text_of(page)


def test_the_bar_counts_the_requests(sign_in: SignIn, requests: list[str]) -> None:
    assert re.search(r"Permohonan 2", text_of(sign_in("operator").get(DESK)))
    assert "Permohonan" not in text_of(sign_in("staff", bidang="PEM").get(DESK))


def test_a_press_after_the_session_ended_leads_to_the_sign_in_page(client: VisitingClient) -> None:
    answer = client.submit("/paringin-selatan/desk/calls")

    assert answer.status_code == 401
    assert 'href="/paringin-selatan/login"' in answer.text
