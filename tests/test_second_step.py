"""The code of an app after the password: set up, asked, used once, lost, and taken off."""

import re
from collections.abc import Callable
from datetime import datetime

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from ruko import clock
from ruko.accounts import (
    Authenticator,
    RecoveryCode,
    Role,
    User,
    add_authenticator,
    add_user,
    find_authenticator,
    find_user,
    new_salt,
    recovery_codes_left,
    remove_authenticator,
    totp_secret,
    totp_uri,
    use_code,
    use_recovery_code,
)
from ruko.accounts.totp import RECOVERY_CODES
from ruko.audit import SYSTEM, AuditEvent, trail_of
from ruko.db import db
from ruko.errors import Invalid
from ruko.offices import Office, get_office
from ruko.web.throttle import SECOND_STEP
from tests.conftest import PASSWORD, SLUG, VisitingClient
from tests.paper import links_drawn

HOME = f"/{SLUG}"
STEP = f"{HOME}/second-step"
KEY = b"the program's own key"
NOON = 1_800_000_000.0
SignIn = Callable[..., VisitingClient]


@pytest.fixture
def user(office: Office, now: datetime) -> User:
    return add_user(office, "bos", Role.ADMIN, "x", must_change_password=False, by=SYSTEM, now=now)


def shown(user: User, salt: str, at: float) -> str:
    """What the phone shows at that moment."""
    return pyotp.TOTP(totp_secret(user, salt, KEY)).at(int(at))


def set_up(user: User, now: datetime, at: float = NOON) -> tuple[str, list[str]]:
    salt = new_salt()
    return salt, add_authenticator(user, salt, shown(user, salt, at), KEY, at=at, now=now)


# ── The rules ─────────────────────────────────────────────────────────────────────────────────


def test_a_code_is_used_once_and_none_before_it_either(user: User, now: datetime) -> None:
    salt, _ = set_up(user, now)
    for stale in (NOON, NOON - 30):  # the one that set it up, and the one before
        with pytest.raises(Invalid):
            use_code(user, shown(user, salt, stale), KEY, at=NOON)

    use_code(user, shown(user, salt, NOON + 30), KEY, at=NOON + 30)
    with pytest.raises(Invalid) as refusal:
        use_code(user, shown(user, salt, NOON + 30), KEY, at=NOON + 31)
    assert refusal.value.field == "code"


@pytest.mark.parametrize(
    ("late", "fits"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)]
)
def test_clocks_may_differ_by_half_a_minute(
    user: User, now: datetime, late: float, fits: bool
) -> None:
    salt, _ = set_up(user, now)
    code = shown(user, salt, NOON + 600 + late)
    if fits:
        use_code(user, code, KEY, at=NOON + 600)
        return
    with pytest.raises(Invalid) as refusal:
        use_code(user, code, KEY, at=NOON + 600)
    assert refusal.value.values["time"].tzinfo is not None


def test_a_clock_that_was_put_back_locks_nobody_out(user: User, now: datetime) -> None:
    salt, _ = set_up(user, now, at=NOON + 86_400)

    use_code(user, shown(user, salt, NOON), KEY, at=NOON)
    with pytest.raises(Invalid):
        use_code(user, shown(user, salt, NOON), KEY, at=NOON)


@pytest.mark.parametrize(
    "wrong",
    ["", "12345", "1234567", "abcdef", "\uff11\uff12\uff13\uff14\uff15\uff16", "\x00", "0" * 500],
)
def test_what_is_no_code_is_wrong(user: User, now: datetime, wrong: str) -> None:
    set_up(user, now)
    with pytest.raises(Invalid):
        use_code(user, wrong, KEY, at=NOON + 60)


def test_the_database_alone_makes_no_codes(user: User, now: datetime) -> None:
    salt, _ = set_up(user, now)
    secret = totp_secret(user, salt, KEY)

    kept = str([tuple(row) for row in db.session.execute(select(Authenticator.__table__))])
    assert secret not in kept
    assert totp_secret(user, salt, b"another key") != secret
    assert len(secret) == 32  # 160 bits, as RFC 4226 recommends
    assert totp_uri(user, salt, KEY, "RUKO Paringin").startswith(
        "otpauth://totp/RUKO%20Paringin:bos?"
    )


