"""What else becomes of a visitor: held, sent back, passed on, cancelled, back again, and undone."""

import re

import pytest
from flask import Flask

from ruko import clock
from ruko.audit import SYSTEM, trail_of
from ruko.bookings import get_booking
from ruko.tickets import check_in
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
def pem(sign_in: SignIn) -> VisitingClient:
    """A clerk of PEM who sits at Loket 1."""
    return seated(sign_in("staff", bidang="PEM"))


def undo(client: VisitingClient) -> str:
    """Press what is offered to be undone; returns what the desk says then."""
    page = client.get(DESK)
    found = re.search(r'name="press"\s+value="(\w+)"', page.text)
    assert found, part(page, "press")
    return text_of(press(client, f"{DESK}/undo", press=found[1]))


# ── Held, sent back, cancelled, back again ────────────────────────────────────────────────────


def test_a_held_visitor_goes_on_at_this_place(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token, _other = take(), take()
    call(pem)
    turn(pem, token, "start")
    time_is(9, 10)
    assert "Tahan A-001" in text_of(pem.get(f"{DESK}/turns/{token}/hold"))
    page = turn(pem, token, "hold", reason=HOSTILE)
    assert HOSTILE not in page.text
    assert "Ditahan 1 orang A-001" in part(page, "held")
    assert main_button(page) == "Panggil berikutnya N"
    call(pem)
    busy = turn(pem, token, "resume")
    assert busy.status_code == 409
    assert "Loket 1 sedang dipakai: A-002 dari Seksi Pemerintahan ada di sana." in text_of(busy)
    other = seated(sign_in("staff", "pem-dua", bidang="PEM"), counter=2)
    page = turn(other, token, "resume")
    assert "Sedang dipanggil, ke-1 dari 3 00.00" in part(page, "here")  # since this call
    page = turn(other, token, "start")
    assert "Asal Warga" in part(page, "here")
    assert "10.00" in part(page, "here")  # the ten minutes before the hold still count


def test_a_reason_for_holding_may_be_missing_but_not_endless(
    pem: VisitingClient, take: Take
) -> None:
    token = take()
    call(pem)
    assert "maxlength" not in turn(pem, token, "hold", reason="x" * 201).text  # nothing is cut off
    long = turn(pem, token, "hold", reason="x" * 10_000)
    assert long.status_code == 422
    assert "x" * 10_000 in long.text
    assert "Ditahan 1 orang" in text_of(turn(pem, token, "hold"))


def test_sent_back_to_the_same_place_in_the_queue(
    app: Flask, pem: VisitingClient, take: Take
) -> None:
    token, _second = take(), take()
    call(pem)
    page = turn(pem, token, "return")
    assert "A-001 Warga 09.00 Berikutnya" in part(page, "waiting")
    assert turn(pem, token, "return").status_code == 409


@pytest.mark.parametrize("before", ["waiting", "held", "no_show"])
def test_staff_cancel_a_number(app: Flask, pem: VisitingClient, take: Take, before: str) -> None:
    token = take()
    if before != "waiting":
        call(pem)
        turn(pem, token, "hold" if before == "held" else "no-show", reason="Pulang")
    page = pem.get(f"{DESK}/turns/{token}")
    assert "Batalkan nomor ini" in text_of(page)
    assert "Batalkan A-001" in text_of(pem.get(f"{DESK}/turns/{token}/leave"))
    turn(pem, token, "leave")
    assert state_of(app, token) == "cancelled"
    assert pem.get(f"{DESK}/turns/{token}").status_code == 409
    undo(pem)
    assert state_of(app, token) == before


def test_a_missed_visitor_waits_again_while_the_window_lasts(
    app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token, late = take(), take()
    for each in (token, late):
        call(pem)
        turn(pem, each, "no-show", reason="Pulang")
    page = pem.get(DESK)
    assert "Tidak hadir 2 orang" in part(page, "missed")
    assert "A-001 Warga sampai 10.00 Antre lagi" in part(page, "missed")
    time_is(9, 30)
    page = turn(pem, token, "rejoin")
    assert "A-001" in part(page, "waiting")
    assert "A-001" not in part(page, "missed")
    time_is(10, 1)
    assert re.search(r'data-part="missed"[^>]*hidden', pem.get(DESK).text)
    refused = turn(pem, late, "rejoin")
    assert refused.status_code == 409
    assert "10.00" in part(refused, "notice")
    assert state_of(app, late) == "no_show"


# ── Called from the list, by appointment ──────────────────────────────────────────────────────


def test_one_of_the_list_is_called_with_a_reason(
    app: Flask, pem: VisitingClient, take: Take
) -> None:
    take()
    token = take(priority=False)
    assert f'href="{DESK}/turns/{token}"' in pem.get(DESK).text
    assert "Alasan" in text_of(pem.get(f"{DESK}/turns/{token}"))
    unreasoned = turn(pem, token, "call")
    assert unreasoned.status_code == 422
    assert 'aria-invalid="true"' in unreasoned.text
    page = turn(pem, token, "call", reason="Kursi roda")
    assert "A-002" in part(page, "here")
    with office_of(app):
        assert trail_of("ticket", people.ticket_of(token).id)[-1].detail["out_of_order"] == (
            "Kursi roda"
        )


def test_the_key_for_appointments(app: Flask, sign_in: SignIn, take: Take, time_is: TimeIs) -> None:
    pmd = seated(sign_in("staff", bidang="PMD"), "PMD")
    assert "Panggil janji J" in part(pmd.get(DESK), "acts")
    with office_of(app) as office:
        code = people.book(office, clock.now()).code
    time_is(8, 50, day=people.TUESDAY)
    with office_of(app) as office:
        token, _new = check_in(office, get_booking(code, office=office), by=SYSTEM, now=clock.now())
    page = pmd.get(DESK)
    assert "Panggil janji 09.00 J" in part(page, "acts")
    assert f'action="{DESK}/turns/{token}/call"' in page.text  # first: one press
    time_is(8, 0, day=people.TUESDAY)
    first = take("PMD", priority=True)
    time_is(8, 51, day=people.TUESDAY)
    page = pmd.get(DESK)
    assert f'href="{DESK}/turns/{token}/call"' in page.text  # not first: the reason is asked
    assert state_of(app, first) == "waiting"


# ── What became of the one before ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("became", "state"),
    [("finish", "done"), ("no_show", "no_show"), ("hold", "held"), ("return", "waiting")],
)
def test_next_asks_what_became_of_who_is_called(
    app: Flask, pem: VisitingClient, take: Take, became: str, state: str
) -> None:
    token = take()
    take(), take()
    call(pem)
    assert "A-001 masih dipanggil" in text_of(pem.get(f"{DESK}/turns/{token}/next"))
    unsaid = turn(pem, token, "next", reason="Pulang")
    assert unsaid.status_code == 422
    assert "Pulang" in unsaid.text
    page = turn(pem, token, "next", became=became, reason="Pulang")
    assert "A-002" in part(page, "here")
    assert state_of(app, token) == state
    assert "panggil A-002" in part(page, "press")
    assert "Diurungkan" in undo(pem)
    assert state_of(app, token) == "called"
    assert "A-001" in part(pem.get(DESK), "here")


def test_an_early_absence_needs_its_reason_here_too(
    app: Flask, pem: VisitingClient, take: Take
) -> None:
    token, second = take(), take()
    call(pem)
    refused = turn(pem, token, "next", became="no_show")
    assert refused.status_code == 422
    assert 'id="reason-error"' in refused.text
    assert (state_of(app, token), state_of(app, second)) == ("called", "waiting")


def test_sent_back_alone_nobody_else_is_called(app: Flask, pem: VisitingClient, take: Take) -> None:
    token = take()
    call(pem)
    page = turn(pem, token, "next", became="return")
    assert part(page, "notice") == "A-001 kembali menunggu; tidak ada yang lain."
    assert state_of(app, token) == "waiting"


def test_finish_then_call_is_one_press(app: Flask, pem: VisitingClient, take: Take) -> None:
    token, second = take(), take()
    call(pem)
    turn(pem, token, "start")
    assert "Selesai lalu panggil N" in part(pem.get(DESK), "acts")
    question = text_of(pem.get(f"{DESK}/turns/{token}/finish-and-call"))
    assert "Simpan dan panggil berikutnya" in question
    page = turn(pem, token, "finish-and-call", outcome="answered", note="Lengkap")
    assert "A-002" in part(page, "here")
    assert part(page, "press").startswith("Urungkan: selesai A-001, panggil A-002")
    assert "Diurungkan: selesai A-001, panggil A-002." in undo(pem)
    assert (state_of(app, token), state_of(app, second)) == ("serving", "waiting")
    page = turn(pem, token, "finish-and-call", outcome="answered")
    turn(pem, second, "start")
    page = turn(pem, second, "finish-and-call", outcome="answered")
    assert "Loket 1 siap" in text_of(page)
    assert "Tidak ada yang menunggu." in part(page, "notice")


# ── Undoing ───────────────────────────────────────────────────────────────────────────────────


def test_undo_is_offered_for_a_minute(
    app: Flask, pem: VisitingClient, take: Take, time_is: TimeIs
) -> None:
    token = take()
    assert "Urungkan" not in text_of(pem.get(DESK))
    page = call(pem)
    assert "Urungkan: panggil A-001" in part(page, "press")
    assert f'data-until="{clock.now().replace(minute=1).isoformat()}"' in page.text
    stale = re.search(r'name="press"\s+value="(\w+)"', page.text)
    assert stale
    time_is(9, 1, 1)
    assert "Urungkan" not in text_of(pem.get(DESK))
    late = press(pem, f"{DESK}/undo", press=stale[1])
    assert late.status_code == 409
    assert "Tidak ada yang diurungkan" in text_of(late) or "60 detik" in text_of(late)
    assert state_of(app, token) == "called"


def test_a_stale_page_undoes_nothing_else(app: Flask, pem: VisitingClient, take: Take) -> None:
    token = take()
    page = call(pem)
    stale = re.search(r'name="press"\s+value="(\w+)"', page.text)
    assert stale
    turn(pem, token, "start")
    assert press(pem, f"{DESK}/undo", press=stale[1]).status_code == 409
    assert press(pem, f"{DESK}/undo").status_code == 409
    assert state_of(app, token) == "serving"


def test_a_transfer_is_undone_unless_somebody_was_faster(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take
) -> None:
    token = take()
    call(pem)
    turn(pem, token, "transfer", bidang="PMD", note="Bawa KTP")
    assert "Diurungkan: alihkan A-001." in undo(pem)
    assert "A-001" in part(pem.get(DESK), "here")
    turn(pem, token, "transfer", bidang="PMD")
    call(seated(sign_in("staff", bidang="PMD"), "PMD", 2))
    found = re.search(r'name="press"\s+value="(\w+)"', pem.get(DESK).text)
    assert found
    refused = press(pem, f"{DESK}/undo", press=found[1])
    assert refused.status_code == 409
    assert "A-001 sudah berpindah keadaan sementara itu." in part(refused, "notice")
    assert state_of(app, token) == "called"


def test_undoing_into_an_occupied_place_says_who_is_there(
    app: Flask, sign_in: SignIn, pem: VisitingClient, take: Take
) -> None:
    token, second = take(), take()
    call(pem)
    turn(pem, token, "start")
    turn(pem, token, "finish", outcome="answered")
    other = seated(sign_in("staff", "pem-dua", bidang="PEM"))
    call(other)
    found = re.search(r'name="press"\s+value="(\w+)"', pem.get(DESK).text)
    assert found
    refused = press(pem, f"{DESK}/undo", press=found[1])
    assert refused.status_code == 409
    assert "A-002 dari Seksi Pemerintahan" in part(refused, "notice")
    assert (state_of(app, token), state_of(app, second)) == ("done", "called")
