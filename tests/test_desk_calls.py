"""Calling and serving at the desk, without JavaScript."""

import re
from html import unescape

import pytest
from flask import Flask

from ruko import clock
from ruko.audit import trail_of
from ruko.tickets import queue_of
from tests import people
from tests.at_desk import (
    DESK,
    HOSTILE,
    SignIn,
    Take,
    TimeIs,
    call,
    main_button,
    office_of,
    press,
    seated,
    taking,
    text_of,
)
from tests.conftest import VisitingClient


@pytest.fixture
def take(app: Flask) -> Take:
    return taking(app)


@pytest.fixture
def pem(sign_in: SignIn) -> VisitingClient:
    """A clerk of PEM who sits at Loket 1."""
    return seated(sign_in("staff", bidang="PEM"))


def test_one_visit_from_the_call_to_the_end(
    app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token = take()
    time_is(9, 20)
    page = pem.get(DESK)
    assert "A-001 Warga 09.00 Berikutnya" in text_of(page)
    assert main_button(page) == "Panggil berikutnya N"
    page = call(pem)
    assert "Sedang dipanggil, ke-1 dari 3" in text_of(page)
    assert "20 menit, sejak 09.00" in text_of(page)
    assert main_button(page) == "Mulai layani M"
    page = press(pem, f"{DESK}/turns/{token}/start")
    assert "Sedang dilayani" in text_of(page)
    assert main_button(page) == "Selesai S"
    question = pem.get(f"{DESK}/turns/{token}/finish")
    assert "Selesaikan layanan A-001" in text_of(question)
    missing = press(pem, f"{DESK}/turns/{token}/finish", note=HOSTILE)
    assert missing.status_code == 422
    assert "Silakan pilih hasilnya." in text_of(missing)
    assert unescape(missing.text).count(HOSTILE) == 1
    assert HOSTILE not in missing.text
    page = press(pem, f"{DESK}/turns/{token}/finish", outcome="answered", note="Berkas lengkap")
    assert "Loket 1 siap" in text_of(page)
    assert "1 selesai dilayani" in text_of(page) or "selesai dilayani 1" in text_of(page)
    with office_of(app) as office:
        turn = people.turn_of(office, token)
        assert (turn.state, turn.outcome, turn.result_note) == (
            "done",
            "answered",
            "Berkas lengkap",
        )


def test_nobody_waiting_is_a_quiet_message(pem: VisitingClient) -> None:
    page = call(pem)
    assert page.status_code == 200
    assert "Tidak ada yang menunggu." in text_of(page)


def test_a_double_tap_calls_once(app: Flask, pem: VisitingClient, take: Take) -> None:
    take(), take()
    found = re.search(r'name="request_key"\s+value="(\w{32})"', pem.get(DESK).text)
    assert found
    first = pem.submit(f"{DESK}/calls", {"request_key": found[1]})
    again = pem.submit(f"{DESK}/calls", {"request_key": found[1]})
    assert (first.status_code, first.location) == (again.status_code, again.location)
    with office_of(app) as office:
        queue = queue_of(office, people.bidang_of(office), now=clock.now())
        assert len(queue.current) == 1


def test_somebody_was_faster(app: Flask, pem: VisitingClient, take: Take) -> None:
    token = take()
    call(pem)
    press(pem, f"{DESK}/turns/{token}/start")
    late = press(pem, f"{DESK}/turns/{token}/start")
    assert late.status_code == 409
    assert "Sedang dilayani" in text_of(late)  # and the present state stands below the sentence
    assert pem.get(f"{DESK}/turns/{token}/no-show").status_code == 409


def test_recall_and_absent(app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs) -> None:
    token = take()
    call(pem)
    assert press(pem, f"{DESK}/turns/{token}/recall").status_code == 409  # a moment ago
    early = press(pem, f"{DESK}/turns/{token}/no-show", reason="")
    assert early.status_code == 422
    assert "1 dari 3 kali" in text_of(early)
    for minute in (1, 2):
        time_is(9, minute)
        page = press(pem, f"{DESK}/turns/{token}/recall")
    assert "ke-3 dari 3" in text_of(page)
    assert f'action="{DESK}/turns/{token}/no-show"' in page.text  # free from here: a plain press
    page = press(pem, f"{DESK}/turns/{token}/no-show")
    assert "Loket 1 siap" in text_of(page)
    with office_of(app) as office:
        assert people.state_of(office, token) == "no_show"


def test_absent_earlier_with_a_reason(app: Flask, pem: VisitingClient, take: Take) -> None:
    token = take()
    call(pem)
    press(pem, f"{DESK}/turns/{token}/no-show", reason="Pulang")
    with office_of(app) as office:
        assert people.state_of(office, token) == "no_show"


def test_a_transfer_takes_its_note_along(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token = take()
    call(pem)
    assert (
        "Seksi Pemerintahan"
        not in text_of(pem.get(f"{DESK}/turns/{token}/transfer"))
        .split("Kepada")[1]
        .split("Catatan")[0]
    )
    nowhere = press(pem, f"{DESK}/turns/{token}/transfer", note="Bawa KTP")
    itself = press(pem, f"{DESK}/turns/{token}/transfer", bidang="PEM", note="Bawa KTP")
    long = press(pem, f"{DESK}/turns/{token}/transfer", bidang="PMD", note="x" * 10_000)
    assert [a.status_code for a in (nowhere, itself, long)] == [422, 422, 422]
    assert "Bawa KTP" in nowhere.text
    time_is(9, 10)
    press(pem, f"{DESK}/turns/{token}/transfer", bidang="PMD", note=f"{HOSTILE}\nBawa KTP")
    pmd = seated(sign_in("staff", bidang="PMD"), "PMD", 2)
    assert "A-001 Warga 09.00 Berikutnya Ada catatan" in text_of(pmd.get(DESK))
    page = call(pmd)
    assert HOSTILE not in page.text
    assert "Bawa KTP" in text_of(page)
    gone = press(pem, f"{DESK}/turns/{token}/start")
    assert gone.status_code == 409  # no longer theirs
    assert "A-001 sekarang ditangani Seksi Pemberdayaan Masyarakat dan Desa" in text_of(gone)


def test_a_given_number_needs_a_reason_out_of_order(
    app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    for minute in range(3):
        time_is(9, minute)
        token = take()
    number = f"{DESK}/calls/number"
    assert "A-001" in pem.get(number).text
    for wrong in ("", "zz", "B-001", "99", "A-1-1", HOSTILE[:10]):
        assert press(pem, number, number=wrong).status_code == 422
    unreasoned = press(pem, number, number="a3")
    assert unreasoned.status_code == 422
    assert 'value="a3"' in unreasoned.text
    page = press(pem, number, number="3", reason="Kursi roda")
    assert "A-003" in text_of(page)
    with office_of(app):
        events = trail_of("ticket", people.ticket_of(token).id)
        assert events[-1].detail["out_of_order"] == "Kursi roda"
    busy = press(pem, number, number="A-001")
    assert busy.status_code == 409


def test_the_next_number_needs_no_reason(pem: VisitingClient, take: Take) -> None:
    take()
    assert "Sedang dipanggil" in text_of(press(pem, f"{DESK}/calls/number", number="A-001"))


def test_tags_of_those_who_wait(
    app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    take()
    time_is(9, 10)
    take(priority=True)
    assert re.search(r"A-002 Warga 09\.10 Berikutnya Prioritas A-001", text_of(pem.get(DESK)))


def test_another_bidangs_visitor_is_not_theirs(pem: VisitingClient, take: Take) -> None:
    other = take("PMD")
    for action in ("start", "recall", "no-show", "transfer", "finish"):
        assert pem.submit(f"{DESK}/turns/{other}/{action}").status_code == 403
        assert pem.submit(f"{DESK}/turns/tidak-ada/{action}").status_code == 404


def test_the_fragment_is_the_page_without_its_frame(
    pem: VisitingClient, sign_in: SignIn, take: Take
) -> None:
    take()
    fragment = pem.get(f"{DESK}/now").text
    assert 'data-part="waiting"' in fragment
    assert "<html" not in fragment
    assert sign_in("operator").get(f"{DESK}/now").status_code == 204


def test_calling_without_a_place_leads_to_the_choice(sign_in: SignIn) -> None:
    client = sign_in("operator")
    assert "Di mana Anda bertugas" in text_of(press(client, f"{DESK}/calls"))
