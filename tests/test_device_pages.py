"""The devices page: who is heard of, what displays tell, letting screens in, renaming and revoking."""

import re
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from flask import Flask

from ruko import clock, tickets
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import all_devices
from ruko.displays import report, set_display
from ruko.offices import Office, get_bidang, get_office
from ruko.pairing import ask_to_pair, find_asked
from ruko.printing import add_printer
from ruko.receipts import note_announced
from tests.conftest import SLUG, VisitingClient, new_device
from tests.people import called, take

PAGE = f"/{SLUG}/desk/devices"
SignIn = Callable[..., VisitingClient]
Paired = Callable[..., VisitingClient]
TimeIs = Callable[..., datetime]
HOSTILE = ["<script>alert(1)</script>", "\u202eiboL", "Lobi 😀"]


def names(app: Flask) -> list[str]:
    with app.app_context():
        return [device.name for device in all_devices(get_office(SLUG))]


def a_code(app: Flask, now: datetime) -> str:
    """An unpaired kiosk shows a code."""
    with app.app_context(), writing():
        office = get_office(SLUG)
        asked = find_asked(office, "kiosk", ask_to_pair(office, "kiosk", now=now), now=now)
        db.session.commit()
    assert asked is not None
    return asked.code


def said(page: str) -> str:
    return " ".join(page.split())


def test_it_says_when_each_was_last_heard_of(
    app: Flask, paired: Callable[..., VisitingClient], sign_in: SignIn, time_is: TimeIs
) -> None:
    paired("kiosk", "Lobi")
    new_device(app, "display", "Gudang")
    admin = sign_in("admin")
    assert "Terakhir terhubung baru saja" in admin.get(PAGE).text
    time_is(9, 2)
    assert "Terakhir terhubung 2 menit lalu" in admin.get(PAGE).text
    time_is(9, 6)
    page = admin.get(PAGE).text
    assert "Tidak terhubung, terakhir 6 menit lalu" in page
    assert "Belum dipasangkan" in page
    time_is(12, 30)
    assert "Tidak terhubung" not in admin.get(PAGE).text, "nobody expects it in the break"
    assert "Terakhir terhubung pukul 09.00" in admin.get(PAGE).text


def test_an_empty_office_says_how_to_begin(sign_in: SignIn) -> None:
    page = sign_in("operator").get(PAGE).text

    assert "Belum ada kios" in page
    assert "Belum ada papan" in page
    assert "Tidak ada pencetak" in page


def test_printers_are_shown_with_their_trouble(app: Flask, sign_in: SignIn, now: datetime) -> None:
    with app.app_context(), writing():
        office = get_office(SLUG)
        add_printer(office, "Meja depan", "usb://04b8:0202", 80, by=SYSTEM, now=now)
        broken = add_printer(office, "Gudang", "usb://04b8:0e15", 58, by=SYSTEM, now=now)
        broken.last_error = "It was not printed within two minutes."
        db.session.commit()
    page = said(sign_in("operator").get(PAGE).text)

    for shown in ("Meja depan<small>80 mm</small>", "Belum dipakai", "Gudang<small>58 mm</small>"):
        assert shown in page
    assert "dua menit" in page


def test_a_wrong_code_keeps_what_was_typed(app: Flask, sign_in: SignIn) -> None:
    answer = sign_in("admin").submit(f"{PAGE}/approve", {"code": "AAA AAA", "name": "Lobi"})

    assert answer.status_code == 422
    assert "Tidak ada layar yang menampilkan kode ini sekarang" in answer.text
    assert 'value="AAA AAA"' in answer.text
    assert 'value="Lobi"' in answer.text
    assert names(app) == []


def test_a_taken_or_missing_name_is_said_at_its_field(
    app: Flask, sign_in: SignIn, now: datetime
) -> None:
    new_device(app, "kiosk", "Lobi")
    code, admin = a_code(app, now), sign_in("admin")

    for name, sentence in (("", "diisi"), ("Lobi", "Sudah ada"), ("x" * 41, "Paling banyak")):
        answer = admin.submit(f"{PAGE}/approve", {"code": code, "name": name})
        assert answer.status_code == 422
        assert sentence in answer.text, name
        assert 'id="name-error"' in answer.text
    done = admin.submit(f"{PAGE}/approve", {"code": code, "name": "Teras"})
    assert done.status_code == 303


