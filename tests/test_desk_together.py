"""Several people at several places: nobody's old page acts on what a colleague has done since."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from ruko.offices import all_counters, get_bidang
from tests.at_desk import (
    DESK,
    SignIn,
    Take,
    call,
    office_of,
    part,
    press,
    seated,
    state_of,
    taking,
    text_of,
    turn,
)
from tests.conftest import VisitingClient


@pytest.fixture
def take(app: Flask) -> Take:
    return taking(app)


@pytest.fixture
def first(sign_in: SignIn) -> VisitingClient:
    return seated(sign_in("staff", "pem-satu", bidang="PEM"), counter=1)


@pytest.fixture
def second(sign_in: SignIn) -> VisitingClient:
    return seated(sign_in("staff", "pem-dua", bidang="PEM"), counter=2)


def undo(client: VisitingClient) -> tuple[int, str]:
    """Press what the page offers to undo."""
    offered = re.search(r'name="press"\s+value="(\w+)"', client.get(DESK).text)
    assert offered
    page = press(client, f"{DESK}/undo", press=offered[1])
    return page.status_code, part(page, "notice")


def test_undo_never_takes_back_a_colleagues_call(
    app: Flask, first: VisitingClient, second: VisitingClient, take: Take
) -> None:
    token = take()
    call(first)
    turn(first, token, "return")
    call(second)
    assert undo(first) == (
        409,
        "Tidak ada yang diurungkan: A-001 sudah berpindah keadaan sementara itu.",
    )
    assert state_of(app, token) == "called"
    assert "A-001" in part(second.get(DESK), "here")


def test_undo_never_takes_back_what_the_visitor_did(
    app: Flask,
    first: VisitingClient,
    take: Take,
    client: VisitingClient,
) -> None:
    token = take()
    call(first)
    turn(first, token, "no-show", reason="Keluar")
    assert client.post(f"/api/v1/tickets/{token}/rejoin").status_code == 200
    assert undo(first)[0] == 409
    assert state_of(app, token) == "waiting"


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("no-show", {"reason": "Pulang"}),
        ("start", {}),
        ("hold", {"reason": "Berkas"}),
        ("transfer", {"bidang": "PMD"}),
        ("next", {"became": "finish"}),
    ],
)
def test_an_old_page_does_nothing_to_a_colleagues_visitor(
    app: Flask,
    first: VisitingClient,
    second: VisitingClient,
    take: Take,
    *,
    step: str,
    fields: dict[str, str],
) -> None:
    token = take()
    call(first)
    turn(first, token, "return")
    call(second)
    page = turn(first, token, step, **fields)
    assert page.status_code == 409
    assert "A-001 sekarang berada di Loket 2" in text_of(page)
    assert state_of(app, token) == "called"


def served_by_two(first: VisitingClient, sign_in: SignIn, take: Take) -> tuple[str, VisitingClient]:
    """A visitor whom `first` serves, and a colleague who sits at the same counter."""
    token = take()
    call(first)
    turn(first, token, "start")
    return token, seated(sign_in("staff", "pem-tiga", bidang="PEM"), counter=1)


def test_what_was_typed_stays_when_a_colleague_has_finished(
    app: Flask, first: VisitingClient, sign_in: SignIn, take: Take
) -> None:
    token, beside = served_by_two(first, sign_in, take)
    turn(beside, token, "finish", outcome="answered")
    page = turn(first, token, "finish", outcome="follow_up", note="Berkas <b>lengkap</b>")
    assert page.status_code == 409
    assert "Berkas &lt;b&gt;lengkap&lt;/b&gt;</textarea>" in page.text
    assert "Yang Anda tulis masih ada di sini" in text_of(page)
    page = turn(first, token, "finish", outcome="follow_up")  # nothing to keep: the desk as it is
    assert page.status_code == 409
    assert part(page, "notice")
    assert state_of(app, token) == "done"


def test_an_old_page_is_told_that_the_visitor_is_with_another_bidang(
    app: Flask, first: VisitingClient, sign_in: SignIn, take: Take
) -> None:
    token, beside = served_by_two(first, sign_in, take)
    turn(beside, token, "transfer", bidang="YAN")
    call(seated(sign_in("staff", "yan", bidang="YAN"), "YAN", 3))
    for answer in (
        first.get(f"{DESK}/turns/{token}/finish"),
        turn(first, token, "recall"),
    ):
        assert answer.status_code == 409
        assert "A-001 sekarang ditangani Seksi Pelayanan Umum" in text_of(answer)
    late = turn(first, token, "finish", outcome="answered", note="Berkas lengkap")
    assert "Berkas lengkap</textarea>" in late.text
    stranger = seated(sign_in("staff", "pmd", bidang="PMD"), "PMD", 4)
    assert turn(stranger, token, "recall").status_code == 403
    assert state_of(app, token) == "called"


def test_next_does_not_end_a_visit_that_was_started_meanwhile(
    app: Flask, first: VisitingClient, take: Take
) -> None:
    token = take()
    call(first)
    turn(first, token, "start")
    assert turn(first, token, "next", became="finish").status_code == 409
    assert state_of(app, token) == "serving"


def test_a_number_of_two_letters_is_asked_for(
    app: Flask, sign_in: SignIn, first: VisitingClient, take: Take
) -> None:
    own, other = take("PEM"), take("PMD")
    pmd = seated(sign_in("staff", "pmd", bidang="PMD"), "PMD", 3)
    call(pmd)
    turn(pmd, other, "transfer", bidang="PEM")
    page = press(first, f"{DESK}/calls/number", number="1")
    assert page.status_code == 422
    assert "Mohon ketik hurufnya juga" in text_of(page)
    page = press(first, f"{DESK}/calls/number", number="b1", reason="Sudah ditunggu")
    assert "B-001" in part(page, "here")
    assert state_of(app, own) == "waiting"


def test_what_was_typed_stays_when_the_place_was_lost(
    app: Flask, first: VisitingClient, take: Take
) -> None:
    token = take()
    take()
    call(first)
    turn(first, token, "start")
    with first.session_transaction() as session:
        session.pop("desk")
    page = turn(first, token, "finish-and-call", outcome="answered", note="Berkas lengkap")
    assert page.status_code in {409, 422}
    assert state_of(app, token) == "serving"


def test_a_held_visitor_is_not_called_to_a_place_of_another_bidang(
    app: Flask, sign_in: Callable[..., VisitingClient], take: Take
) -> None:
    token = take("PMD")
    operator = seated(sign_in("operator"), "PMD", 2)
    call(operator)
    turn(operator, token, "hold")
    with office_of(app) as office:
        all_counters(office)[0].bidang_id = get_bidang(office, "PEM").id
    try:
        seated(operator, "PEM", 1)
        assert turn(operator, token, "resume").status_code == 422
        assert state_of(app, token) == "held"
    finally:
        with office_of(app) as office:
            all_counters(office)[0].bidang_id = None
