"""The pages of accounts: who sees and does what, and that nobody takes over whom they may not."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from ruko.accounts import find_user, verify_password
from ruko.offices import get_office
from tests.conftest import PASSWORD, SLUG, VisitingClient
from tests.people import BINJAI

HOME = f"/{SLUG}"
ACCOUNTS = f"{HOME}/desk/accounts"
SignIn = Callable[..., VisitingClient]
HOSTILE = "<script>alert(1)</script>"


def number_of(app: Flask, name: str) -> int:
    with app.app_context():
        user = find_user(get_office(SLUG), name)
        assert user, name
        return user.id


def knows(app: Flask, name: str, password: str) -> bool:
    with app.app_context():
        return verify_password(find_user(get_office(SLUG), name), password)


def password_on(page: str) -> str:
    found = re.search(r'class="pw">\s*(\S+)', page)
    assert found, page
    return found[1]


def test_the_list_says_how_each_account_stands(
    app: Flask, sign_in: SignIn, account: Callable[..., str]
) -> None:
    admin = sign_in("admin")
    account("village", "binjai", village=BINJAI, must_change=True)
    sign_in("village", "inan", village="63.11.07.2003")
    admin.submit(f"{ACCOUNTS}/{number_of(app, 'inan')}/close")

    page = admin.get(ACCOUNTS).text
    rows = {m[1]: m[0] for m in re.finditer(r"<li>\s*<b>(\S+)<small>.*?</li>", page, re.DOTALL)}
    assert set(rows) == {"admin", "binjai", "inan"}
    assert "Desa Binjai" in rows["binjai"]
    assert "belum pernah masuk" in rows["binjai"]
    assert "akun ditutup" in rows["inan"]
    assert "masuk baru saja" in rows["admin"]
    assert "15 desa" not in rows["binjai"]
    assert "14 desa belum punya akun" in page


def test_an_administrator_opens_an_account_of_any_role(
    app: Flask, client: VisitingClient, sign_in: SignIn
) -> None:
    admin = sign_in("admin")
    fields = {"username": "Siti.Aminah", "role": "staff", "bidang": "PEM", "village": BINJAI}
    slip = admin.submit(f"{ACCOUNTS}/new", fields | {"request_key": "x"})
    assert slip.status_code == 200
    assert "Seksi Pemerintahan" in slip.text
    password = password_on(slip.text)
    assert knows(app, "siti.aminah", password)

    again = admin.submit(f"{ACCOUNTS}/new", fields | {"request_key": "x"})
    assert again.location == f"{ACCOUNTS}/{number_of(app, 'siti.aminah')}"
    assert password not in admin.get(again.location).text
    entered = client.submit(f"{HOME}/login", {"username": "siti.aminah", "password": password})
    assert entered.location.startswith(f"{HOME}/password")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"username": ""}, "Mohon diisi"),
        ({"username": "dua kata"}, "tanpa spasi"),
        ({"username": "admin"}, "Sudah ada akun"),
        ({"role": ""}, "pilih peran"),
        ({"role": "raja"}, "pilih peran"),
        ({"role": "staff", "bidang": ""}, "bidang"),
        ({"role": "staff", "bidang": "XXX"}, "bidang"),
        ({"role": "village", "village": ""}, "desa"),
        ({"role": "village", "village": "1"}, "desa"),
        ({"username": HOSTILE * 2}, "40"),
    ],
)
def test_a_wrong_account_is_refused_at_its_field(
    app: Flask, sign_in: SignIn, fields: dict[str, str], said: str
) -> None:
    typed = {"username": "baru", "role": "camat", "bidang": "", "village": ""} | fields
    answer = sign_in("admin").submit(f"{ACCOUNTS}/new", typed)
    assert answer.status_code == 422
    assert 'class="rk-err"' in answer.text
    assert said.lower() in answer.text.lower()
    assert HOSTILE not in answer.text
    if typed["username"]:
        with app.app_context():
            assert typed["username"] == "admin" or not find_user(
                get_office(SLUG), typed["username"]
            )


# ── What an operator must not do ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("role", ["admin", "operator", "camat", "staff"])
def test_an_operator_opens_accounts_of_villages_alone(
    app: Flask, sign_in: SignIn, role: str
) -> None:
    operator = sign_in("operator")
    fields = {"username": "baru", "role": role, "bidang": "PEM" if role == "staff" else ""}
    refused = operator.submit(f"{ACCOUNTS}/new", fields)
    assert refused.status_code in {403, 422}
    with app.app_context():
        assert find_user(get_office(SLUG), "baru") is None
    village = operator.submit(
        f"{ACCOUNTS}/new", {"username": "baru", "role": "village", "village": BINJAI}
    )
    assert village.status_code == 200


@pytest.mark.parametrize(
    ("role", "place"),
    [("admin", {}), ("operator", {}), ("camat", {}), ("staff", {"bidang": "PEM"})],
)
def test_an_operator_takes_over_nobody(
    app: Flask, sign_in: SignIn, role: str, place: dict[str, str]
) -> None:
    theirs = sign_in(role, "korban", **place)
    operator = sign_in("operator", "operator2")
    number = number_of(app, "korban")
    page = operator.get(f"{ACCOUNTS}/{number}").text
    assert "Buat" not in page.split("</header>")[-1].split("Dibuat")[0]
    for path in ("reset", "close", "open", "sessions/end", "sessions/1/end"):
        assert operator.submit(f"{ACCOUNTS}/{number}/{path}").status_code == 403, path
    for path in ("reset", "close"):
        assert operator.get(f"{ACCOUNTS}/{number}/{path}").status_code == 403
    assert knows(app, "korban", PASSWORD)
    assert theirs.get(f"{HOME}/sessions").status_code == 200


def test_no_accounts_of_another_office(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    for path in ("", "/reset", "/close"):
        assert admin.get(f"{ACCOUNTS}/999999{path}").status_code == 404
    assert admin.get(f"{ACCOUNTS}/{2**40}").status_code == 404


# ── Reset, close, open, sign out ──────────────────────────────────────────────────────────────


def test_a_forgotten_password_is_reset_by_the_operator(
    app: Flask, client: VisitingClient, sign_in: SignIn
) -> None:
    assert "Lupa kata sandi? Operator" in client.get(f"{HOME}/login").text
    village, operator = sign_in("village", "binjai", village=BINJAI), sign_in("operator")
    path = f"{ACCOUNTS}/{number_of(app, 'binjai')}"
    assert "tidak berlaku lagi" in operator.get(f"{path}/reset").text
    slip = operator.submit(f"{path}/reset", {"request_key": "k"})
    password = password_on(slip.text)
    assert slip.text.count('class="pw"') == 1

    assert village.get(f"{HOME}/booking").location.startswith(f"{HOME}/login")
    assert not knows(app, "binjai", PASSWORD)
    assert knows(app, "binjai", password)
    again = operator.submit(f"{path}/reset", {"request_key": "k"})
    assert again.location == path
    assert "hanya tampil sekali" in operator.get(path).text
    assert knows(app, "binjai", password)


def test_an_account_is_closed_and_opened_again(app: Flask, sign_in: SignIn) -> None:
    village, operator = sign_in("village", "binjai", village=BINJAI), sign_in("operator")
    path = f"{ACCOUNTS}/{number_of(app, 'binjai')}"

    assert operator.submit(f"{path}/close").location == path
    assert village.get(f"{HOME}/booking").location.startswith(f"{HOME}/login")
    page = operator.get(path).text
    assert "Buka kembali akun" in page
    assert "/reset" not in page
    assert operator.submit(f"{path}/reset").status_code == 409
    assert operator.submit(f"{path}/open").location == path
    assert knows(app, "binjai", PASSWORD)


def test_nobody_closes_their_own_account_or_the_last_administrators(
    app: Flask, sign_in: SignIn
) -> None:
    admin = sign_in("admin")
    path = f"{ACCOUNTS}/{number_of(app, 'admin')}"
    refused = admin.submit(f"{path}/close")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    assert admin.submit(f"{path}/reset").status_code == 409
    other = sign_in("admin", "bos")
    assert other.submit(f"{path}/close").location == path
    assert admin.get(ACCOUNTS).location.startswith(f"{HOME}/login")


def test_the_operator_signs_a_villages_lost_phone_out(app: Flask, sign_in: SignIn) -> None:
    village, operator = sign_in("village", "binjai", village=BINJAI), sign_in("operator")
    path = f"{ACCOUNTS}/{number_of(app, 'binjai')}"
    ends = re.findall(r'action="([^"]+/sessions/\d+/end)"', operator.get(path).text)
    assert len(ends) == 1
    assert operator.submit(ends[0]).location == path
    assert village.get(f"{HOME}/booking").location.startswith(f"{HOME}/login")
    assert operator.submit(ends[0]).status_code == 404
    assert knows(app, "binjai", PASSWORD)
