"""`ruko init`, `ruko serve` and `ruko demo`: from nothing to a running office."""

import logging
import re
from pathlib import Path
from typing import Any

import click
from flask import Flask

from ruko import clock
from ruko.accounts import Role, add_user, all_users, hash_password, new_password
from ruko.audit import SYSTEM
from ruko.backup import held
from ruko.cli.house import DEFAULT_HOST, DEFAULT_PORT, NO_OFFICE, make_app, settings_now
from ruko.db import db, writing
from ruko.founding import found_office, further_office, import_holidays
from ruko.offices import all_offices, find_office
from ruko.schema import migrate
from ruko.seed import VillageRow, load_office, load_villages

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 40

log = logging.getLogger(__name__)

host_option = click.option("--host", default=DEFAULT_HOST, show_default=True)
port_option = click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True
)


@click.command()
@click.option("--office", "slug", metavar="SLUG", help="Of a further office; with --village-csv.")
@click.option(
    "--village-csv",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Its villages: columns code,name,kind.",
)
def init(slug: str | None, village_csv: Path | None) -> None:
    """Create or migrate the database, load the office, make `admin`. Safe to run again."""
    settings = settings_now()
    settings.make_data_dir()
    app = make_app(settings)
    data, villages = _office_data(app, slug, village_csv)
    now = clock.now()
    migrate(app, now=now)
    password = new_password()
    password_hash = hash_password(password)
    with app.app_context(), writing():
        office = find_office(data["office"]["slug"])
        if office is None:
            _require_free_code(data["office"]["code"])
            office = found_office(data, villages)
        import_holidays(office, office.day(now).year)
        new_admin = not any(user.role == Role.ADMIN for user in all_users(office))
        if new_admin:
            add_user(
                office,
                "admin",
                Role.ADMIN,
                password_hash,
                must_change_password=True,
                by=SYSTEM,
                now=now,
            )
        db.session.commit()
        click.echo(f"{office.name} is ready.")
    if new_admin:
        click.echo("One-time password of admin:")
        click.echo(password)


def _office_data(
    app: Flask, slug: str | None, village_csv: Path | None
) -> tuple[dict[str, Any], list[VillageRow]]:
    data = load_office()
    if slug in {None, data["office"]["slug"]} and village_csv is None:
        return data, load_villages()
    if slug is None or village_csv is None:
        raise click.ClickException("A further office needs both --office and --village-csv.")
    taken = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG or slug in taken:
        raise click.ClickException(
            f"“{slug}” cannot be the address of an office: please use small letters, digits and"
            f" single hyphens, at most {LONGEST_SLUG}, and no word that RUKO's own pages use."
        )
    try:
        villages = load_villages(village_csv)
        return further_office(data, slug, villages), villages
    except ValueError as error:
        raise click.ClickException(f"{village_csv}: {error}") from error


def _require_free_code(code: str) -> None:
    for office in all_offices():
        if office.code == code:
            raise click.ClickException(
                f"The sub-district {code} already has an office: {office.slug}."
            )


@click.command()
@host_option
@port_option
def serve(host: str, port: int) -> None:
    """Serve the office; brings the database up to date first."""
    from ruko import server  # noqa: PLC0415 – the other commands need no server

    settings = settings_now()
    app = make_app(settings)
    settings.make_data_dir()
    with (
        held(settings.serving_lock, together=True) as free,  # the worker, a fork, holds it too
        server.listen(host, port) as listening,  # before the migration: another may be serving
    ):
        if not free:
            raise click.ClickException("A backup is being restored here. Please wait for its end.")
        migrate(app, now=clock.now())
        with app.app_context():
            if not all_offices():
                raise click.ClickException(NO_OFFICE)
            db.session.remove()
            db.engine.dispose()  # the server's worker opens connections of its own
        log.info("listening address=%s", server.address_of(listening))
        server.serve(app, listening)


@click.command()
@host_option
@port_option
def demo(host: str, port: int) -> None:
    """Serve a complete office with a realistic day, in a throw-away database."""
    from ruko.demo import serve_demo  # noqa: PLC0415 – only this command builds an example

    make = click.get_current_context().find_root().obj
    serve_demo(make, host, port)
