"""Accounts on paper: names for all villages, slips that are worth something once, links that sign in."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from ruko.accounts import (
    Role,
    User,
    add_user,
    disable_user,
    edition_of,
    find_link,
    give_slip,
    make_village_accounts,
    new_secrets,
    renew_slips,
    set_password,
    unused_village_accounts,
    use_link,
    verify_password,
    villages_without_account,
)
from ruko.accounts.slips import VALID, Secrets
from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.db import db
from ruko.errors import NotFound
from ruko.offices import Office, all_villages
from ruko.web.once import RequestKey
from ruko.web.throttle import LOOK_UP
from tests.conftest import SLUG, VisitingClient
from tests.paper import links_drawn, passwords_on
from tests.people import BINJAI, binjai

HOME = f"/{SLUG}"
SLIPS = f"{HOME}/desk/accounts/slips"
SignIn = Callable[..., VisitingClient]


def quick(count: int = 16) -> list[Secrets]:
    """Slips whose passwords are not hashed."""
    return [Secrets(f"sandi-{n}", f"hash-{n}", f"link-{n}") for n in range(count)]


# ── Names ─────────────────────────────────────────────────────────────────────────────────────


def test_every_village_gets_an_account_of_its_name(office: Office, now: datetime) -> None:
    slips = make_village_accounts(office, quick(), by=SYSTEM, now=now)

    names = {slip.user.village.name: slip.user.username for slip in slips if slip.user.village}
    assert len(names) == 16
    assert names["Binjai"] == "binjai"
    assert names["Batu Piring"] == "batu-piring"
    assert all(slip.user.must_change_password for slip in slips)
    assert villages_without_account(office) == []
    assert make_village_accounts(office, quick(), by=SYSTEM, now=now) == []


def test_villages_of_one_name_get_their_codes_digits(office: Office, now: datetime) -> None:
    """As Galumbang, which is there twice in Balangan."""
    twice = [v for v in all_villages(office) if v.name in {"Galumbang", "Halubau"}]
    for village in twice:
        village.name = "Galumbang"
    db.session.flush()

    slips = make_village_accounts(office, quick(), by=SYSTEM, now=now)

    names = {slip.user.username for slip in slips}
    assert {"galumbang-2006", "galumbang-2007"} <= names
    assert len(names) == 16


def test_a_name_that_somebody_else_has_gets_the_codes_digits(office: Office, now: datetime) -> None:
    add_user(office, "binjai", Role.CAMAT, "x", must_change_password=False, by=SYSTEM, now=now)

    names = {
        slip.user.username for slip in make_village_accounts(office, quick(), by=SYSTEM, now=now)
    }
    assert "binjai-2008" in names


@pytest.mark.parametrize(
    ("village", "name"),
    [("Désa / “Ünik”", "d-sa-nik"), ("بنجاي", "desa"), ("X" * 80, "x" * 30), ("-- A --", "a")],
)
def test_odd_names_become_names_that_can_be_typed(
    office: Office, now: datetime, village: str, name: str
) -> None:
    binjai(office).name = village
    db.session.flush()

    slips = make_village_accounts(office, quick(), by=SYSTEM, now=now)
    assert name in {slip.user.username for slip in slips}


def test_a_closed_account_is_not_doubled(office: Office, now: datetime) -> None:
    user = add_user(
        office, "desa-binjai", Role.VILLAGE, "x", village=binjai(office),
        must_change_password=False, by=SYSTEM, now=now,
    )  # fmt: skip
    disable_user(user, by=SYSTEM, now=now)

    assert "Binjai" not in [village.name for village in villages_without_account(office)]


# ── What a slip is worth ──────────────────────────────────────────────────────────────────────


def one_slip(office: Office, now: datetime) -> User:
    (slip,) = make_village_accounts(office, quick(1), by=SYSTEM, now=now)
    return slip.user


def test_a_link_signs_in_once_until_it_runs_out(office: Office, now: datetime) -> None:
    user = one_slip(office, now)

    assert find_link(office, "link-0", now=now + VALID) is user
    for wrong, moment in (
        ("link-1", now),
        ("", now),
        ("link-0", now + VALID + timedelta(seconds=1)),
    ):
        with pytest.raises(NotFound):
            use_link(office, wrong, now=moment)
    assert use_link(office, "link-0", now=now) is user
    with pytest.raises(NotFound):
        use_link(office, "link-0", now=now)
    assert [line.action for line in trail_of("user", user.id)] == ["add", "use_link"]


def test_a_password_of_ones_own_or_a_new_slip_makes_a_slip_worthless(
    office: Office, now: datetime
) -> None:
    user = one_slip(office, now)
    set_password(user, "own", must_change_password=False, by=user.actor, now=now)
    with pytest.raises(NotFound):
        find_link(office, "link-0", now=now)
    assert user.slip_until is None

    give_slip(user, Secrets("s", "h", "second"), by=SYSTEM, now=now)
    give_slip(user, Secrets("s", "h", "third"), by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        find_link(office, "second", now=now)
    disable_user(user, by=SYSTEM, now=now)
    with pytest.raises(NotFound):
        find_link(office, "third", now=now)


def test_slips_are_made_again_for_those_who_have_not_used_theirs(
    office: Office, now: datetime
) -> None:
    slips = make_village_accounts(office, quick(), by=SYSTEM, now=now)
    at_home, closed = slips[0].user, slips[1].user
    set_password(at_home, "own", must_change_password=False, by=at_home.actor, now=now)
    disable_user(closed, by=SYSTEM, now=now)
    db.session.flush()

    again = [Secrets(f"baru-{n}", f"new-{n}", f"new-link-{n}") for n in range(16)]
    edition = edition_of(unused_village_accounts(office))
    renewed = renew_slips(office, edition, again, by=SYSTEM, now=now)
    assert len(renewed) == 14
    assert renew_slips(office, edition, again, by=SYSTEM, now=now) == [], "they are printed already"
    assert {slip.user for slip in renewed} == set(unused_village_accounts(office))
    assert at_home.password_hash == "own"
    with pytest.raises(NotFound):
        find_link(office, "link-5", now=now)


def test_secrets_are_hashed_and_open_their_account(office: Office, now: datetime) -> None:
    (slip,) = make_village_accounts(office, new_secrets(1), by=SYSTEM, now=now)

    assert verify_password(slip.user, slip.password)
    kept = str([getattr(slip.user, name) for name in ("password_hash", "link_hash", "username")])
    assert slip.password not in kept
    assert slip.link not in kept
    assert len(slip.link) >= 22  # 128 bits


# ── Through the doors ─────────────────────────────────────────────────────────────────────────


def test_sixteen_accounts_in_one_press(app: Flask, client: VisitingClient, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    before = operator.get(SLIPS).text
    assert "Buat akun untuk 16 desa" in before
    assert "hanya tampil satu kali" in before

    press = {"request_key": "satu"}
    answer = operator.submit(f"{SLIPS}/villages", press)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    slips = passwords_on(answer.text)
    assert len(slips) == 16
    assert answer.text.count("<svg xmlns") == 16
    assert "Berlaku sampai Senin, 7 Desember 2026." in answer.text

    again = operator.submit(f"{SLIPS}/villages", press)  # a reload, a double tap
    assert (again.status_code, again.location) == (303, SLIPS)
    assert "Buat ulang 16 lembar" in operator.get(SLIPS).text
    entered = client.submit(
        f"{HOME}/login", {"username": "telaga-purun", "password": slips["telaga-purun"]}
    )
    assert entered.location.startswith(f"{HOME}/password")
    with app.app_context():
        written = str([tuple(row) for row in db.session.execute(select(RequestKey.__table__))])
        written += str([tuple(row) for row in db.session.execute(select(AuditEvent.__table__))])
        assert not [p for p in slips.values() if p in written]


def test_a_press_without_its_key_makes_nobody_twice(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    operator.submit(f"{SLIPS}/villages")
    assert operator.submit(f"{SLIPS}/villages").location == SLIPS
    with app.app_context():
        assert len(db.session.scalars(select(User).filter_by(role="village")).all()) == 16


def edition_on(page: str) -> dict[str, str]:
    """What the page says about the slips that are out there."""
    return {"edition": page.split('name="edition" value="')[1].split('"', maxsplit=1)[0]}


def test_slips_that_a_colleague_has_just_printed_stay_valid(sign_in: SignIn) -> None:
    one, other = sign_in("operator"), sign_in("admin")
    one.submit(f"{SLIPS}/villages")
    seen = edition_on(other.get(SLIPS).text)
    assert edition_on(one.get(SLIPS).text) == seen
    assert len(passwords_on(one.submit(f"{SLIPS}/again", seen).text)) == 16
    assert other.submit(f"{SLIPS}/again", seen).location == SLIPS
    assert "tidak ada lembar yang dibuat" in other.get(SLIPS).text


def test_slips_made_again_end_the_earlier_ones(client: VisitingClient, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    first = passwords_on(operator.submit(f"{SLIPS}/villages").text)
    edition = edition_on(operator.get(SLIPS).text)
    second = passwords_on(operator.submit(f"{SLIPS}/again", edition).text)
    assert first.keys() == second.keys()

    fields = {"username": "binjai", "password": first["binjai"]}
    assert client.submit(f"{HOME}/login", fields).status_code == 401
    fields["password"] = second["binjai"]
    assert client.submit(f"{HOME}/login", fields).status_code == 303


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the QR pictures of the slips lead."""
    return links_drawn(monkeypatch)


