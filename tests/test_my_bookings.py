"""What a village does after booking: finding it again, moving it, calling it off, answering the office."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from html import unescape
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import unquote_plus

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import bookings, clock, tickets
from ruko.accounts import User
from ruko.audit import SYSTEM
from ruko.bookings import Booking, CancelCode, Channel, get_booking
from ruko.db import db, writing
from ruko.errors import Unavailable
from ruko.offices import Office, get_bidang, get_category, get_office, get_village
from tests.conftest import SLUG, VisitingClient
from tests.steps import Visitor

HOME = f"/{SLUG}/booking"
BINJAI, INAN = "63.11.07.2008", "63.11.07.2003"
TUESDAY, WEDNESDAY, FRIDAY = date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 27)
SignIn = Callable[..., VisitingClient]
Now = Callable[..., datetime]


@pytest.fixture
def binjai(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=BINJAI)


@pytest.fixture
def inan(sign_in: SignIn) -> VisitingClient:
    return sign_in("village", village=INAN)


@pytest.fixture
def operator(sign_in: SignIn) -> VisitingClient:
    return sign_in("operator")


@contextmanager
def at_work(app: Flask) -> Iterator[Office]:
    """The office in a unit of work that is committed at the end."""
    with app.app_context(), writing():
        yield get_office(SLUG)
        db.session.commit()


def book(app: Flask, **wish: Any) -> str:
    """A meeting of Desa Binjai on Tuesday at nine in the first room, unless told otherwise; its code."""
    with at_work(app) as office:
        room = wish.pop("room", 1)
        given: dict[str, Any] = {
            "village": get_village(office, wish.pop("village", BINJAI)),
            "bidang": get_bidang(office, "PMD"),
            "category": get_category(office, "stunting"),
            "topic": "Makanan tambahan untuk 12 balita",
            "attendees": 4,
            "leader": "Siti Aminah",
            "phone": None,
            "room": bookings.all_rooms(office)[room - 1] if room else None,
            "day": TUESDAY,
            "start": time(9),
            "end": time(10),
            "by": SYSTEM,
            "on_behalf": False,
            "now": clock.now(),
        }
        return bookings.book(office, **(given | wish)).code


def change(app: Flask, code: str, rule: Callable[..., Any], /, *args: Any, **given: Any) -> None:
    """Somebody else does something with the booking."""
    with at_work(app) as office:
        booking = get_booking(code, office=office)
        rule(booking, *args, **({"by": SYSTEM, "now": clock.now()} | given))


def propose(app: Flask, code: str, day: date = WEDNESDAY, start: int = 10) -> None:
    with at_work(app) as office:
        bookings.propose(
            get_booking(code, office=office),
            room=bookings.all_rooms(office)[0],
            day=day,
            start=time(start),
            end=time(start + 1),
            by=SYSTEM,
            now=clock.now(),
        )


def seen(app: Flask, code: str) -> Booking:
    """The booking as it is written."""
    with app.app_context():
        booking = get_booking(code, office=get_office(SLUG))
        db.session.expunge_all()
        return booking


def text_of(answer: TestResponse) -> str:
    """What a person reads: no tags, no scripts, single blanks."""
    body = re.sub(r"<(script|head|svg)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def links(answer: TestResponse) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]+)"', answer.text)]


def key_of(answer: TestResponse) -> str:
    found = re.search(r'name="request_key"\s+value="([^"]+)"', answer.text)
    assert found
    return found[1]


# ── The list ──────────────────────────────────────────────────────────────────────────────────


def test_the_list_says_of_each_what_became_of_it(app: Flask, binjai: VisitingClient) -> None:
    sure, asked = book(app), book(app, room=2, start=time(10), end=time(11))
    refused = book(app, room=2, start=time(13), end=time(14))
    change(app, refused, bookings.decline, "Aula dipakai rapat lintas sektor.")
    change(app, sure, bookings.ask_to_bring, "rekening koran")
    page = binjai.get(f"{HOME}/mine")
    read = text_of(page)
    assert "Disetujui" in read
    assert "Bawa juga rekening koran" in read
    assert "Menunggu persetujuan" in read
    assert "Sejak Sen, 23 Nov, 09.00" in read
    assert "Aula dipakai rapat lintas sektor." in read
    order = [read.index(word) for word in ("Disetujui", "Menunggu persetujuan", "Tidak disetujui")]
    assert order == sorted(order)
    assert {f"{HOME}/{sure}/move", f"{HOME}/{asked}/move"} <= set(links(page))
    assert f"{HOME}/{refused}/move" not in links(page)


def test_what_was_stands_in_its_month_and_all_in_one_list(
    app: Flask, sign_in: SignIn, time_is: Now
) -> None:
    earlier, later = book(app), book(app, day=date(2026, 11, 30))
    time_is(12, day=WEDNESDAY)
    binjai = sign_in("village", village=BINJAI)
    coming, past, both = (
        links(binjai.get(f"{HOME}/mine{query}")) for query in ("", "?month=2026-11", "?show=all")
    )
    own = {f"{HOME}/{earlier}", f"{HOME}/{later}"}
    assert own & set(coming) == {f"{HOME}/{later}"}
    assert own & set(past) == {f"{HOME}/{earlier}"}
    assert own <= set(both)
    assert f"{HOME}/mine?show=all&month=2026-12" in both
    assert f"{HOME}/mine?show=past&month=2026-12" not in past
    assert "Tidak ada janji pada bulan ini" in text_of(binjai.get(f"{HOME}/mine?month=2026-10"))
    assert binjai.get(f"{HOME}/mine?month=kemarin").status_code == 422


def test_an_empty_list_says_what_to_do(binjai: VisitingClient) -> None:
    page = binjai.get(f"{HOME}/mine")
    assert "Belum ada janji" in text_of(page)
    assert HOME in links(page)


def test_what_was_not_sent_stands_first(app: Flask, binjai: VisitingClient) -> None:
    with at_work(app) as office:
        village = get_village(office, BINJAI)
        by = db.session.query(User).filter_by(village_id=village.id).one().actor
        draft = bookings.begin(
            office,
            village=village,
            bidang=get_bidang(office, "PMD"),
            category=get_category(office, "stunting"),
            topic="Rancangan APBDes",
            by=by,
            now=clock.now(),
        )
        bookings.hold(
            draft,
            room=bookings.all_rooms(office)[0],
            day=TUESDAY,
            start=time(9),
            end=time(10),
            now=clock.now(),
        )
        token = draft.token
    page = binjai.get(f"{HOME}/mine")
    assert "Belum dikirim" in text_of(page)
    assert "disimpan untuk Anda sampai 09.10" in text_of(page)
    assert any(token in link for link in links(page))
    assert "Belum dikirim" not in text_of(binjai.get(f"{HOME}/mine?show=all"))


def test_the_operator_sees_every_village_and_chooses(app: Flask, operator: VisitingClient) -> None:
    mine = book(app)
    theirs = book(app, village=INAN, start=time(10), end=time(11))
    phoned = book(app, start=time(13), end=time(14), on_behalf=True, channel=Channel.PHONE)
    every = {f"{HOME}/{code}" for code in (mine, theirs, phoned)}

    def shown(query: str) -> set[str]:
        return every & set(links(operator.get(f"{HOME}/mine?{query}")))

    assert shown("") == every
    assert shown(f"village={INAN}") == {f"{HOME}/{theirs}"}
    assert shown("state=to_confirm") == {f"{HOME}/{phoned}"}
    assert shown("state=pending") == set()
    assert shown("state=iseng") == every
    assert "tidak ada janji" in text_of(operator.get(f"{HOME}/mine?state=pending")).lower()
    assert operator.get(f"{HOME}/mine?village=63.00").status_code == 422
    kept = links(operator.get(f"{HOME}/mine?village={INAN}"))
    assert f"{HOME}/mine?village={INAN}&show=all&month=2026-11" in kept


def test_a_village_chooses_no_other_village(
    app: Flask, binjai: VisitingClient, inan: VisitingClient
) -> None:
    code = book(app)
    page = inan.get(f"{HOME}/mine?village={BINJAI}")
    assert f"{HOME}/{code}" not in links(page)
    assert 'name="village"' not in page.text
    for rest in ("", "/qr.svg", ".ics", "/cancel", "/move", "/papers/1"):
        assert inan.get(f"{HOME}/{code}{rest}").status_code == 404
    for rest in ("cancel", "move", "accept", "refuse", "confirm", "papers", "papers/1/remove"):
        assert inan.submit(f"{HOME}/{code}/{rest}").status_code == 404
    assert "kedelapan hurufnya" in text_of(inan.get(f"{HOME}/{code}"))


# ── One booking ───────────────────────────────────────────────────────────────────────────────


def test_a_booking_says_where_and_when(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    page = binjai.get(f"{HOME}/{code.lower()}")
    for words in (
        "Ruang sudah disiapkan",
        f"{code[:4]} {code[4:]}",
        "Ruang RUKO 1",
        "Selasa, 24 November 2026 09.00–10.00 WITA",
        "Seksi Pemberdayaan Masyarakat dan Desa",
        "4 orang",
    ):
        assert words in text_of(page)
    assert binjai.get(f"{HOME}/{code}/qr.svg").mimetype == "image/svg+xml"
    shared = next(link for link in links(page) if link.startswith("https://wa.me/?text="))
    assert code in shared
    assert "balita" not in shared
    entry = binjai.get(f"{HOME}/{code}.ics")
    assert entry.mimetype == "text/calendar"
    assert "20261124T" in entry.text


def test_the_office_tells_the_village_which_shares_it(
    app: Flask, operator: VisitingClient, binjai: VisitingClient
) -> None:
    code = book(app, on_behalf=True, channel=Channel.PHONE)

    def to_whatsapp(client: VisitingClient) -> list[str]:
        page = client.get(f"{HOME}/{code}")
        return [link for link in links(page) if "wa.me" in link or link.endswith("/tell")]

    (told,) = to_whatsapp(operator)
    assert "Mohon konfirmasi lewat tautan" in unquote_plus(operator.get(told).location)
    (shared,) = to_whatsapp(binjai)
    assert shared.startswith("https://wa.me/?text=")


def test_a_visit_of_the_office_shows_no_qr(app: Flask, binjai: VisitingClient) -> None:
    page = binjai.get(f"{HOME}/{book(app, room=None)}")
    assert "Menunggu persetujuan" in text_of(page)
    assert "qr.svg" not in page.text


def test_in_english(app: Flask, binjai: VisitingClient) -> None:
    code = book(app, room=2, on_behalf=True, channel=Channel.LETTER)
    propose(app, code)
    binjai.submit("/reading", {"lang": "en"})
    read = text_of(binjai.get(f"{HOME}/{code}"))
    assert "The office proposes another time Wednesday, 25 November 2026 10:00–11:00" in read
    assert "Booked by the office, asked for by letter. Is that right?" in read
    assert "Booked time" in text_of(binjai.get(f"{HOME}/{code}/move"))
    assert "The weather or the road" in text_of(binjai.get(f"{HOME}/{code}/cancel"))


def test_hostile_text_is_text(app: Flask, binjai: VisitingClient) -> None:
    nasty = "<script>alert(1)</script> 👩‍🌾 'OR 1=1 --"
    code = book(app, topic=nasty, leader=nasty)
    for path in (f"/{code}", "/mine", f"/{code}/cancel", f"/{code}/move"):
        page = binjai.get(HOME + path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_what_could_not_be_kept_is_not_called_done(
    app: Flask, binjai: VisitingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = book(app, on_behalf=True)
    for module, rest, sent in (
        ("changes", "cancel", {"code": "weather"}),
        ("changes", "confirm", {}),
        ("moves", "move", {"date": "2026-11-25", "when": "1 10:00"}),
    ):
        monkeypatch.setattr(import_module(f"booking.{module}"), "commit", fail)
        assert binjai.submit(f"{HOME}/{code}/{rest}", sent).status_code == 503
    booking = seen(app, code)
    assert (booking.version, booking.village_confirmed_at) == (0, None)
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Janji dibatalkan" not in page
    assert "Jadwal diubah" not in page


def fail(_answer: object) -> None:
    raise Unavailable


def test_what_to_bring_stands_before_the_day(app: Flask, binjai: VisitingClient) -> None:
    code = book(app, role="secretary", phone="0812-3456-7890")
    change(app, code, bookings.ask_to_bring, "rekening koran <b>tahap II</b>")
    page = binjai.get(f"{HOME}/{code}")
    assert "Bawa juga rekening koran <b>tahap II</b>" in text_of(page)
    assert "Sekretaris desa" in text_of(page)
    assert "sampai Sel, 24 Nov, 08.00" in text_of(page)
    assert {f"{HOME}/{code}/move", f"{HOME}/{code}/cancel", f"{HOME}/{code}.ics"} <= set(
        links(page)
    )


def test_a_no_show_says_what_it_means(app: Flask, sign_in: SignIn, time_is: Now) -> None:
    code = book(app, end=time(11))
    time_is(9, 20, day=TUESDAY)
    binjai = sign_in("village", village=BINJAI)
    late = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Tidak hadir" in late
    assert "Sampai 09.15 belum ada yang lapor datang" in late
    assert "lapor di kios sampai 10.00" in late
    assert "Jam sesudahnya sudah terbuka" in late
    time_is(10, 30, day=TUESDAY)
    over = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Bila Anda hadir" in over
    assert "Pesan waktu lain" in over


def test_an_unanswered_request_says_what_to_do(app: Flask, sign_in: SignIn, time_is: Now) -> None:
    code = book(app, room=2)
    time_is(9, 5, day=TUESDAY)
    read = text_of(sign_in("village", village=BINJAI).get(f"{HOME}/{code}"))
    assert "Tidak sempat dijawab" in read
    assert "Pesan waktu lain" in read


def test_what_a_meeting_led_to(app: Flask, sign_in: SignIn, time_is: Now) -> None:
    code, bare = book(app), book(app, start=time(10), end=time(11))
    time_is(9, day=TUESDAY)
    with at_work(app) as office:
        now, booking = clock.now(), get_booking(code, office=office)
        token, _ = tickets.check_in(office, booking, by=SYSTEM, now=now)
        visitor = Visitor(office, now, token=token)
        visitor.does("call", code="PMD")
        visitor.does("start")
        visitor.does("finish", outcome="answered", note="RAB sudah sesuai.\n<i>Silakan</i> ajukan.")
    time_is(11, 30, day=TUESDAY)
    change(app, bare, bookings.conclude)
    binjai = sign_in("village", village=BINJAI)
    for path in (f"{HOME}/{code}", f"{HOME}/mine?month=2026-11"):
        read = text_of(binjai.get(path))
        assert "Selesai" in read
        assert "Tuntas RAB sudah sesuai. <i>Silakan</i> ajukan." in read
    assert "tidak ada catatan untuk Anda" in text_of(binjai.get(f"{HOME}/{bare}"))


def test_the_calendar_file_rises_with_a_move(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    before = binjai.get(f"{HOME}/{code}.ics").text
    assert "SEQUENCE:0" in before
    binjai.submit(f"{HOME}/{code}/move", {"date": "2026-11-25", "when": "1 10:00", "hours": "1"})
    after = binjai.get(f"{HOME}/{code}.ics").text
    assert "SEQUENCE:1" in after
    uid = re.compile(r"UID:.*")
    assert uid.search(before)[0] == uid.search(after)[0]  # type: ignore[index]


# ── Calling off ───────────────────────────────────────────────────────────────────────────────


def test_calling_off_with_a_kind_of_reason(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    asked = binjai.get(f"{HOME}/{code}/cancel")
    assert "Cuaca atau keadaan jalan" in text_of(asked)
    assert "sampai Sel, 24 Nov, 08.00" in text_of(asked)
    done = [
        binjai.submit(
            f"{HOME}/{code}/cancel",
            {"code": "weather", "reason": " ", "request_key": key_of(asked)},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in done] == [303, 303]
    booking = seen(app, code)
    assert (booking.state, booking.cancel_code) == ("cancelled", CancelCode.WEATHER)
    assert booking.decided_reason == "Cuaca atau keadaan jalan"
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert page.count("Cuaca atau keadaan jalan") == 1
    assert "Janji dibatalkan." in page


def test_another_reason_is_told_in_words(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    path = f"{HOME}/{code}/cancel"
    assert "Silakan pilih alasannya" in text_of(binjai.submit(path, {"reason": "Kades sakit"}))
    assert binjai.submit(path, {"code": "iseng", "reason": "Kades sakit"}).status_code == 422
    bare = binjai.submit(path, {"code": "other", "reason": " "})
    assert (bare.status_code, "Mohon isi" in bare.text or "isi" in bare.text) == (422, True)
    long = binjai.submit(path, {"code": "other", "reason": "a" * 501})
    assert (long.status_code, "a" * 501 in long.text) == (422, True)
    assert binjai.submit(path, {"code": "other", "reason": "Kades <sakit>"}).status_code == 303
    assert "Kades <sakit>" in text_of(binjai.get(f"{HOME}/{code}"))


def test_too_late_for_the_village_not_for_the_operator(
    app: Flask, sign_in: SignIn, time_is: Now, operator: VisitingClient
) -> None:
    code = book(app)
    time_is(8, 1, day=TUESDAY)
    binjai = sign_in("village", village=BINJAI)
    page = binjai.get(f"{HOME}/{code}")
    assert f"{HOME}/{code}/cancel" not in links(page)
    assert "hubungi kantor kecamatan" in text_of(page)
    for rest, sent in (
        ("cancel", {"code": "weather"}),
        ("move", {"date": "2026-11-25", "when": "1 10:00"}),
    ):
        late = binjai.submit(f"{HOME}/{code}/{rest}", sent)
        assert late.status_code == 409
        assert "hubungi kantor kecamatan" in text_of(late)
        assert "hubungi kantor kecamatan" in text_of(binjai.get(f"{HOME}/{code}/{rest}"))
    assert f"{HOME}/{code}/cancel" in links(operator.get(f"{HOME}/{code}"))
    assert operator.submit(f"{HOME}/{code}/cancel", {"code": "office"}).status_code == 303
    again = operator.submit(f"{HOME}/{code}/cancel", {"code": "office"})
    assert again.status_code == 409
    assert "tidak dapat dibatalkan lagi" in text_of(again)


# ── Moving ────────────────────────────────────────────────────────────────────────────────────


def move(client: VisitingClient, code: str, **sent: object) -> TestResponse:
    wish = {"date": "2026-11-25", "when": "1 10:00", "hours": "1"}
    return client.submit(f"{HOME}/{code}/move", wish | sent)


def test_moving_to_another_day(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    page = binjai.get(f"{HOME}/{code}/move")
    assert "Selasa, 24 November 2026" in text_of(page)
    assert "Jadwal semula" in text_of(page)
    assert f"{HOME}/{code}/move?date=2026-11-25" in links(page)
    other = binjai.get(f"{HOME}/{code}/move?date=2026-11-25")
    assert 'value="1 10:00"' in other.text
    assert "Jadwal semula" not in text_of(other)
    key = key_of(other)
    for _ in range(2):
        answer = move(binjai, code, request_key=key)
        assert (answer.status_code, answer.location) == (303, f"{HOME}/{code}")
    booking = seen(app, code)
    assert (booking.date, booking.version, booking.state) == (WEDNESDAY, 1, "confirmed")
    said = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Jadwal diubah. Silakan tambahkan lagi ke kalender" in said
    assert "Jadwal diubah Sen, 23 Nov, 09.00" in said
    assert "Jadwal diubah Sen, 23 Nov, 09.00" in text_of(binjai.get(f"{HOME}/mine"))


def test_several_hours_keep_their_length_and_may_overlap_their_own(
    app: Flask, binjai: VisitingClient
) -> None:
    code = book(app, end=time(11))
    page = binjai.get(f"{HOME}/{code}/move")
    assert re.search(r'name="hours"\s+value="2"\s+checked', page.text)
    assert text_of(page).count("Jadwal semula") == 2
    assert move(binjai, code, date="2026-11-24", when="1 10:00", hours="2").status_code == 303
    booking = seen(app, code)
    assert (booking.first_slot, booking.last_slot) == (3, 4)


def test_into_a_room_with_approval_it_waits_again(
    app: Flask, binjai: VisitingClient, operator: VisitingClient
) -> None:
    code = book(app)
    told = "Bila dipindah ke Ruang RUKO 2, janji ini menunggu persetujuan lagi."
    assert told in text_of(binjai.get(f"{HOME}/{code}/move"))
    assert told not in text_of(operator.get(f"{HOME}/{code}/move"))
    assert move(binjai, code, when="2 10:00").status_code == 303
    assert seen(app, code).state == "pending"
    assert "menunggu persetujuan kecamatan" in text_of(binjai.get(f"{HOME}/{code}"))


def test_a_room_that_is_closed_after_all_is_said_on_its_booking(
    app: Flask, binjai: VisitingClient
) -> None:
    code = book(app)
    assert "Tutup pada" not in text_of(binjai.get(f"{HOME}/{code}"))
    with at_work(app) as office:
        start, end = office.at(TUESDAY, time(8)), office.at(TUESDAY, time(12))
        room = bookings.all_rooms(office)[0]
        bookings.close(office, room, start, end, "Atap bocor.", by=SYSTEM, now=clock.now())
    said = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Tutup pada waktu ini: Atap bocor" in said
    assert "Silakan ubah jadwal" in said


def test_a_closed_room_says_why(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    with at_work(app) as office:
        start, end = office.at(WEDNESDAY, time(10)), office.at(WEDNESDAY, time(12))
        room = bookings.all_rooms(office)[0]
        bookings.close(office, room, start, end, "Atap bocor.", by=SYSTEM, now=clock.now())
    page = binjai.get(f"{HOME}/{code}/move?date=2026-11-25")
    assert "Atap bocor" in text_of(page)
    assert 'value="1 10:00"' not in page.text
    refused = move(binjai, code)
    assert refused.status_code == 409
    assert "Atap bocor" in text_of(refused)
    assert seen(app, code).date == TUESDAY


def test_an_officer_is_needed_too(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    with at_work(app) as office:
        get_bidang(office, "PMD").officers = 1
    book(app, village=INAN, day=WEDNESDAY, start=time(10), end=time(11), room=2)
    lost = move(binjai, code)
    assert lost.status_code == 409
    assert "Pemberdayaan Masyarakat dan Desa sudah terpakai" in text_of(lost)
    assert 'name="instead"' in lost.text


def test_the_operator_s_move_keeps_the_state(app: Flask, operator: VisitingClient) -> None:
    code = book(app)
    assert move(operator, code, when="2 10:00").status_code == 303
    assert seen(app, code).state == "confirmed"


def test_somebody_was_faster(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    book(app, village=INAN, day=WEDNESDAY, start=time(10), end=time(11))
    lost = move(binjai, code, hours="2")
    assert lost.status_code == 409
    assert "jadwal semula tetap berlaku" in text_of(lost)
    offered = re.findall(r'name="instead"[^>]*value="([^"]+)"', lost.text, flags=re.DOTALL)
    assert len(offered) == 3
    assert seen(app, code).date == TUESDAY
    answer = binjai.submit(
        f"{HOME}/{code}/move",
        {"date": "2026-11-25", "instead": offered[0], "request_key": key_of(lost)},
    )
    assert answer.status_code == 303
    room, day, start, end = offered[0].split(" ")
    booking = seen(app, code)
    assert booking.date.isoformat() == day
    assert booking.ends_at - booking.starts_at == timedelta(hours=2), (room, start, end)


@pytest.mark.parametrize("offer", ["iseng", "1 2026-11-25 10:00", "x 2026-11-25 10:00 11:00"])
def test_offers_that_no_page_makes(app: Flask, binjai: VisitingClient, offer: str) -> None:
    code = book(app)
    assert binjai.submit(f"{HOME}/{code}/move", {"instead": offer}).status_code == 422
    assert seen(app, code).version == 0


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 422, "Please choose a time first."),
        ({"when": "1 09:00", "date": "2026-11-24"}, 422, "This is its present time."),
        ({"when": "9 10:00"}, 422, "Please choose a room of this office."),
        ({"when": "1 10:00", "date": "2026-11-28"}, 422, "from the timetable"),
        ({"when": "1 10:00", "hours": "3"}, 422, "can last until 12:00 at most"),
        ({"when": "1 10:00", "hours": "banyak"}, 422, "how long the meeting takes"),
        ({"when": "1 09:00", "date": "2026-11-23"}, 409, "this time has passed"),
        ({"when": "1 09:00", "date": "2026-12-30"}, 409, "bookings are open for 30 days"),
    ],
)
def test_times_that_cannot_be(
    app: Flask, binjai: VisitingClient, sent: dict[str, str], status: int, said: str
) -> None:
    code = book(app)
    binjai.submit("/reading", {"lang": "en"})
    answer = binjai.submit(f"{HOME}/{code}/move", {"date": "2026-11-25"} | sent)
    assert answer.status_code == status, text_of(answer)
    assert said in text_of(answer)
    assert "The schedule was not changed; the present time stays." in text_of(answer)
    assert seen(app, code).version == 0


def test_odd_days_are_sentences(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    assert binjai.get(f"{HOME}/{code}/move?date=kemarin").status_code == 422
    assert binjai.submit(f"{HOME}/{code}/move", {"when": "1 10:00"}).status_code == 422
    closed = binjai.get(f"{HOME}/{code}/move?date=2026-11-28")
    assert closed.status_code == 200
    assert "Pilih hari lain" in text_of(closed)
    assert binjai.get(f"{HOME}/{code}/move?date=2027-06-01").status_code == 200


def test_a_room_that_is_too_small_and_a_week_that_is_full(
    app: Flask, binjai: VisitingClient
) -> None:
    crowd = book(app, room=2, attendees=18)
    small = move(binjai, crowd)
    assert small.status_code == 422
    assert "hanya memuat 12 orang" in text_of(small)
    page = binjai.get(f"{HOME}/{crowd}/move")
    assert "Ruang RUKO 1 memuat 12 orang, kurang untuk 18 orang." in text_of(page)
    assert 'value="1 10:00"' not in page.text
    for hour in (8, 9, 10):
        book(app, day=date(2026, 11, 30), start=time(hour), end=time(hour + 1))
    full = move(binjai, crowd, date="2026-11-30", when="2 10:00")
    assert full.status_code == 409
    assert "minggu lain" in text_of(full)
    assert seen(app, crowd).date == TUESDAY


def test_a_visit_of_the_office_moves_too(app: Flask, binjai: VisitingClient) -> None:
    code = book(app, room=None)
    page = binjai.get(f"{HOME}/{code}/move")
    assert re.search(r'value="visit"\s+required\s+checked', page.text)
    done = binjai.submit(
        f"{HOME}/{code}/move",
        {"date": "2026-11-25", "when": "visit", "visit_start": "13:00", "visit_end": "15:00"},
    )
    assert done.status_code == 303
    booking = seen(app, code)
    assert (booking.date, booking.room_id, booking.last_slot - booking.first_slot) == (
        WEDNESDAY,
        None,
        1,
    )


# ── What the office asks ──────────────────────────────────────────────────────────────────────


def test_taking_the_proposed_time(app: Flask, binjai: VisitingClient) -> None:
    code = book(app, room=2)
    propose(app, code)
    assert "Ada usulan waktu lain" in text_of(binjai.get(f"{HOME}/mine"))
    first = binjai.get(HOME)
    assert "Kecamatan menunggu jawaban Anda" in text_of(first)
    assert f"{HOME}/{code}" in links(first)
    page = binjai.get(f"{HOME}/{code}")
    read = text_of(page)
    assert "Kecamatan mengusulkan waktu lain" in read
    assert "Rabu, 25 November 2026 10.00–11.00 WITA · Ruang RUKO 1" in read
    assert "Disimpan untuk Anda sampai" in read
    assert {f"{HOME}/{code}/move"} <= set(links(page))
    key = key_of(page)
    for _ in range(2):
        answer = binjai.submit(f"{HOME}/{code}/accept", {"request_key": key})
        assert (answer.status_code, answer.location) == (303, f"{HOME}/{code}")
    booking = seen(app, code)
    assert (booking.state, booking.date, booking.version) == ("confirmed", WEDNESDAY, 1)
    assert "Waktu usulan diterima." in text_of(binjai.get(f"{HOME}/{code}"))
    assert "menunggu jawaban Anda" not in text_of(binjai.get(HOME))


def test_keeping_what_was_asked_for(app: Flask, binjai: VisitingClient) -> None:
    code = book(app, room=2)
    propose(app, code)
    assert binjai.submit(f"{HOME}/{code}/refuse").status_code == 303
    booking = seen(app, code)
    assert (booking.state, booking.date) == ("pending", TUESDAY)
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Usulan tidak diambil" in page
    assert "tidak lagi disimpan" not in page
    again = binjai.submit(f"{HOME}/{code}/accept")
    assert again.status_code == 409
    assert "Tidak ada yang berubah" in text_of(again)


def test_a_proposal_that_nobody_answered(app: Flask, sign_in: SignIn, time_is: Now) -> None:
    code = book(app, room=2, day=FRIDAY)
    propose(app, code, day=TUESDAY)
    time_is(10, 30, day=TUESDAY)
    binjai = sign_in("village", village=BINJAI)
    page = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Waktu usulan tidak lagi disimpan" in page
    assert "Sel, 24 Nov, 10.00–11.00" in page
    assert binjai.submit(f"{HOME}/{code}/accept").status_code == 409
    assert seen(app, code).state == "pending"
    assert (
        binjai.submit(f"{HOME}/{code}/move", {"date": "2026-11-27", "when": "1 10:00"}).status_code
        == 303
    )
    assert "Waktu usulan tidak lagi disimpan" not in text_of(binjai.get(f"{HOME}/{code}"))


def test_saying_yes_to_what_the_office_booked(
    app: Flask, binjai: VisitingClient, operator: VisitingClient
) -> None:
    code = book(app, on_behalf=True, channel=Channel.PHONE)
    assert "Menunggu jawaban desa" in text_of(binjai.get(f"{HOME}/mine"))
    page = binjai.get(f"{HOME}/{code}")
    assert "Dipesankan petugas lewat telepon. Benar?" in text_of(page)
    assert "Menunggu jawaban desa" in text_of(operator.get(f"{HOME}/{code}"))
    assert operator.submit(f"{HOME}/{code}/confirm").status_code == 403
    for _ in range(2):
        answer = binjai.submit(f"{HOME}/{code}/confirm", {"request_key": key_of(page)})
        assert answer.status_code == 303
    assert seen(app, code).village_confirmed_at == clock.now()
    after = text_of(binjai.get(f"{HOME}/{code}"))
    assert "Benar?" not in after
    assert "Dibenarkan desa Sen, 23 Nov, 09.00" in after
    change(app, code, bookings.cancel, "Hujan", code=CancelCode.WEATHER, privileged=True)
    assert binjai.submit(f"{HOME}/{code}/confirm").status_code == 409


# ── Papers ────────────────────────────────────────────────────────────────────────────────────

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def add(client: VisitingClient, code: str, *files: tuple[bytes, str]) -> TestResponse:
    sent = [(BytesIO(content), name) for content, name in files]
    return client.submit(f"{HOME}/{code}/papers", {"papers": sent})


def test_papers_are_added_read_and_removed(
    app: Flask, binjai: VisitingClient, operator: VisitingClient
) -> None:
    code = book(app)
    assert add(binjai, code, (PDF, "rab.pdf"), (PDF, "surat <b>.pdf")).status_code == 303
    page = binjai.get(f"{HOME}/{code}")
    assert "2 berkas ditambahkan." in text_of(page)
    assert "surat <b>.pdf" in text_of(page)
    path = next(link for link in links(page) if "/papers/" in link)
    for client in (binjai, operator):
        with client.get(path) as given:
            assert (given.status_code, given.data) == (200, PDF)
            assert "attachment" in given.headers["Content-Disposition"]
    for _ in range(2):
        assert binjai.submit(f"{path}/remove").status_code == 303
    assert binjai.get(path).status_code == 404
    assert path not in links(binjai.get(f"{HOME}/{code}"))


def test_papers_that_are_not_taken_say_why(app: Flask, binjai: VisitingClient) -> None:
    code = book(app)
    nothing = add(binjai, code)
    assert (nothing.status_code, "pilih berkas dahulu" in text_of(nothing)) == (422, True)
    wrong = add(binjai, code, (b"MZ\x90", "foto.pdf"))
    assert wrong.status_code == 422
    assert "“foto.pdf”" in text_of(wrong)
    some = add(binjai, code, *((PDF + bytes([n]) * 0, f"{n}.pdf") for n in range(6)))
    assert some.status_code == 303
    said = text_of(binjai.get(f"{HOME}/{code}"))
    assert "5 berkas ditambahkan." in said
    assert "“5.pdf”" in said
    assert 'name="papers"' not in binjai.get(f"{HOME}/{code}").text


def test_papers_stay_after_the_meeting_began(app: Flask, sign_in: SignIn, time_is: Now) -> None:
    code = book(app)
    binjai = sign_in("village", village=BINJAI)
    add(binjai, code, (PDF, "rab.pdf"))
    path = next(link for link in links(binjai.get(f"{HOME}/{code}")) if "/papers/" in link)
    time_is(9, 30, day=TUESDAY)
    assert add(binjai, code, (PDF, "lain.pdf")).status_code == 409
    late = binjai.submit(f"{path}/remove")
    assert late.status_code == 409
    assert "sebelum pertemuan" in text_of(late)
    with binjai.get(path) as given:
        assert given.data == PDF
