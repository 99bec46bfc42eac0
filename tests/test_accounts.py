"""Accounts: names and roles, passwords, sessions that end, and tokens that are kept as hashes."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ruko.accounts import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    Role,
    Token,
    User,
    add_user,
    all_tokens,
    all_users,
    create_token,
    disable_user,
    enable_user,
    find_session,
    find_token,
    find_user,
    get_user,
    hash_password,
    hash_token,
    new_password,
    open_session,
    revoke_token,
    set_password,
    verify_password,
)
from ruko.audit import SYSTEM, Actor, trail_of
from ruko.db import db
from ruko.errors import Invalid, NotFound
from ruko.offices import Office
from tests.conftest import PASSWORD
from tests.people import bidang_of, binjai

BOSS = Actor("user", 1)


def add(office: Office, now: datetime, name: str = "siti", **how: Any) -> User:
    role, password_hash = how.pop("role", Role.OPERATOR), how.pop("password_hash", "x")
    return add_user(
        office, name, role, password_hash, must_change_password=False, **how, by=BOSS, now=now
    )


# ── Names and roles ───────────────────────────────────────────────────────────────────────────


def test_a_name_is_the_same_in_any_case_and_with_blanks_around_it(
    office: Office, now: datetime
) -> None:
    user = add(office, now, "  Siti.Aminah ")

    assert user.username == "siti.aminah"
    for written in ("siti.aminah", "SITI.AMINAH", " Siti.Aminah\n"):
        assert get_user(office, written) is user
    with pytest.raises(Invalid) as refusal:
        add(office, now, "SITI.aminah")
    assert refusal.value.field == "username"


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "siti aminah", "siti\taminah", "si\x00ti"])
def test_a_name_that_nobody_could_type_is_refused(office: Office, now: datetime, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add(office, now, name)
    assert refusal.value.field == "username"
    assert all_users(office) == []


def test_an_unknown_name_is_nobody(office: Office, now: datetime) -> None:
    assert find_user(office, "nobody") is None
    with pytest.raises(NotFound):
        get_user(office, "nobody")


def test_staff_belong_to_a_bidang_and_villages_to_a_village(office: Office, now: datetime) -> None:
    pem, desa = bidang_of(office), binjai(office)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("bidang", {"role": Role.STAFF}),
        ("bidang", {"role": Role.ADMIN, "bidang": pem}),
        ("bidang", {"role": Role.VILLAGE, "bidang": pem, "village": desa}),
        ("village", {"role": Role.VILLAGE}),
        ("village", {"role": Role.CAMAT, "village": desa}),
        ("village", {"role": Role.STAFF, "bidang": pem, "village": desa}),
    ]
    for field, how in wrong:
        with pytest.raises(Invalid) as refusal:
            add(office, now, **how)
        assert refusal.value.field == field
    assert add(office, now, "pem", role=Role.STAFF, bidang=pem).bidang is pem
    assert add(office, now, "binjai", role=Role.VILLAGE, village=desa).village is desa


def test_the_database_itself_keeps_roles_and_places_together(office: Office, now: datetime) -> None:
    user = add(office, now)
    user.role = Role.STAFF
    with pytest.raises(IntegrityError):
        db.session.flush()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.ADMIN, (True, True, True)),
        (Role.OPERATOR, (True, True, True)),
        (Role.STAFF, (True, False, False)),
        (Role.CAMAT, (False, False, True)),
        (Role.VILLAGE, (False, False, False)),
    ],
)
def test_who_may_serve_and_who_may_look(
    office: Office, now: datetime, role: Role, may: tuple[bool, bool, bool]
) -> None:
    own, others, looks = may
    mine, other = bidang_of(office, "PEM"), bidang_of(office, "KES")
    place: dict[str, Any] = {}
    if role == Role.STAFF:
        place = {"bidang": mine}
    elif role == Role.VILLAGE:
        place = {"village": binjai(office)}
    user = add(office, now, role=role, **place)

    assert (user.may_serve(mine.id), user.may_serve(other.id)) == (own, others)
    assert user.may_see(other.id) == looks
    assert user.may_see(mine.id) == (looks or own)


# ── Passwords ─────────────────────────────────────────────────────────────────────────────────


def test_a_password_is_kept_as_argon2id_and_opens_its_account(
    office: Office, now: datetime, password_hash: str
) -> None:
    user = add(office, now, password_hash=password_hash)

    assert password_hash.startswith("$argon2id$")
    assert PASSWORD not in password_hash
    assert verify_password(user, PASSWORD)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), "x" * 10_000):
        assert not verify_password(user, wrong)


def test_nobodys_password_is_looked_at_as_long_and_never_right() -> None:
    assert not verify_password(None, PASSWORD)
    assert not verify_password(None, "")


def test_a_damaged_hash_opens_nothing(office: Office, now: datetime) -> None:
    user = add(office, now, password_hash="not a hash")

    assert not verify_password(user, PASSWORD)


@pytest.mark.parametrize("length", [0, SHORTEST_PASSWORD - 1, LONGEST_PASSWORD + 1, 10_000])
def test_a_password_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(Invalid) as refusal:
        hash_password("é" * length)
    assert refusal.value.field == "password"


def test_one_time_passwords_can_be_read_aloud_and_differ() -> None:
    passwords = {new_password() for _ in range(100)}

    assert len(passwords) == 100
    for password in passwords:
        assert len(password) >= SHORTEST_PASSWORD
        assert [len(group) for group in password.split("-")] == [4, 4, 4]
        assert not set(password) & set("0o1il")  # look-alikes


# ── Sessions ──────────────────────────────────────────────────────────────────────────────────


def sign_in(user: User, now: datetime) -> str:
    """The id that the browser's cookie holds."""
    open_session(user, "", now=now)
    return user.session_id


