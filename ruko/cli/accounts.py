"""`ruko user` and `ruko token`: who may sign in, and which programs may ask."""

import sys

import click

from ruko import clock
from ruko.accounts import (
    Role,
    User,
    add_user,
    all_tokens,
    all_users,
    create_token,
    disable_user,
    get_user,
    hash_password,
    new_password,
    remove_authenticator,
    revoke_token,
    set_password,
)
from ruko.audit import SYSTEM
from ruko.cli.house import moment, office_option, print_table, the_house
from ruko.offices import Office, get_bidang, get_village

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password instead of making one."
)


@click.group()
def user() -> None:
    """Accounts of staff and villages."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--bidang", "bidang_code", metavar="CODE", help="Of the bidang, for staff.")
@click.option("--village", "village_code", metavar="CODE", help="Of the village, for a village.")
@password_option
@office_option
def user_add(  # noqa: PLR0917 – click passes them by name
    name: str,
    role: str,
    bidang_code: str | None,
    village_code: str | None,
    password_stdin: bool,
    office: str | None,
) -> None:
    """Open an account; prints its one-time password."""
    password, password_hash = _password(password_stdin)
    with the_house(office) as here:
        account = add_user(
            here,
            name,
            Role(role),
            password_hash,
            bidang=get_bidang(here, bidang_code) if bidang_code else None,
            village=get_village(here, village_code) if village_code else None,
            must_change_password=not password_stdin,
            by=SYSTEM,
            now=clock.now(),
        )
        name = account.username
    _print_password(name, password, given=password_stdin)


@user.command("list")
@office_option
def user_list(office: str | None) -> None:
    """Show the accounts."""
    with the_house(office) as here:
        print_table(
            ("name", "role", "of", "state"),
            [
                (u.username, u.role, _place(u), "active" if u.active else "closed")
                for u in all_users(here)
            ],
        )


@user.command("reset-password")
@click.argument("name")
@password_option
@office_option
def user_reset_password(name: str, password_stdin: bool, office: str | None) -> None:
    """Give an account a new one-time password; ends its sessions."""
    password, password_hash = _password(password_stdin)
    with the_house(office) as here:
        account = _open_account(here, name)
        set_password(
            account,
            password_hash,
            must_change_password=not password_stdin,
            by=SYSTEM,
            now=clock.now(),
        )
        name = account.username
    _print_password(name, password, given=password_stdin)


@user.command("reset-totp")
@click.argument("name")
@office_option
def user_reset_totp(name: str, office: str | None) -> None:
    """Ask for no code at sign-in any more, when a phone is lost."""
    with the_house(office) as here:
        account = get_user(here, name)
        if not remove_authenticator(account, by=SYSTEM, now=clock.now()):
            raise click.ClickException(f"The account {account.username} asks for no code.")
        name = account.username
    click.echo(f"Signing in as {name} asks for no code any more.")


@user.command("disable")
@click.argument("name")
@office_option
def user_disable(name: str, office: str | None) -> None:
    """Close an account; its sessions and tokens end at once."""
    with the_house(office) as here:
        account = _open_account(here, name)
        disable_user(account, by=SYSTEM, now=clock.now())
        name = account.username
    click.echo(f"The account {name} is closed.")


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.argument("name")
@click.option("--note", default="", help="What the token is for.")
@office_option
def token_create(name: str, note: str, office: str | None) -> None:
    """Make a token of that account; shown once, alone on the last line."""
    with the_house(office) as here:
        made = create_token(_open_account(here, name), note=note, by=SYSTEM, now=clock.now())
    click.echo(made)


@token.command("list")
@office_option
def token_list(office: str | None) -> None:
    """Show the tokens in use, never the secrets."""
    with the_house(office) as here:
        print_table(
            ("id", "account", "made", "note"),
            [
                (str(t.id), t.user.username if t.user else "", moment(here, t.created_at), t.note)
                for t in all_tokens(here)
            ],
        )


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
@office_option
def token_revoke(token_id: int, office: str | None) -> None:
    """End a token at once."""
    with the_house(office) as here:
        revoke_token(here, token_id, by=SYSTEM, now=clock.now())
    click.echo(f"Token {token_id} no longer works.")


def _open_account(office: Office, name: str) -> User:
    account = get_user(office, name)
    if not account.active:
        raise click.ClickException(f"The account {account.username} is closed.")
    return account


def _password(from_stdin: bool) -> tuple[str, str]:
    """A password and its hash, made before any transaction."""
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else new_password()
    return password, hash_password(password)


def _print_password(name: str, password: str, *, given: bool) -> None:
    if given:
        click.echo(f"The account {name} is ready.")
    else:
        click.echo(f"One-time password of {name}:")
        click.echo(password)


def _place(account: User) -> str:
    if account.bidang:
        return account.bidang.code
    return f"{account.village.code} {account.village.full_name}" if account.village else ""
