"""What the visitor decides on the phone, and what the page says of it; no browser, no script."""

import html
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import bookings, clock
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.offices import Office, close_early, get_office
from ruko.tickets import (
    State,
    check_in,
    hold,
    let_pass,
    mark_no_show,
    send_back,
    start,
    transfer,
    undo,
)
from tests import people
from tests.conftest import SLUG, VisitingClient

TUESDAY = date(2026, 11, 24)
Act = Callable[[Callable[[Office], Any]], Any]


@pytest.fixture
def act(app: Flask) -> Act:
    """Let a rule do something in a unit of work of its own."""

    def work(step: Callable[[Office], Any]) -> Any:
        with app.app_context(), writing():
            done = step(get_office(SLUG))
            db.session.commit()
        return done

    return work


@pytest.fixture
def token(act: Act) -> str:
    made: str = act(lambda o: people.take(o, clock.now()))
    return made


def another(act: Act, seconds: int = 1) -> str:
    made: str = act(lambda o: people.take(o, clock.now() + timedelta(seconds=seconds)))
    return made


def miss(act: Act, token: str, *, calls: int = 1) -> None:
    """Nobody came to the calls of this number."""

    def work(office: Office) -> None:
        now = clock.now()
        turn = people.called(office, now)
        for again in range(1, calls):
            people.call_again(office, turn, now + timedelta(seconds=10 * again))
        mark_no_show(office, turn, reason="x", by=SYSTEM, now=now)

    act(work)


def text(page: TestResponse) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", page.text)))