def test_recovery_codes_work_once_however_they_are_typed(user: User, now: datetime) -> None:
    _, codes = set_up(user, now)
    assert len(set(codes)) == RECOVERY_CODES

    use_recovery_code(user, codes[0].upper().replace("-", " "), now=now)
    for wrong in (codes[0], "", "aaaa-bbbb-cccc"):
        with pytest.raises(Invalid) as refusal:
            use_recovery_code(user, wrong, now=now)
        assert refusal.value.field == "recovery"
    assert recovery_codes_left(user) == RECOVERY_CODES - 1
    kept = str([tuple(row) for row in db.session.execute(select(RecoveryCode.__table__))])
    assert not [code for code in codes if code in kept]


def test_recovery_codes_cannot_be_found_from_what_is_kept(user: User, now: datetime) -> None:
    """Their hash is a fast one, so they are too many to try; and short enough to be typed."""
    _, codes = set_up(user, now)
    assert len(set(codes)) == RECOVERY_CODES
    for code in codes:
        assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", code)
        assert 31 ** len(code.replace("-", "")) > 2**76


def test_another_accounts_recovery_code_is_wrong(office: Office, user: User, now: datetime) -> None:
    other = add_user(
        office, "lain", Role.ADMIN, "x", must_change_password=False, by=SYSTEM, now=now
    )
    _, codes = set_up(user, now)
    set_up(other, now)
    with pytest.raises(Invalid):
        use_recovery_code(other, codes[0], now=now)


def test_it_is_set_up_once_and_leaves_nothing_behind(user: User, now: datetime) -> None:
    set_up(user, now)
    with pytest.raises(Invalid):
        set_up(user, now, at=NOON + 90)

    assert remove_authenticator(user, by=SYSTEM, now=now)
    assert not remove_authenticator(user, by=SYSTEM, now=now)
    assert find_authenticator(user) is None
    assert recovery_codes_left(user) == 0
    assert [line.action for line in trail_of("user", user.id)] == ["add", "add_totp", "remove_totp"]


# ── Through the door ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The computer's own time: `at(60)`, a minute after noon."""

    def stand(seconds: float) -> None:
        monkeypatch.setattr(clock, "of_machine", lambda: NOON + seconds)

    stand(0)
    return stand


class Phone:
    """An administrator's app, fed by the page that sets it up."""

    def __init__(self, client: VisitingClient) -> None:
        page = client.get(STEP).text
        self.salt = re.findall(r'name="salt" value="(\w+)"', page)[0]
        self.secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)[0].replace(" ", "")

    def code(self, seconds: float) -> str:
        return pyotp.TOTP(self.secret).at(int(NOON + seconds))

    def set_up(self, client: VisitingClient, seconds: float = 0) -> list[str]:
        answer = client.submit(STEP, {"salt": self.salt, "code": self.code(seconds)})
        assert answer.status_code == 200, answer.text
        return re.findall(r"<li><code>([a-z0-9-]+)</code>", answer.text)


def password(client: VisitingClient, name: str, wish: str = "") -> TestResponse:
    client.csrf_token = ""
    answer = client.submit(f"{HOME}/login", {"username": name, "password": PASSWORD, "next": wish})
    client.csrf_token = ""
    return answer


