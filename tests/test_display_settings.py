"""What a display shows and how it sounds: the rule, and the page where it is set."""

import re
from collections.abc import Callable
from datetime import datetime, time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from ruko import displays
from ruko.audit import SYSTEM, trail_of
from ruko.db import db, writing
from ruko.devices import Device, admit_device, all_devices
from ruko.displays import (
    DisplayChanged,
    DisplaySettings,
    paired_displays,
    report,
    reports_of,
    set_display,
    settings_of,
    zone_of,
)
from ruko.errors import Invalid
from ruko.offices import Bidang, Office, board_version, get_office
from tests.conftest import SLUG, VisitingClient, new_device
from tests.people import bidang_of

PAGE = f"/{SLUG}/desk/devices"
SignIn = Callable[..., VisitingClient]
FORM = {"zone": ["PEM", "SEK"], "volume": "60", "repeats": "2", "quiet_from": "", "quiet_until": ""}


@pytest.fixture
def tv(office: Office, now: datetime) -> Device:
    """A paired display."""
    return admit_device(office, "display", "Depan", token_hash="tv", by=SYSTEM, now=now)


def put(office: Office, tv: Device, zone: str = "", **how: Any) -> DisplaySettings:
    usual: dict[str, Any] = {"volume": 80, "repeats": 1, "quiet": None, "now": tv.created_at}
    chosen = [bidang_of(office, code) for code in zone.split()]
    set_display(office, tv, zone=chosen, by=SYSTEM, **(usual | how))
    return settings_of(tv.id)[tv.id]


# ── The rule ──────────────────────────────────────────────────────────────────────────────────


def test_a_new_screen_shows_all_and_speaks(office: Office, tv: Device) -> None:
    settings = settings_of(tv.id)[tv.id]
    assert settings == DisplaySettings()
    assert settings.as_json() == {"zone": [], "volume": 80, "repeats": 1, "quiet": None}
    assert settings.shows("PEM")
    assert not settings.is_silent(time(3))