def test_a_new_password_ends_every_session(office: Office, now: datetime) -> None:
    user = add(office, now)
    one, other = sign_in(user, now), sign_in(user, now)
    for session_id in (one, other):
        found = find_session(session_id, now=now)
        assert found
        assert found.user is user

    set_password(user, "y", must_change_password=True, by=BOSS, now=now)
    db.session.flush()
    assert find_session(one, now=now) is None
    assert find_session(other, now=now) is None
    assert find_session(sign_in(user, now), now=now)
    assert user.must_change_password


def test_a_session_of_the_old_password_ends_even_where_its_row_has_stayed(
    office: Office, now: datetime
) -> None:
    """As when somebody signs in at the very moment in which the password is replaced."""
    user = add(office, now)
    session_id = sign_in(user, now)

    user.session_key = "another"
    db.session.flush()
    assert find_session(session_id, now=now) is None


def test_a_disabled_account_has_no_session_no_sign_in_and_no_token(
    office: Office, now: datetime, password_hash: str
) -> None:
    user = add(office, now, password_hash=password_hash)
    session, token = sign_in(user, now), create_token(user, by=SYSTEM, now=now)
    db.session.flush()

    disable_user(user, by=BOSS, now=now)
    db.session.flush()
    assert not verify_password(user, PASSWORD)
    assert find_session(session, now=now) is None
    assert find_session(sign_in(user, now), now=now) is None
    assert not user.is_active
    assert find_token(token) is None


def test_an_account_opened_again_has_its_password_but_neither_sessions_nor_tokens(
    office: Office, now: datetime, password_hash: str
) -> None:
    user = add(office, now, password_hash=password_hash)
    session, token = sign_in(user, now), create_token(user, by=SYSTEM, now=now)
    disable_user(user, by=BOSS, now=now)
    enable_user(user, by=BOSS, now=now)
    db.session.flush()

    assert verify_password(user, PASSWORD)
    assert find_session(session, now=now) is None
    assert find_token(token) is None


@pytest.mark.parametrize(
    "forged", ["", ".", "1", "1.", "x.y", "-1.key", "1.2.3", "².", "9" * 30 + ".key"]
)
def test_a_forged_session_is_nobody(office: Office, now: datetime, forged: str) -> None:
    sign_in(add(office, now), now)

    assert find_session(forged, now=now) is None


def test_another_accounts_session_key_opens_nothing(office: Office, now: datetime) -> None:
    one, other = sign_in(add(office, now), now), sign_in(add(office, now, "budi"), now)

    number, _, _key = one.partition(".")
    assert find_session(f"{number}.{other.partition('.')[2]}", now=now) is None


# ── Tokens ────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_shown_once_and_kept_as_its_hash(office: Office, now: datetime) -> None:
    user = add(office, now)
    token = create_token(user, note="n" * 100, by=SYSTEM, now=now)
    db.session.flush()

    row = find_token(token)
    assert row is not None
    assert row.user is user
    assert row.hash == hash_token(token)
    assert row.note == "n" * 80
    assert len(token) >= 43  # 256 bits
    kept = db.session.execute(select(Token.hash, Token.note)).all()
    assert not any(token in str(value) for line in kept for value in line)
    assert find_token(row.hash) is None
    assert find_token("") is None


def test_a_revoked_token_is_unknown_at_once(office: Office, now: datetime) -> None:
    user = add(office, now)
    one, other = create_token(user, by=SYSTEM, now=now), create_token(user, by=SYSTEM, now=now)
    db.session.flush()
    row = find_token(one)
    assert row is not None

    revoke_token(office, row.id, by=BOSS, now=now)
    db.session.flush()
    assert find_token(one) is None
    assert find_token(other) is not None
    assert len(all_tokens(office)) == 1
    for unknown in (row.id, 0, 999_999):
        with pytest.raises(NotFound):
            revoke_token(office, unknown, by=BOSS, now=now)


def test_a_token_has_exactly_one_bearer(office: Office, now: datetime) -> None:
    db.session.add(Token(hash="x", note="", created_at=now))
    with pytest.raises(IntegrityError):
        db.session.flush()


# ── The trail ─────────────────────────────────────────────────────────────────────────────────


def test_every_change_of_an_account_is_on_record_without_its_secrets(
    office: Office, now: datetime
) -> None:
    user = add(office, now, password_hash="secret-hash")
    set_password(user, "other-hash", must_change_password=False, by=SYSTEM, now=now)
    disable_user(user, by=BOSS, now=now)

    lines = trail_of("user", user.id)
    assert [line.action for line in lines] == ["add", "set_password", "disable"]
    assert [line.actor_id for line in lines] == [1, None, 1]
    assert all(line.at == now for line in lines)
    assert "hash" not in str([line.detail for line in lines])
