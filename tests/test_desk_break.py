"""A break at the desk, several places at once, own figures, and long queues."""

import re

import pytest
from flask import Flask

from ruko import clock
from ruko.audit import SYSTEM
from ruko.offices import get_bidang
from ruko.tickets import breaks_now, call_ticket
from tests import people
from tests.at_desk import (
    DESK,
    SignIn,
    Take,
    TimeIs,
    call,
    main_button,
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

BREAK = f"{DESK}/break"


@pytest.fixture
def take(app: Flask) -> Take:
    return taking(app)


@pytest.fixture
def pem(sign_in: SignIn) -> VisitingClient:
    """A clerk of PEM who sits at Loket 1."""
    return seated(sign_in("staff", bidang="PEM"))


# ── A break ───────────────────────────────────────────────────────────────────────────────────


def test_a_break_and_back(app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs) -> None:
    take()
    assert "Istirahat di Loket 1" in text_of(pem.get(BREAK))
    wrong = press(pem, BREAK, minutes="999")
    assert wrong.status_code == 422
    page = press(pem, BREAK, minutes="15")
    assert "Loket 1 istirahat Sejak 09.00, kembali pukul 09.15." in part(page, "here")
    assert main_button(page) == "Kembali bertugas B"
    assert not re.search(r'data-key="(?!B)', page.text)  # nothing else acts now
    press(pem, BREAK, minutes="30")  # it takes longer
    assert "kembali pukul 09.30" in part(pem.get(DESK), "here")
    time_is(9, 31)
    assert "Pengunjung menunggu Anda kembali." in part(pem.get(DESK), "here")
    page = press(pem, f"{BREAK}/end")
    assert main_button(page) == "Panggil berikutnya N"
    with office_of(app) as office:
        assert breaks_now(office, now=clock.now()) == []


def test_a_break_with_an_open_end(pem: VisitingClient) -> None:
    page = press(pem, BREAK, minutes="open")
    assert "Loket 1 istirahat Sejak 09.00. Papan" in part(page, "here")


def test_no_break_from_a_visitor(app: Flask, pem: VisitingClient, take: Take) -> None:
    token = take()
    call(pem)
    for answer in (pem.get(BREAK), press(pem, BREAK, minutes="15")):
        assert answer.status_code == 409
        assert "A-001 dari Seksi Pemerintahan" in part(answer, "notice")
    assert state_of(app, token) == "called"


def test_the_break_is_the_last_step_then(pem: VisitingClient, take: Take) -> None:
    token = take()
    call(pem)
    turn(pem, token, "start")
    turn(pem, token, "finish", outcome="answered")
    assert "Urungkan" not in text_of(press(pem, BREAK, minutes="15"))


def test_only_who_serves_takes_a_break(sign_in: SignIn) -> None:
    camat = seated(sign_in("camat"))
    assert BREAK not in camat.get(DESK).text
    for path in (BREAK, f"{BREAK}/end"):
        assert camat.submit(path, {"minutes": "15"}).status_code == 403


# ── Places ────────────────────────────────────────────────────────────────────────────────────


def test_two_people_at_one_place(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take
) -> None:
    take(), take()
    other = seated(sign_in("staff", "pem-dua", bidang="PEM"))
    call(pem)
    refused = call(other)
    assert refused.status_code == 409
    said = part(refused, "notice")
    assert "Loket 1 sedang dipakai: A-001 dari Seksi Pemerintahan ada di sana." in said
    assert "pem-dua" not in said
    assert "Dipanggil dari akun lain" in part(refused, "here")
    assert "Dipanggil dari akun lain" not in text_of(pem.get(DESK))


def test_one_person_at_several_places(app: Flask, sign_in: SignIn, take: Take) -> None:
    take("PMD"), take("SEK")
    operator = seated(sign_in("operator"), "PMD", 3)
    call(operator)
    page = seated(operator, "SEK", 6).get(DESK)
    assert "Anda juga di Loket 3: B-001 Ke Loket 3" in part(page, "also")
    call(operator)
    form = re.search(r'name="counter" value="(\d+)"', page.text)
    assert form
    page = press(operator, f"{DESK}/place", bidang="PMD", counter=form[1])
    assert "B-001" in part(page, "here")
    assert "Anda juga di Loket 6: F-001" in part(page, "also")


# ── The day ───────────────────────────────────────────────────────────────────────────────────


def test_the_figures_are_the_accounts_own(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token, missed, others = take(), take(), take()
    time_is(9, 10)
    call(pem)
    turn(pem, token, "start")
    time_is(9, 30)
    turn(pem, token, "finish", outcome="answered")
    call(pem)
    turn(pem, missed, "no-show", reason="Pulang")
    with office_of(app) as office:
        bidang, loket = get_bidang(office, "PEM"), people.loket(office, 2)
        call_ticket(office, bidang, loket, others, by=SYSTEM, now=clock.now())
    figures = part(pem.get(DESK), "figures")
    assert figures.startswith("Hari ini akun pem")
    assert re.search(r"1 selesai dilayani|selesai dilayani 1", figures)
    assert re.search(r"rata-rata tunggu 10 mnt", figures)
    assert re.search(r"rata-rata layanan 20 mnt", figures)
    assert re.search(r"tidak hadir 1", figures)


def test_a_long_queue_shows_its_beginning(pem: VisitingClient, take: Take) -> None:
    for _ in range(32):
        take()
    page = pem.get(f"{DESK}/now")
    waiting = part(page, "waiting")
    assert "32 orang" in waiting
    assert "A-030" in waiting
    assert "A-031" not in waiting
    assert "Tampilkan semua 32" in waiting
    everybody = text_of(pem.get(f"{DESK}/waiting"))
    assert "A-001" in everybody
    assert "A-032" in everybody