def test_what_is_set_is_told_and_stays(
    office: Office, tv: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(displays, "record", said.append)
    version = board_version(office.id)[0]

    settings = put(office, tv, "SEK PEM", volume=0, repeats=3, quiet=(time(12), time(13)))

    assert settings.as_json() == {
        "zone": ["PEM", "SEK"],  # as the office orders them
        "volume": 0,
        "repeats": 3,
        "quiet": ["12:00", "13:00"],
    }
    assert said == [DisplayChanged(office.id, tv.id)]
    assert board_version(office.id)[0] > version
    (line,) = trail_of("display", tv.id)
    assert line.action == "set"
    assert line.detail == {
        "zone": "SEK PEM",
        "volume": "0",
        "repeats": "3",
        "quiet": "12:00-13:00",
    }
    assert put(office, tv, "PMD").zone == ("PMD",)
    assert put(office, tv).zone == ()
    assert trail_of("display", tv.id)[-1].detail["quiet"] == ""


def test_the_same_bidang_twice_is_once(office: Office, tv: Device) -> None:
    assert put(office, tv, "PEM PEM").zone == ("PEM",)


def test_a_bidang_that_was_closed_leaves_the_zone(office: Office, tv: Device) -> None:
    put(office, tv, "PEM SEK")
    bidang_of(office, "SEK").active = False
    db.session.flush()
    assert settings_of(tv.id)[tv.id].zone == ("PEM",)
    bidang_of(office, "PEM").active = False
    db.session.flush()
    assert settings_of(tv.id)[tv.id].zone == (), "rather every call than none"
    assert [bidang.code for bidang in zone_of(tv)] == ["PEM", "SEK"]


@pytest.mark.parametrize(
    ("how", "field"),
    [
        ({"volume": 101}, "volume"),
        ({"volume": -1}, "volume"),
        ({"repeats": 4}, "repeats"),
        ({"repeats": -1}, "repeats"),
        ({"quiet": (time(9), time(9))}, "quiet_until"),
    ],
)
def test_what_makes_no_sense_is_refused(
    office: Office, tv: Device, how: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        put(office, tv, **how)
    assert refused.value.field == field
    assert settings_of(tv.id)[tv.id] == DisplaySettings()


@pytest.mark.parametrize(
    ("quiet", "silent", "speaks"),
    [
        ((time(12), time(13)), [time(12), time(12, 59, 59)], [time(11, 59), time(13)]),
        ((time(21), time(7)), [time(21), time(0), time(6, 59)], [time(7), time(20, 59)]),
    ],
)
def test_quiet_hours_may_pass_midnight(
    quiet: tuple[time, time], silent: list[time], speaks: list[time]
) -> None:
    settings = DisplaySettings((), 80, 1, *quiet)
    assert all(settings.is_silent(moment) for moment in silent)
    assert not any(settings.is_silent(moment) for moment in speaks)


def test_the_offices_screens_are_those_paired_once_and_not_revoked(
    office: Office, tv: Device, now: datetime
) -> None:
    admit_device(office, "kiosk", "Kios", token_hash="k", by=SYSTEM, now=now)
    never, gone = (
        admit_device(office, "display", name, token_hash=name, by=SYSTEM, now=now)
        for name in ("Gudang", "Lama")
    )
    never.last_seen, gone.revoked_at = None, now
    put(office, tv, "PEM", volume=5)
    assert paired_displays(office.id) == {tv.id: DisplaySettings(("PEM",), 5)}
    assert paired_displays(office.id + 1) == {}


def test_a_screen_tells_and_its_last_trouble_stays(
    office: Office, tv: Device, now: datetime
) -> None:
    report(tv, sound="on", page="abc", missing=2, trouble="jaringan", now=now)
    report(tv, sound="blocked", page="def", missing=-5, trouble=" \x00 ", now=now)
    kept = reports_of(tv.id)[tv.id]
    assert (kept.sound, kept.page, kept.missing, kept.trouble) == ("blocked", "def", 0, "jaringan")
    assert (kept.trouble_at, kept.reported_at) == (now, now)
    assert settings_of(tv.id)[tv.id] == DisplaySettings(), "a report changes no setting"


def test_what_a_screen_tells_is_cut_to_what_is_kept(
    office: Office, tv: Device, now: datetime
) -> None:
    trouble = "a\x00b\u202e\ud800" + "x" * 500
    report(tv, sound="none", page="p" * 99, missing=10**9, trouble=trouble, now=now)
    kept = reports_of(tv.id)[tv.id]
    assert kept.trouble is not None
    assert kept.trouble.startswith("a b xxx")
    assert (len(kept.trouble), kept.page, kept.missing) == (200, "p" * 16, 999)
    with pytest.raises(Invalid):
        report(tv, sound="loud", page="", missing=0, trouble="", now=now)


# ── The page ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def page(app: Flask) -> str:
    """The page of a display's settings."""
    new_device(app, "display", "Depan")
    with app.app_context():
        return f"{PAGE}/{all_devices(get_office(SLUG))[0].id}/settings"


def kept(app: Flask) -> DisplaySettings:
    with app.app_context():
        device_id = all_devices(get_office(SLUG))[0].id
        return settings_of(device_id)[device_id]


def test_the_operator_sets_a_display(app: Flask, sign_in: SignIn, page: str) -> None:
    operator = sign_in("operator")
    form = FORM | {"quiet_from": "21:30", "quiet_until": "06.15"}
    done = operator.submit(page, form)
    assert done.status_code == 303
    assert "“Depan” sudah diatur" in operator.get(done.location).text
    assert kept(app) == DisplaySettings(("PEM", "SEK"), 60, 2, time(21, 30), time(6, 15))

    again = operator.get(page).text
    for shown in ('value="60"', 'value="21:30"', 'value="06:15"'):
        assert shown in again
    assert again.count("checked") == 3, "two bidang, and how often"


def test_nothing_chosen_is_every_bidang(app: Flask, sign_in: SignIn, page: str) -> None:
    admin = sign_in("admin")
    admin.submit(page, FORM)
    assert admin.submit(page, FORM | {"zone": []}).status_code == 303
    assert kept(app).zone == ()


@pytest.mark.parametrize("asleep", ["SEK", "PEM SEK"])
def test_saving_does_not_forget_a_bidang_that_is_closed_at_the_moment(
    app: Flask, sign_in: SignIn, page: str, asleep: str
) -> None:
    def wake(active: bool) -> None:
        with app.app_context(), writing():
            these = update(Bidang).where(Bidang.code.in_(asleep.split()))
            db.session.execute(these.values(active=active))
            db.session.commit()

    admin = sign_in("admin")
    admin.submit(page, FORM)
    wake(False)
    try:
        shown = admin.get(page).text
        assert shown.count("(tidak aktif)") == len(asleep.split())
        ticked = re.findall(r'<input checked[^>]* name="zone"[^>]* value="(\w+)"', shown)
        assert sorted(ticked) == ["PEM", "SEK"]
        assert admin.submit(page, FORM | {"zone": ticked, "volume": "5"}).status_code == 303
    finally:
        wake(True)
    assert kept(app) == DisplaySettings(("PEM", "SEK"), 5, 2)


@pytest.mark.parametrize(
    "case",
    [
        ({"volume": "101"}, "volume", "Volume adalah angka dari 0 sampai 100."),
        ({"volume": "keras"}, "volume", "Volume adalah angka dari 0 sampai 100."),
        ({"volume": "-1"}, "volume", "Volume adalah angka dari 0 sampai 100."),
        ({"volume": ""}, "volume", "Volume adalah angka dari 0 sampai 100."),
        ({"repeats": "4"}, "repeats", "Pilih berapa kali"),
        ({"quiet_from": "25:00", "quiet_until": "6:00"}, "quiet_from", "Tulis waktu seperti"),
        ({"quiet_from": "21:00"}, "quiet_until", "Isi kedua waktu"),
        ({"quiet_until": "6:00"}, "quiet_from", "Isi kedua waktu"),
        ({"quiet_from": "6:00", "quiet_until": "6:00"}, "quiet_until", "waktu yang berbeda"),
        ({"zone": ["PEM", "MARS"]}, "zone", "Pilih dari daftar"),
    ],
    ids=repr,
)
def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost(
    app: Flask, sign_in: SignIn, page: str, case: tuple[dict[str, Any], str, str]
) -> None:
    wrong, field, sentence = case
    form = FORM | wrong
    answer = sign_in("admin").submit(page, form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{field}-error"' in answer.text
    for name in ("volume", "quiet_from", "quiet_until"):
        assert f'value="{form[name]}"' in answer.text
    assert re.search(r'<input checked[^>]* name="zone"[^>]* value="PEM"', answer.text)
    assert kept(app) == DisplaySettings()


def test_a_double_tap_sets_once(app: Flask, sign_in: SignIn, page: str) -> None:
    admin, form = sign_in("admin"), FORM | {"request_key": "satu"}
    assert [admin.submit(page, form).status_code for _ in range(2)] == [303, 303]
    with app.app_context(), writing():
        device = all_devices(get_office(SLUG))[0]
        assert len(trail_of("display", device.id)) == 1


def test_who_only_looks_on_may_not(app: Flask, sign_in: SignIn, page: str) -> None:
    for client in (sign_in("camat"), sign_in("staff", bidang="PEM")):
        assert client.get(page).status_code == 403
        assert client.submit(page, FORM).status_code == 403
    assert kept(app) == DisplaySettings()
    assert "Atur<" not in sign_in("camat", "camat2").get(PAGE).text


def test_a_kiosk_has_no_such_page(app: Flask, sign_in: SignIn) -> None:
    new_device(app, "kiosk", "Lobi")
    with app.app_context():
        device_id = all_devices(get_office(SLUG))[0].id
    operator = sign_in("operator")
    for number in (device_id, device_id + 1, 10**12):
        assert operator.get(f"{PAGE}/{number}/settings").status_code == 404
        assert operator.submit(f"{PAGE}/{number}/settings", FORM).status_code == 404
