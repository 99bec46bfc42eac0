"""The `ruko` command: one sentence on stderr and a non-zero exit for every failure."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import qrcode
from flask import Flask
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import DBAPIError

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
    revoke_token,
    set_password,
)
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.devices import add_device, all_devices, revoke_device
from ruko.errors import RukoError
from ruko.founding import found_office, import_holidays
from ruko.offices import (
    Office,
    all_offices,
    find_office,
    get_bidang,
    get_office,
    get_village,
)
from ruko.schema import migrate
from ruko.seed import load_office, load_villages
from ruko.settings import Settings, SettingsError, read_settings

MakeApp = Callable[[Settings | None], Flask]
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000

console = Console(highlight=False, soft_wrap=True)


class Sentences(click.Group):
    """A group whose failures are one sentence, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (RukoError, SettingsError, ValueError) as error:
            raise click.ClickException(str(error)) from error
        except DBAPIError as error:
            raise click.ClickException(f"The database did not answer: {error.orig}") from error
        except OSError as error:
            raise click.ClickException(f"{error.filename or ''}: {error.strerror}") from error


@click.group(cls=Sentences)
@click.version_option(package_name="ruko")
def cli() -> None:
    """RUKO: book rooms, take numbers, call visitors, show who is served."""


@contextmanager
def _house(office: str | None) -> Iterator[Office]:
    """The office in a writing unit of work that is committed at the end."""
    settings = read_settings()
    _move_clock(settings)
    app = _make_app()(settings)
    with app.app_context(), writing():
        yield _the_office(office)
        db.session.commit()


def _make_app() -> MakeApp:
    make: MakeApp = click.get_current_context().find_root().obj
    return make


def _move_clock(settings: Settings) -> None:
    if settings.now is None:
        return
    if not settings.testing:
        raise click.ClickException("RUKO_NOW moves the clock; only tests may, with RUKO_TESTING=1.")
    clock.start_at(settings.now)


def _the_office(slug: str | None) -> Office:
    if slug:
        return get_office(slug)
    offices = all_offices()
    if not offices:
        raise click.ClickException("There is no office yet. Run “ruko init” first.")
    if len(offices) > 1:
        names = ", ".join(office.slug for office in offices)
        raise click.ClickException(f"Please say which office with --office: {names}.")
    return offices[0]


office_option = click.option("--office", help="Slug of the office, where there are several.")


# ── Starting ──────────────────────────────────────────────────────────────────────────────────


@cli.command()
@click.option("--office", help="Slug of a further office; with --village-csv.")
@click.option(
    "--village-csv",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its villages: columns code,name,kind.",
)
def init(office: str | None, village_csv: Path | None) -> None:
    """Create or migrate the database, load the office, make `admin`. Safe to run again."""
    settings = read_settings()
    _move_clock(settings)
    if settings.is_sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    app = _make_app()(settings)
    now = clock.now()
    migrate(app, now=now)
    password = new_password()
    password_hash = hash_password(password)
    with app.app_context(), writing():
        data, villages = _office_data(office, village_csv)
        found = find_office(data["office"]["slug"])
        if found is None:
            found = found_office(data, villages)
        import_holidays(found, found.day(now).year)
        new_admin = not any(u.role == Role.ADMIN for u in all_users(found))
        if new_admin:
            add_user(
                found,
                "admin",
                Role.ADMIN,
                password_hash,
                must_change_password=True,
                by=SYSTEM,
                now=now,
            )
        db.session.commit()
        console.print(f"{found.name} is ready.")
        if new_admin:
            console.print(f"Sign in as admin with this one-time password: {password}")


def _office_data(slug: str | None, village_csv: Path | None) -> tuple[dict[str, Any], Any]:
    data = load_office()
    if slug in {None, data["office"]["slug"]} and village_csv is None:
        return data, load_villages()
    if slug is None or village_csv is None:
        raise click.ClickException("A further office needs both --office and --village-csv.")
    villages = load_villages(village_csv)
    name = slug.replace("-", " ").title()
    data["office"] |= {
        "slug": slug,
        "code": villages[0].code[:8],
        "name": f"Kecamatan {name}",
        "house": "RUKO",
        "house_name": f"Rumah Koordinasi {name}",
    }
    return data, villages


