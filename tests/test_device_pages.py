"""The devices page: who is heard of, letting screens in, renaming and revoking."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import all_devices
from ruko.offices import get_office
from ruko.pairing import ask_to_pair, find_asked
from ruko.printing import add_printer
from tests.conftest import SLUG, VisitingClient, new_device

PAGE = f"/{SLUG}/desk/devices"
SignIn = Callable[..., VisitingClient]
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
    assert "Terhubung, baru saja" in admin.get(PAGE).text
    time_is(9, 2)
    assert "Terhubung, 2 menit lalu" in admin.get(PAGE).text
    time_is(9, 6)
    page = admin.get(PAGE).text
    assert "Tidak terhubung, terakhir 6 menit lalu" in page
    assert "Belum dipasangkan" in page
    time_is(12, 30)
    assert "Tidak terhubung" not in admin.get(PAGE).text, "nobody expects it in the break"
    assert "Terhubung, pukul 09.00" in admin.get(PAGE).text


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