def test_a_double_tap_approves_once(app: Flask, sign_in: SignIn, now: datetime) -> None:
    form = {"code": a_code(app, now), "name": "Lobi", "request_key": "satu"}
    admin = sign_in("admin")

    assert [admin.submit(f"{PAGE}/approve", form).status_code for _ in range(2)] == [303, 303]
    assert names(app) == ["Lobi"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(app: Flask, sign_in: SignIn, now: datetime, name: str) -> None:
    admin = sign_in("admin")
    admin.submit(f"{PAGE}/approve", {"code": a_code(app, now), "name": name})

    assert names(app) == [name]
    assert "<script>alert" not in admin.get(PAGE).text


def test_renaming_asks_and_says_so(app: Flask, sign_in: SignIn) -> None:
    new_device(app, "kiosk", "Lobi")
    new_device(app, "kiosk", "Teras")
    with app.app_context():
        device_id = all_devices(get_office(SLUG))[0].id
    operator, path = sign_in("operator"), f"{PAGE}/{device_id}/name"
    assert 'value="Lobi"' in operator.get(path).text
    taken = operator.submit(path, {"name": "Teras"})
    assert taken.status_code == 422
    assert "Sudah ada" in taken.text
    assert operator.submit(path, {"name": "Lobi"}).status_code == 303, "its own name is no other's"

    done = operator.submit(path, {"name": " Pintu  masuk "})
    assert "Namanya sekarang “Pintu masuk”" in operator.get(done.location).text
    assert names(app) == ["Pintu masuk", "Teras"]


def test_revoking_is_asked_first(
    app: Flask, paired: Callable[..., VisitingClient], sign_in: SignIn
) -> None:
    kiosk, operator = paired("kiosk", "Lobi"), sign_in("operator")
    with app.app_context():
        device_id = all_devices(get_office(SLUG))[0].id
    path = f"{PAGE}/{device_id}/revoke"
    assert "Cabut “Lobi”?" in operator.get(path).text
    assert names(app) == ["Lobi"], "reading the question changed nothing"

    done = operator.submit(path, {"request_key": "satu"})
    assert "“Lobi” sudah dicabut" in operator.get(done.location).text
    assert names(app) == []
    assert "dicabut pada" in kiosk.get(f"/{SLUG}/kiosk").text
    assert operator.submit(path, {"request_key": "satu"}).status_code == 303
    assert operator.submit(path).status_code == 404
    assert operator.get(path).status_code == 404


def test_the_camat_looks_and_touches_nothing(app: Flask, sign_in: SignIn) -> None:
    new_device(app, "kiosk", "Lobi")
    camat = sign_in("camat")
    page = camat.get(PAGE).text

    assert "Lobi" in page
    for button in ("Setujui", "Cabut", "Ganti nama"):
        assert button not in page
    assert camat.submit(f"{PAGE}/approve", {"code": "AAAAAA", "name": "x"}).status_code == 403


def test_staff_of_a_bidang_have_no_devices_page(sign_in: SignIn) -> None:
    staff = sign_in("staff", bidang="PEM")

    assert staff.get(PAGE).status_code == 403
    assert "Perangkat</a>" not in said(staff.get(f"/{SLUG}/desk").text)


# ── Displays ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tv(paired: Paired) -> None:
    """A paired display."""
    paired("display", "Depan")


@pytest.fixture
def tells(app: Flask, now: datetime) -> Callable[..., None]:
    """The office's first display tells about itself."""

    def tell(sound: str = "on", **told: Any) -> None:
        usual: dict[str, Any] = {"page": "abc", "missing": 0, "trouble": "", "now": clock.now()}
        with app.app_context(), writing():
            office = get_office(SLUG)
            device = next(d for d in all_devices(office) if d.kind == "display")
            report(device, sound=sound, **(usual | told))
            db.session.commit()

    return tell


@pytest.fixture
def happen(app: Flask) -> Callable[[Callable[[Office], Any]], None]:
    """Let something happen in the office, and commit it."""

    def work(what: Callable[[Office], Any]) -> None:
        with app.app_context(), writing():
            what(get_office(SLUG))
            db.session.commit()

    return work


def plain(page: str) -> str:
    """What a person reads."""
    return said(re.sub(r"<[^>]+>", " ", page))


def test_a_display_says_what_it_shows_and_how_it_sounds(
    paired: Paired, sign_in: SignIn, tells: Any, happen: Any, now: datetime
) -> None:
    paired("display", "Depan")
    admin = sign_in("admin")
    page = plain(admin.get(PAGE).text)
    for shown in ("Menampilkan semua bidang", "volume 80%", "Terakhir mengumumkan belum pernah"):
        assert shown in page

    def set_it(office: Office) -> None:
        set_display(
            office,
            all_devices(office)[0],
            zone=[get_bidang(office, "PEM"), get_bidang(office, "SEK")],
            volume=55,
            repeats=0,
            quiet=(time(12), time(13)),
            by=SYSTEM,
            now=now,
        )

    happen(set_it)
    tells(missing=3, trouble="<b>jaringan</b>")
    text = admin.get(PAGE).text
    page = plain(text)
    for shown in (
        "Menampilkan A F Suara",
        "menyala, volume 55%, tenang 12.00–13.00",
        "versi lama; dimuat ulang sendiri",
        "Rekaman suara yang kurang 3",
        "&lt;b&gt;jaringan&lt;/b&gt; (baru saja)",
    ):
        assert shown in page, page
    tells(page=edition(text))
    assert "Halaman terbaru" in plain(admin.get(PAGE).text)


def edition(page: str) -> str:
    """Of the static files, as the page itself names them."""
    found = re.search(r"/static/(\w+)/css", page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "problem",
    [
        ("blocked", "Suara tertahan: ketuk layar papan sekali", "menunggu ketukan di layar"),
        ("none", "Papan ini tidak dapat bersuara", "layar ini tidak dapat bersuara"),
    ],
)
def test_a_display_without_sound_is_warned_of_while_the_office_is_open(
    tv: None, sign_in: SignIn, tells: Any, time_is: TimeIs, problem: tuple[str, str, str]
) -> None:
    sound, warning, told = problem
    tells(sound)
    operator = sign_in("operator")
    for page in (PAGE, f"/{SLUG}/desk/office"):
        assert warning in said(operator.get(page).text)
    assert told in said(operator.get(PAGE).text)

    time_is(9, 10)
    assert warning not in operator.get(PAGE).text, "that it is gone says more"
    tells(sound)
    assert warning in said(operator.get(PAGE).text)
    time_is(12, 30)
    tells(sound)
    assert warning not in operator.get(PAGE).text, "nobody is called in the break"


@pytest.mark.parametrize("sound", ["blocked", "none", "on"])
def test_a_display_that_is_silent_on_purpose_needs_no_warning(
    tv: None, sign_in: SignIn, tells: Any, happen: Any, sound: str
) -> None:
    def mute(office: Office) -> None:
        device = all_devices(office)[0]
        set_display(
            office, device, zone=[], volume=0, repeats=1, quiet=None, by=SYSTEM, now=clock.now()
        )

    happen(mute)
    tells(sound)
    page = sign_in("operator").get(PAGE).text
    assert "tag--bad" not in page
    assert "sengaja tanpa suara" in said(page)


def test_the_days_calls_with_the_reason_of_each_that_was_not_announced(
    paired: Paired, sign_in: SignIn, happen: Any, now: datetime, time_is: TimeIs
) -> None:
    paired("display", "Depan")
    admin = sign_in("admin")
    assert "Belum ada panggilan hari ini" in admin.get(PAGE).text

    def morning(office: Office) -> None:
        for n in range(3):
            take(office, now)
            turn = called(office, now, counter=n + 1)
        tickets.undo(office, turn, by=SYSTEM, now=now)
        tv = all_devices(office)[0]
        note_announced(office.id, tv.id, 1, spoken=True, now=now)

    happen(morning)
    page = plain(admin.get(PAGE).text)
    assert "1 dari 3 panggilan sudah diumumkan" in page
    assert "A - 003 Loket 3 · 09.00 diurungkan di meja" in page
    assert "A - 002 Loket 2 · 09.00 masih menunggu diumumkan" in page
    assert "A - 001" not in page
    time_is(9, 30)
    assert "Loket 2 · 09.00 kedaluwarsa sebelum papan" in plain(admin.get(PAGE).text)


def test_without_a_display_nothing_is_said_about_calls(
    sign_in: SignIn, happen: Any, now: datetime
) -> None:
    happen(lambda office: (take(office, now), called(office, now)))
    assert "Panggilan hari ini" not in sign_in("admin").get(PAGE).text


def test_the_office_page_marks_a_call_that_nobody_heard(
    paired: Paired, sign_in: SignIn, happen: Any, now: datetime, time_is: TimeIs
) -> None:
    paired("display", "Depan")
    happen(lambda office: (take(office, now), called(office, now)))
    operator = sign_in("operator")
    office_page = f"/{SLUG}/desk/office"
    assert "sedang dipanggil" in operator.get(office_page).text
    time_is(9, 0, 20)
    assert "dipanggil, belum terdengar" in operator.get(office_page).text