def test_the_code_is_asked_after_the_password(
    client: VisitingClient, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    assert len(phone.set_up(admin)) == RECOVERY_CODES

    at(60)
    wish = f"{HOME}/desk/approvals"
    assert password(client, "admin", wish).location == f"{HOME}/login/code?next={wish}"
    assert client.get(wish).location.startswith(f"{HOME}/login?"), (
        "the password alone opens nothing"
    )
    page = client.get(f"{HOME}/login/code?next={wish}").text
    assert f'value="{wish}"' in page
    wrong = client.submit(f"{HOME}/login/code", {"code": "000000", "next": wish})
    assert wrong.status_code == 422
    assert "jam komputer ini" in wrong.text
    empty = client.submit(f"{HOME}/login/code", {"code": "", "next": wish})
    assert "enam angka" in empty.text
    right = client.submit(f"{HOME}/login/code", {"code": phone.code(60), "next": wish})
    assert right.location == wish
    client.csrf_token = ""
    assert client.get(wish).status_code == 200


def test_a_code_that_was_seen_over_a_shoulder_is_worth_nothing(
    app: Flask, client: VisitingClient, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    phone.set_up(admin)
    at(60)
    other = app.test_client()
    assert isinstance(other, VisitingClient)
    for browser, status in ((client, 303), (other, 422)):
        password(browser, "admin")
        assert browser.submit(f"{HOME}/login/code", {"code": phone.code(60)}).status_code == status


def test_a_recovery_code_signs_in_when_the_phone_is_lost(
    client: VisitingClient, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    codes = Phone(admin).set_up(admin)
    for status in (303, 422):
        password(client, "admin")
        answer = client.submit(f"{HOME}/login/code", {"code": "", "recovery": codes[3]})
        assert answer.status_code == status
        client.csrf_token = ""
        client.submit(f"{HOME}/logout")
    assert f'value="{codes[3]}"' in answer.text, "a long one is put right, not typed again"


def test_wrong_codes_are_counted_for_the_account_wherever_they_come_from(
    client: VisitingClient, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    phone.set_up(admin)
    at(60)
    password(client, "admin")
    for n in range(SECOND_STEP.amount):
        answer = client.submit(
            f"{HOME}/login/code", {"code": "000000"}, environ_base={"REMOTE_ADDR": f"10.0.0.{n}"}
        )
        assert answer.status_code == 422
    refused = client.submit(f"{HOME}/login/code", {"code": phone.code(60)})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert 'role="alert"' in refused.text


def test_the_password_is_remembered_for_ten_minutes_and_not_for_another_password(
    app: Flask,
    client: VisitingClient,
    sign_in: SignIn,
    at: Callable[[float], None],
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    phone.set_up(admin)
    password(client, "admin")
    at(601)
    assert client.get(f"{HOME}/login/code").location == f"{HOME}/login"
    late = client.submit(f"{HOME}/login/code", {"code": phone.code(601)})
    assert late.location == f"{HOME}/login"

    password(client, "admin")
    new = {"current": PASSWORD, "password": "tiga kata baru", "again": "tiga kata baru"}
    assert admin.submit(f"{HOME}/password", new).status_code == 303
    answer = client.submit(f"{HOME}/login/code", {"code": phone.code(630)})
    assert answer.location == f"{HOME}/login"


def test_nobody_is_asked_without_a_password(client: VisitingClient, sign_in: SignIn) -> None:
    assert client.get(f"{HOME}/login/code").location == f"{HOME}/login"
    assert client.submit(f"{HOME}/login/code", {"code": "1"}).location == f"{HOME}/login"
    assert sign_in("operator").get(f"{HOME}/login/code").location == f"{HOME}/desk"


def test_a_wrong_first_code_changes_nothing(
    app: Flask, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    for wrong in ("000000", "", "x" * 41):
        answer = admin.submit(STEP, {"salt": phone.salt, "code": wrong})
        assert answer.status_code == 422
        if len(wrong) < 40:
            assert phone.salt in answer.text, "the app keeps what it has scanned"
    with app.app_context():
        assert db.session.scalars(select(Authenticator)).all() == []
    phone.set_up(admin)
    again = admin.submit(STEP, {"salt": phone.salt, "code": phone.code(0)})
    assert again.location == STEP
    page = admin.get(STEP).text
    assert "kode cadangan belum Anda simpan" in page, "a double tap has hidden them"


@pytest.mark.parametrize("salt", ["", "a" * 33, "a" * 40, "g" * 32, "A" * 32, "a" * 32 + "\n"])
def test_a_salt_that_is_none_of_ours_is_refused(
    sign_in: SignIn, at: Callable[[float], None], salt: str
) -> None:
    admin = sign_in("admin")
    secret = totp_secret_for(admin, salt)
    answer = admin.submit(STEP, {"salt": salt, "code": pyotp.TOTP(secret).at(int(NOON))})
    assert answer.status_code == 422
    assert "Pindai kode QR ini" in answer.text
    assert f'value="{salt}"' not in answer.text or not salt


def totp_secret_for(client: VisitingClient, salt: str) -> str:
    with client.application.app_context():
        user = find_user(get_office(SLUG), "admin")
        assert user
        return totp_secret(user, salt, str(client.application.config["SECRET_KEY"]).encode())


def test_taking_it_off_needs_the_password_and_a_code(
    client: VisitingClient, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    codes = phone.set_up(admin)
    at(60)
    assert f"{RECOVERY_CODES} kode cadangan" in admin.get(STEP).text
    for fields in (
        {"password": "bukan ini", "code": phone.code(60)},
        {"password": PASSWORD, "code": "000000"},
        {"password": PASSWORD, "code": ""},
    ):
        refused = admin.submit(f"{STEP}/off", fields)
        assert refused.status_code == 422
        kept = fields["code"] if fields["password"] != PASSWORD else ""
        assert re.findall(r'name="code"[^>]* value="(\w*)"', refused.text) == [kept]
        assert fields["password"] not in refused.text
    assert password(client, "admin").location == f"{HOME}/login/code"
    right = admin.submit(f"{STEP}/off", {"password": PASSWORD, "code": codes[0]})
    assert right.location == STEP
    assert "Pindai kode QR ini" in admin.get(STEP).text
    assert password(client, "admin").location == f"{HOME}/desk"


def test_a_link_asks_for_the_code_too(
    app: Flask, client: VisitingClient, sign_in: SignIn, at: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    links = links_drawn(monkeypatch)
    admin, boss = sign_in("admin"), sign_in("admin", "bos")
    phone = Phone(admin)
    phone.set_up(admin)
    at(60)
    with app.app_context():
        found = find_user(get_office(SLUG), "admin")
        assert found
        user_id = found.id
    assert boss.submit(f"{HOME}/desk/accounts/{user_id}/reset").status_code == 200
    answer = client.submit(links[0])
    assert answer.location == f"{HOME}/login/code"
    client.csrf_token = ""
    right = client.submit(f"{HOME}/login/code", {"code": phone.code(60)})
    assert right.location.startswith(f"{HOME}/password")
    client.csrf_token = ""
    assert 'name="current"' not in client.get(f"{HOME}/password").text


def test_it_is_offered_to_those_who_run_the_office(sign_in: SignIn) -> None:
    assert sign_in("operator").get(STEP).status_code == 200
    for role, place in (("camat", {}), ("staff", {"bidang": "PEM"})):
        assert sign_in(role, **place).get(STEP).status_code == 403


def test_tokens_of_programs_need_no_code(
    app: Flask, sign_in: SignIn, at: Callable[[float], None], bearer: Callable[..., dict[str, str]]
) -> None:
    header = bearer("admin")
    client = app.test_client()
    assert isinstance(client, VisitingClient)
    password(client, "admin")
    Phone(client).set_up(client)

    rooms = app.test_client().get(f"/api/v1/offices/{SLUG}/rooms", headers=header)
    assert rooms.status_code == 200


def test_neither_secret_nor_code_is_on_record(
    app: Flask, sign_in: SignIn, at: Callable[[float], None]
) -> None:
    admin = sign_in("admin")
    phone = Phone(admin)
    codes = phone.set_up(admin)
    with app.app_context():
        told = str([tuple(row) for row in db.session.execute(select(AuditEvent.__table__))])
    assert not [each for each in (phone.secret, phone.salt, phone.code(0), *codes) if each in told]