@cli.command()
@click.option("--host", default=DEFAULT_HOST, show_default=True)
@click.option("--port", default=DEFAULT_PORT, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the office; brings the database up to date first."""
    from ruko.server import serve as run  # noqa: PLC0415 – the other commands need no server

    settings = read_settings()
    _move_clock(settings)
    make = _make_app()
    app = make(settings)
    kept = migrate(app, now=clock.now())
    if kept:
        click.echo(f"The database was brought up to date; a copy of before is {kept}", err=True)
    with app.app_context():
        if not all_offices():
            raise click.ClickException("There is no office yet. Run “ruko init” first.")
        db.engine.dispose()
    click.echo(f"RUKO listens at http://{host}:{port}", err=True)
    run(lambda: make(settings), host, port)


@cli.command()
@click.option("--host", default=DEFAULT_HOST, show_default=True)
@click.option("--port", default=DEFAULT_PORT, show_default=True)
def demo(host: str, port: int) -> None:
    """Serve a complete office with a realistic day, in a throw-away database."""
    from ruko.demo import serve_demo  # noqa: PLC0415 – only this command builds an example

    serve_demo(_make_app(), host, port)


# ── Accounts ──────────────────────────────────────────────────────────────────────────────────


@cli.group()
def user() -> None:
    """Accounts of staff and villages."""


@user.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([r.value for r in Role]), required=True)
@click.option("--bidang", "bidang_code", help="Code of the bidang, for staff.")
@click.option("--village", "village_code", help="Kemendagri code, for a village.")
@click.option("--password-stdin", is_flag=True, help="Read the password instead of making one.")
@office_option
def user_add(
    name: str,
    role: str,
    bidang_code: str | None,
    village_code: str | None,
    password_stdin: bool,
    office: str | None,
) -> None:
    """Open an account; prints its one-time password."""
    password, password_hash = _password(password_stdin)
    with _house(office) as here:
        add_user(
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
    _print_password(name, password, given=password_stdin)


@user.command("list")
@office_option
def user_list(office: str | None) -> None:
    """Show the accounts."""
    with _house(office) as here:
        _print_table(
            ("name", "role", "of", "state"),
            ((u.username, u.role, _place(u), "active" if u.active else "closed") for u in all_users(here)),
        )


@user.command("reset-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password instead of making one.")
@office_option
def user_reset(name: str, password_stdin: bool, office: str | None) -> None:
    """Give an account a new one-time password; ends its sessions."""
    password, password_hash = _password(password_stdin)
    with _house(office) as here:
        account = get_user(here, name)
        set_password(
            account,
            password_hash,
            must_change_password=not password_stdin,
            by=SYSTEM,
            now=clock.now(),
        )
    _print_password(name, password, given=password_stdin)


@user.command("disable")
@click.argument("name")
@office_option
def user_disable(name: str, office: str | None) -> None:
    """Close an account; its sessions and tokens end at once."""
    with _house(office) as here:
        disable_user(get_user(here, name), by=SYSTEM, now=clock.now())
    console.print(f"The account {name} is closed.")


def _password(from_stdin: bool) -> tuple[str, str]:
    """A password and its hash, made before any transaction."""
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else new_password()
    return password, hash_password(password)


def _print_password(name: str, password: str, *, given: bool) -> None:
    if given:
        console.print(f"The account {name} is ready.")
    else:
        console.print(f"One-time password of {name}:")
        click.echo(password)


def _place(account: User) -> str:
    if account.bidang:
        return account.bidang.code
    return f"{account.village.code} {account.village.full_name}" if account.village else ""


# ── Tokens and devices ────────────────────────────────────────────────────────────────────────


@cli.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command("create")
@click.argument("name")
@click.option("--note", default="", help="What the token is for.")
@office_option
def token_create(name: str, note: str, office: str | None) -> None:
    """Make a token of that account; shown once, alone on the last line."""
    with _house(office) as here:
        made = create_token(clock.now(), user=get_user(here, name), note=note)
    click.echo(made)


@token.command("list")
@office_option
def token_list(office: str | None) -> None:
    """Show the tokens in use, never the secrets."""
    with _house(office) as here:
        _print_table(
            ("id", "account", "made", "note"),
            (
                (str(t.id), t.user.username if t.user else "", _moment(here, t.created_at), t.note)
                for t in all_tokens(here)
            ),
        )


@token.command("revoke")
@click.argument("token_id", metavar="ID", type=int)
@office_option
def token_revoke(token_id: int, office: str | None) -> None:
    """End a token at once."""
    with _house(office) as here:
        revoke_token(here, token_id, by=SYSTEM, now=clock.now())
    console.print(f"Token {token_id} no longer works.")


@cli.group()
def device() -> None:
    """Kiosks and displays."""


@device.command("add")
@click.argument("kind", type=click.Choice(["kiosk", "display"]))
@click.argument("name")
@office_option
def device_add(kind: Any, name: str, office: str | None) -> None:
    """Pair a tablet or a TV: prints a link, its QR, and alone on the last line a bearer token."""
    with _house(office) as here:
        _, secret, bearer = add_device(here, kind, name, by=SYSTEM, now=clock.now())
        link = f"{_base()}/{here.slug}/{kind}/pair/{secret}"
    click.echo("Open this link on the device, once:")
    click.echo(link)
    print_qr(link)
    click.echo("Bearer token, for programs:")
    click.echo(bearer)


@device.command("list")
@office_option
def device_list(office: str | None) -> None:
    """Show the devices in use."""
    with _house(office) as here:
        _print_table(
            ("id", "kind", "name", "paired", "last seen"),
            (
                (
                    str(d.id),
                    d.kind,
                    d.name,
                    "no" if d.pairing_hash else "yes",
                    _moment(here, d.last_seen) if d.last_seen else "never",
                )
                for d in all_devices(here)
            ),
        )


@device.command("revoke")
@click.argument("device_id", metavar="ID", type=int)
@office_option
def device_revoke(device_id: int, office: str | None) -> None:
    """Unpair a device at once."""
    with _house(office) as here:
        revoke_device(here, device_id, by=SYSTEM, now=clock.now())
    console.print(f"Device {device_id} is no longer paired.")


def _base() -> str:
    return read_settings().base_url or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"


def print_qr(text: str) -> None:
    """Draw the text as a QR code in the terminal."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    code.print_ascii(out=sys.stdout, invert=True)


def _print_table(columns: tuple[str, ...], rows: Any) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _moment(office: Office, moment: datetime) -> str:
    return office.local(moment).strftime("%Y-%m-%d %H:%M")