def test_the_qr_signs_in_after_one_press_and_leads_to_a_password(
    app: Flask, client: VisitingClient, sign_in: SignIn, drawn: list[str]
) -> None:
    page = sign_in("operator").submit(f"{SLIPS}/villages").text
    path = dict(zip(passwords_on(page), drawn, strict=True))["binjai"]
    assert path.startswith(f"{HOME}/enter/")
    assert path.rsplit("/", 1)[1] not in page, "only in the picture"

    for _ in range(2):
        assert "Masuk sebagai Desa Binjai" in client.get(path).text  # looking uses nothing up
    assert client.submit(path).location.startswith(f"{HOME}/password")
    client.csrf_token = ""
    page = client.get(f"{HOME}/password").text
    assert 'name="current"' not in page
    assert client.get(f"{HOME}/booking").location.startswith(f"{HOME}/password")
    fields = {"password": "tiga kata baru", "again": "tiga kata baru"}
    assert client.submit(f"{HOME}/password", fields).location == f"{HOME}/booking"
    client.csrf_token = ""
    assert client.get(f"{HOME}/booking").status_code == 200
    assert 'name="current"' in client.get(f"{HOME}/password").text

    used = app.test_client()
    for answer in (used.get(path), client.submit(path)):
        assert answer.status_code == 404
        assert "Tautan ini tidak berlaku" in answer.text
        assert f'href="{HOME}/login"' in answer.text