def press(client: VisitingClient, page: TestResponse, step: str) -> TestResponse:
    """Send the form of this step as it stands on the page; no CSRF token is in it."""
    found = re.search(rf'<form[^>]*action="([^"]+/{step})"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    assert found, f"no form for {step}"
    fields = re.findall(r'<input type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', found[2])
    assert [name for name, _ in fields] == ["request_key"]
    return client.post(found[1], data=dict(fields))


def state(act: Act, token: str) -> State:
    return State(act(lambda o: people.state_of(o, token)))


# ── Leaving ───────────────────────────────────────────────────────────────────────────────────


def test_leaving_is_asked_first_and_the_safe_choice_comes_first(
    client: VisitingClient, act: Act, token: str
) -> None:
    page = client.get(f"/t/{token}/leave")
    said = text(page)
    assert "Batalkan nomor A-001?" in said
    assert said.index("Tetap mengantre") < said.index("Ya, batalkan")
    assert state(act, token) == "waiting"

    answer = press(client, page, "leave")
    assert (answer.status_code, answer.location) == (303, f"/t/{token}")
    assert "Set-Cookie" not in answer.headers
    page = client.get(f"/t/{token}")
    assert "Nomor A-001 dibatalkan" in text(page)
    assert "Nomor baru dapat diambil di kios" in text(page)
    assert 'id="leave"' not in page.text


def test_a_second_press_gives_the_same_answer(client: VisitingClient, act: Act, token: str) -> None:
    page = client.get(f"/t/{token}/leave")
    first, second = (press(client, page, "leave") for _ in range(2))
    assert (second.status_code, second.location) == (first.status_code, first.location)
    steps = act(lambda _: people.steps_of(token))
    assert [step[0] for step in steps] == ["waiting", "cancelled"]


def test_a_called_number_is_not_left_and_the_page_says_so(
    client: VisitingClient, act: Act, token: str
) -> None:
    page = client.get(f"/t/{token}/leave")
    act(lambda o: people.called(o, clock.now()))
    answer = press(client, page, "leave")
    assert answer.status_code == 409
    said = text(answer)
    assert "Nomor Anda belum dibatalkan" in said
    assert "Giliran Anda" in said
    assert "Loket 1" in said
    assert f'content="5; url=/t/{token}"' in answer.text, "the next look is a plain one"
    assert f'name="next" value="/t/{token}"' in re.sub(r"\s+", " ", answer.text)

    answer = client.get(f"/t/{token}/leave")
    assert (answer.status_code, answer.location) == (302, f"/t/{token}")


def test_after_an_undone_leave_the_next_press_counts_again(
    client: VisitingClient, act: Act, token: str
) -> None:
    press(client, client.get(f"/t/{token}/leave"), "leave")
    act(lambda o: undo(o, people.turn_of(o, token), by=SYSTEM, now=clock.now()))
    assert state(act, token) == "waiting"
    press(client, client.get(f"/t/{token}/leave"), "leave")
    assert state(act, token) == "cancelled"


def test_an_end_is_watched_until_no_desk_can_take_it_back(
    client: VisitingClient, act: Act, token: str, time_is: Callable[..., datetime]
) -> None:
    press(client, client.get(f"/t/{token}/leave"), "leave")
    page = client.get(f"/t/{token}").text
    assert 'http-equiv="refresh"' in page, "without a script"
    assert "data-ended" not in page, "with one"

    time_is(9, 2)
    page = client.get(f"/t/{token}").text
    assert 'http-equiv="refresh"' not in page
    assert 'data-ended="09.02 WITA"' in page


def test_a_held_number_says_so_and_may_be_left(
    client: VisitingClient, act: Act, token: str
) -> None:
    def set_aside(office: Office) -> None:
        now = clock.now()
        turn = people.called(office, now)
        start(office, turn, by=SYSTEM, now=now)
        hold(office, turn, reason="Fotokopi KTP", by=SYSTEM, now=now)

    act(set_aside)
    page = client.get(f"/t/{token}")
    assert "<title>Ditahan · A-001 · RUKO</title>" in page.text
    assert "Nomor Anda ditahan sementara" in text(page)
    assert "Petugas memanggil Anda lagi" in text(page)
    assert "Fotokopi" not in page.text, "why is for the staff alone"
    press(client, client.get(f"/t/{token}/leave"), "leave")
    assert state(act, token) == "cancelled"


# ── With another bidang ───────────────────────────────────────────────────────────────────────


def test_who_is_sent_on_reads_it_and_keeps_number_and_place(
    client: VisitingClient, act: Act, token: str, time_is: Callable[..., datetime]
) -> None:
    act(lambda o: people.take(o, clock.now() + timedelta(seconds=1), "SEK"))

    def send_on(office: Office) -> None:
        turn, to = people.called(office, clock.now()), people.bidang_of(office, "SEK")
        transfer(office, turn, to, by=SYSTEM, now=clock.now())

    sentence = (
        "Anda diteruskan ke bidang ini. Nomor Anda tetap sama, dan Anda tidak mengantre dari awal."
    )
    assert sentence not in text(client.get(f"/t/{token}"))
    time_is(9, 0, 30)
    act(send_on)
    page = client.get(f"/t/{token}")
    assert sentence in text(page)
    assert "Anda berikutnya" in text(page), "who came later to that bidang waits behind"
    assert 'data-said="Sekretariat: Anda berikutnya"' in page.text, "as it is read aloud"

    act(lambda o: undo(o, people.turn_of(o, token), by=SYSTEM, now=clock.now()))
    act(lambda o: send_back(o, people.turn_of(o, token), by=SYSTEM, now=clock.now()))
    assert sentence not in text(client.get(f"/t/{token}")), "a desk took it back"


# ── Waiting again ─────────────────────────────────────────────────────────────────────────────


def test_who_was_missed_waits_again_behind_the_next_two(
    client: VisitingClient, act: Act, token: str, time_is: Callable[..., datetime]
) -> None:
    miss(act, token, calls=3)
    for seconds in (1, 2, 3):
        another(act, seconds)
    time_is(9, 20)
    page = client.get(f"/t/{token}")
    said = text(page)
    assert "Nomor A-001 terlewat" in said
    assert "Kami sudah memanggil 3 kali. Nomor Anda masih berlaku sampai pukul 10.00 WITA." in said
    assert "Anda ditempatkan setelah 2 orang berikutnya." in said

    assert press(client, page, "rejoin").status_code == 303
    assert press(client, page, "rejoin").status_code == 303, "a double tap"
    assert "2 orang di depan Anda" in text(client.get(f"/t/{token}"))


def test_after_the_window_the_page_says_what_to_do(
    client: VisitingClient, act: Act, token: str, time_is: Callable[..., datetime]
) -> None:
    miss(act, token)
    page = client.get(f"/t/{token}")
    time_is(10, 1)
    said = text(client.get(f"/t/{token}"))
    assert "Masuk antrean lagi dapat dilakukan sampai pukul 10.00 WITA." in said
    assert "Silakan ambil nomor baru di kios, atau bertanya kepada petugas." in said
    answer = press(client, page, "rejoin")
    assert answer.status_code == 409
    assert "Anda belum masuk antrean lagi" in text(answer)
    assert "10.00 WITA" in text(answer)


def test_a_closed_office_offers_no_waiting_again(
    client: VisitingClient, act: Act, token: str
) -> None:
    miss(act, token)
    act(lambda o: close_early(o, "Listrik padam", by=SYSTEM, now=clock.now()))
    page = client.get(f"/t/{token}")
    assert "Hari ini kantor tutup lebih awal: Listrik padam." in text(page)
    assert "/rejoin" not in page.text


def test_the_day_after_a_missed_number_only_a_new_one_helps(
    client: VisitingClient, act: Act, token: str, time_is: Callable[..., datetime]
) -> None:
    miss(act, token)
    time_is(8, 30, day=TUESDAY)
    page = client.get(f"/t/{token}")
    assert "Silakan ambil nomor baru di kios" in text(page)
    assert "/rejoin" not in page.text
    assert "/leave" not in page.text
    assert client.get(f"/t/{token}/leave").status_code == 302


def test_a_booked_visitor_may_scan_again_while_the_appointment_lasts(
    client: VisitingClient, act: Act, time_is: Callable[..., datetime]
) -> None:
    booking = act(lambda o: people.book(o, clock.now()).code)
    time_is(8, 50, day=TUESDAY)
    token = act(lambda o: check_in(o, bookings.get_booking(booking), by=SYSTEM, now=clock.now())[0])
    assert "Dengan janji pukul 09.00 Anda dihitung datang 60 menit" in text(
        client.get(f"/t/{token}")
    )
    time_is(7, 30, day=TUESDAY)
    early = text(client.get(f"/t/{token}"))
    assert "belum buka" in early
    assert "masih dilayani" not in early
    time_is(8, 50, day=TUESDAY)
    press(client, client.get(f"/t/{token}/leave"), "leave")
    page = client.get(f"/t/{token}")
    assert "Janji Anda berlaku sampai pukul 10.00 WITA: masukkan kodenya lagi" in text(page)
    assert 'http-equiv="refresh"' in page.text, "it may come to life again"
    act(lambda o: check_in(o, bookings.get_booking(booking), by=SYSTEM, now=clock.now()))
    assert "Anda berikutnya" in text(client.get(f"/t/{token}"))
    press(client, client.get(f"/t/{token}/leave"), "leave")
    assert state(act, token) == "cancelled"
    time_is(10, 0, day=TUESDAY)
    page = client.get(f"/t/{token}")
    assert "masukkan kodenya" not in text(page)
    assert 'http-equiv="refresh"' not in page.text


# ── Letting somebody pass ─────────────────────────────────────────────────────────────────────


def test_more_time_lets_the_next_one_pass_once(
    client: VisitingClient, act: Act, token: str
) -> None:
    alone = client.get(f"/t/{token}")
    assert "Saya butuh waktu lagi" not in text(alone), "nobody waits behind"
    another(act, 0)
    page = client.get(f"/t/{token}")
    assert "1 orang berikutnya lebih dulu dari Anda. Bisa satu kali per kunjungan." in text(page)
    for _ in range(2):
        assert press(client, page, "let-pass").status_code == 303
    said = text(client.get(f"/t/{token}"))
    assert "1 orang di depan Anda" in said
    assert "Anda sudah membiarkan yang berikutnya lebih dulu" in said
    another(act, 0)
    assert "Saya butuh waktu lagi" not in text(client.get(f"/t/{token}"))


def test_who_passed_on_elsewhere_is_told_on_an_old_page(
    client: VisitingClient, act: Act, token: str
) -> None:
    another(act, 0)
    another(act, 0)
    page = client.get(f"/t/{token}")
    act(lambda o: let_pass(o, people.turn_of(o, token), by=SYSTEM, now=clock.now()))
    act(lambda o: people.called(o, clock.now()))
    answer = press(client, page, "let-pass")
    assert answer.status_code == 409
    assert "Tempat Anda belum berubah" in text(answer)


# ── The office's rules, where they bind ───────────────────────────────────────────────────────


def test_the_order_is_explained_with_the_offices_own_numbers(
    client: VisitingClient, act: Act, token: str
) -> None:
    urgent = act(lambda o: people.take(o, clock.now(), priority=True))
    assert "Dengan prioritas Anda dihitung datang 30 menit lebih awal." in text(
        client.get(f"/t/{urgent}")
    )
    said = "Urutan dapat berubah: prioritas dihitung 30 menit lebih awal, janji temu 60 menit"
    assert said in text(client.get(f"/t/{token}"))
    for early, booked, sentence in (
        (20, 0, "Urutan dapat berubah: prioritas dihitung 20 menit lebih awal."),
        (0, 45, "Urutan dapat berubah: janji temu dihitung 45 menit sebelum jamnya."),
    ):
        act(partial(change, early=early, booked=booked))
        assert sentence in text(client.get(f"/t/{token}"))
    act(partial(change, early=0, booked=0))
    assert "Urutan dapat berubah" not in text(client.get(f"/t/{token}"))


def change(office: Office, early: int, booked: int) -> None:
    office.priority_head_start_minutes, office.booking_head_start_minutes = early, booked


def test_a_repeated_call_counts(client: VisitingClient, act: Act, token: str) -> None:
    act(lambda o: people.called(o, clock.now()))
    for count, words in ((2, "Panggilan ke-2: silakan"), (3, "Panggilan terakhir: silakan")):
        moment = clock.now() + timedelta(seconds=10 * count)
        act(partial(call_again, token, moment))
        assert words in text(client.get(f"/t/{token}"))
    assert "Nomor yang dipanggil 3 kali" in text(client.get(f"/t/{token}"))


def call_again(token: str, moment: datetime, office: Office) -> None:
    people.call_again(office, people.turn_of(office, token), moment)


def test_closing_early_is_told_to_who_waits(client: VisitingClient, act: Act, token: str) -> None:
    act(lambda o: close_early(o, "<b>Listrik</b> padam", by=SYSTEM, now=clock.now()))
    page = client.get(f"/t/{token}")
    assert "Hari ini kantor tutup lebih awal: &lt;b&gt;Listrik&lt;/b&gt; padam." in page.text
    assert "Yang sudah menunggu mungkin masih dilayani" in text(page)
    assert "Perkiraan belum diketahui" in text(page), "no time of tomorrow"


# ── At the door ───────────────────────────────────────────────────────────────────────────────


def test_the_fragment_is_the_same_until_something_happens(
    client: VisitingClient, act: Act, token: str
) -> None:
    another(act, 0)
    first = client.get(f"/t/{token}/now")
    assert 'name="request_key"' in first.text
    again = client.get(f"/t/{token}/now", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("step", ["leave", "rejoin", "let-pass"])
def test_an_unknown_ticket_does_nothing(client: VisitingClient, step: str) -> None:
    assert client.post(f"/t/{'x' * 24}/{step}").status_code == 404


@pytest.mark.parametrize("key", ["x" * 10_000, "kunci\x07", ""])
def test_an_odd_key_is_refused_or_ignored(
    client: VisitingClient, act: Act, token: str, key: str
) -> None:
    answer = client.post(f"/t/{token}/leave", data={"request_key": key})
    assert answer.status_code == (422 if key else 303)
    assert state(act, token) == ("waiting" if key else "cancelled")


def test_visitors_of_another_bidang_do_not_wait_behind(
    client: VisitingClient, act: Act, token: str
) -> None:
    act(lambda o: people.take(o, clock.now(), "SEK"))
    assert "Saya butuh waktu lagi" not in text(client.get(f"/t/{token}"))


def test_it_reads_in_english(client: VisitingClient, act: Act, token: str) -> None:
    another(act, 0)
    client.submit("/reading", {"lang": "en", "next": f"/t/{token}"})
    said = text(client.get(f"/t/{token}/leave"))
    for words in ("Cancel number A-001?", "Keep waiting", "Yes, cancel it", "I need more time"):
        assert words in said
    assert "The next visitor then goes before you." in said
