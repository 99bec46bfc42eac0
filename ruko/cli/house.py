"""What the commands share: the office they work in, and how they show things."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import click
import qrcode
from flask import Flask
from rich.console import Console
from rich.table import Table

from ruko import clock
from ruko.db import db, writing
from ruko.offices import Office, all_offices, get_office
from ruko.schema import newest_revision, present_revision
from ruko.settings import Settings, read_settings

MakeApp = Callable[[Settings | None], Flask]

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
NO_OFFICE = "There is no office yet. Please run “ruko init” first."

office_option = click.option("--office", help="Slug of the office, where there are several.")


def make_app(settings: Settings) -> Flask:
    """The application, put together by the roof."""
    make: MakeApp = click.get_current_context().find_root().obj
    return make(settings)


def settings_now() -> Settings:
    """The settings of the environment; moves the clock as they say, which only tests may."""
    settings = read_settings()
    if settings.now is not None:
        if not settings.testing:
            raise click.ClickException(
                "RUKO_NOW moves the clock; only tests may do that, with RUKO_TESTING=1."
            )
        clock.start_at(settings.now)
    return settings


@contextmanager
def the_house(slug: str | None) -> Iterator[Office]:
    """The office in a writing unit of work that is committed at the end."""
    settings = settings_now()
    if settings.database_file and not settings.database_file.exists():
        raise click.ClickException(NO_OFFICE)
    with make_app(settings).app_context(), writing():
        if present_revision() != newest_revision():
            raise click.ClickException(
                "The database is not ready for this version. Please run “ruko init” first."
            )
        yield _the_office(slug)
        db.session.commit()


def _the_office(slug: str | None) -> Office:
    if slug:
        return get_office(slug)
    offices = all_offices()
    if not offices:
        raise click.ClickException(NO_OFFICE)
    if len(offices) > 1:
        names = ", ".join(office.slug for office in offices)
        raise click.ClickException(f"Please say which office with --office: {names}.")
    return offices[0]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show rows under their columns; lines are never broken, so that programs may read them."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 10_000
    Console(highlight=False, markup=False, soft_wrap=True, width=width).print(table)


def print_qr(text: str) -> None:
    """Draw the text as a QR code in the terminal."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    code.print_ascii(out=sys.stdout, invert=True)


def moment(office: Office, at: datetime) -> str:
    """2026-11-23 09:05, by the office's clock."""
    return office.local(at).strftime("%Y-%m-%d %H:%M")