def test_who_came_by_a_link_cannot_keep_the_one_time_password(
    client: VisitingClient, sign_in: SignIn, drawn: list[str]
) -> None:
    page = sign_in("operator").submit(f"{SLIPS}/villages").text
    slips = passwords_on(page)
    name = next(iter(slips))
    client.submit(drawn[0])
    client.csrf_token = ""

    same = {"password": slips[name], "again": slips[name]}
    answer = client.submit(f"{HOME}/password", same)
    assert answer.status_code == 422
    assert "berbeda dari yang sekarang" in unescape(answer.text)


def test_a_slip_that_has_run_out_says_so(
    client: VisitingClient,
    sign_in: SignIn,
    drawn: list[str],
    time_is: Callable[..., datetime],
) -> None:
    slips = passwords_on(sign_in("operator").submit(f"{SLIPS}/villages").text)
    time_is(9, 1, day=date(2026, 12, 7))

    late = client.submit(f"{HOME}/login", {"username": "inan", "password": slips["inan"]})
    assert late.status_code == 401
    assert "lewat masa berlakunya" in late.text
    wrong = client.submit(f"{HOME}/login", {"username": "inan", "password": "bukan ini"})
    assert "lewat masa berlakunya" not in wrong.text, "only who knows the password is told"
    assert client.get(drawn[0]).status_code == 404


def test_links_are_not_guessed(client: VisitingClient) -> None:
    answers = [client.get(f"{HOME}/enter/salah-{n}") for n in range(LOOK_UP.amount + 1)]
    assert answers[0].status_code == 404
    assert answers[-1].status_code == 429


def test_another_offices_link_is_not_found(client: VisitingClient) -> None:
    assert client.get("/tidak-ada/enter/x").status_code == 404


def test_only_who_runs_the_office_makes_slips(sign_in: SignIn) -> None:
    for role, place in (
        ("staff", {"bidang": "PEM"}),
        ("village", {"village": BINJAI}),
        ("camat", {}),
    ):
        client = sign_in(role, **place)
        assert client.get(SLIPS).status_code == 403
        assert client.submit(f"{SLIPS}/villages").status_code == 403


def test_the_page_warns_where_a_qr_would_point_at_this_computer_only(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    assert "hanya akan berlaku di komputer ini" in operator.get(SLIPS).text
    office = operator.get(SLIPS, base_url="http://192.168.1.10/")
    assert "hanya akan berlaku di komputer ini" not in office.text
