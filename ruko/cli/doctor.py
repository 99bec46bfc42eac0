"""`ruko doctor`: is everything here that an office day needs? A sentence for each fault."""

import importlib
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ruko import clock, voice
from ruko.audit import AuditEvent
from ruko.backup import BackupError, backups_in, lacks_room, open_archive
from ruko.cli.house import make_app, settings_now
from ruko.db import db
from ruko.founding import knows_holidays
from ruko.offices import Office, all_offices
from ruko.offices.models import ZONE_NAMES
from ruko.printing import all_printers
from ruko.schema import newest_revision, present_revision
from ruko.settings import Settings, SettingsError
from ruko.spooler import probe_printer
from ruko.web import store

LEAST_FREE_MB = 500
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this program was written: a computer whose clock battery is empty."""
LEEWAY = timedelta(minutes=5)
REDIS_SECONDS = 2
BACKUP_AGE = timedelta(days=2)
"""Of what was written, so much at most may stand in no backup."""
NAMED = 5
"""So many of several things are named in a sentence."""


class Advice(str):
    """A sentence about what works and could work better: no fault."""

    __slots__ = ()


@click.command()
def doctor() -> None:
    """Check this installation; exits with 1 and a sentence for each fault."""
    settings = settings_now()
    found = [*_folder(settings), *_redis(settings), *_clock()]
    if not found:
        found += _database(settings)
    advice = [*_base_url(settings), *(said for said in found if isinstance(said, Advice))]
    faults = [said for said in found if not isinstance(said, Advice)]
    for warning in advice:
        click.echo(f"Warning: {warning}", err=True)
    for fault in faults:
        click.echo(f"Error: {fault}", err=True)
    if faults:
        raise click.exceptions.Exit(1)
    click.echo("Everything is in order.")


def _folder(settings: Settings) -> Iterator[str]:
    folder = settings.data_dir
    if not folder.is_dir():
        yield f"There is no data folder {folder}. Please run “ruko init” first."
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield f"The data folder {folder} cannot be written by this user."
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < LEAST_FREE_MB:
        yield f"Only {free} MB are free for {folder}; {LEAST_FREE_MB} MB should be."
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield f"Others on this computer can look into {folder}. Please run: chmod 700 '{folder}'"
    key = settings.key_file
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield f"Others on this computer can read {key}. Please run: chmod 600 '{key}'"


def _redis(settings: Settings) -> Iterator[str]:
    if settings.redis_url:
        redis = importlib.import_module("redis")  # an extra, so not there for every type checker
        try:
            redis.Redis.from_url(
                settings.redis_url, socket_timeout=REDIS_SECONDS, retry=None
            ).ping()
        except redis.RedisError as error:
            yield f"Redis does not answer: {error}"


def _clock() -> Iterator[str]:
    if clock.now() < EARLIEST:
        yield f"This computer's clock shows {clock.now():%Y-%m-%d %H:%M} UTC. Please set it."


def _database(settings: Settings) -> Iterator[str]:
    if settings.database_file and not settings.database_file.exists():
        yield f"There is no database {settings.database_file}. Please run “ruko init” first."
        return
    try:
        with make_app(settings).app_context():
            present = present_revision()
            if present is None:
                yield "The database is empty. Please run “ruko init” first."
            elif present != newest_revision():
                yield (
                    f"The database is at revision {present} and this program at"
                    f" {newest_revision()}. Please run “ruko init”; it keeps a copy."
                )
            else:
                yield from _offices()
                yield from _backups(settings)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0].rstrip(".")
        yield f"The database did not answer: {reason}."


def _offices() -> Iterator[str]:
    now = clock.now()
    newest = db.session.scalar(select(AuditEvent.at).order_by(AuditEvent.id.desc()).limit(1))
    if newest and newest > now + LEEWAY:
        yield (
            f"This computer's clock shows {now:%Y-%m-%d %H:%M} UTC, but something was"
            f" written at {newest:%Y-%m-%d %H:%M} UTC. Please set the clock."
        )
    offices = all_offices()
    if not offices:
        yield "There is no office yet. Please run “ruko init” first."
    if voice.can_speak() and (trouble := voice.speech_trouble()):
        yield f"The program espeak-ng is installed and does not speak: {trouble}"
    for office in offices:
        if office.timezone not in ZONE_NAMES:
            yield f"The time zone of {office.slug}, {office.timezone}, is none of Indonesia's."
            continue
        if not knows_holidays(office, office.day(now)):
            yield (
                f"The holidays of {office.day(now).year} are not known for {office.slug}."
                " Please run “ruko init” again."
            )
        yield from _printers(office)
        yield from _voice(office)


def _backups(settings: Settings) -> Iterator[str]:
    try:
        folder = settings.find_backup_folder()
        made = {at: path for at, path in backups_in(folder).items() if at <= clock.now()}
        written = db.session.scalars(select(AuditEvent.at).order_by(AuditEvent.id)).first()
        last = db.session.scalars(select(AuditEvent.at).order_by(AuditEvent.id.desc())).first()
        covered = max(made, default=written)
        if last and covered and last - covered > BACKUP_AGE:
            yield (
                (
                    f"The newest backup in {folder} lacks the last {(last - covered).days} days."
                    if made
                    else f"There is no backup in {folder}."
                )
                + " The server makes one each day; its log says why it could not (journalctl -u ruko)."
            )
        if lack := lacks_room(folder, settings.data_dir):
            yield lack
        if made:
            with open_archive(made[max(made)]):
                pass  # opening reads all of it
    except (SettingsError, BackupError) as error:
        yield str(error)
    except OSError as error:
        yield f"The backups cannot be read: {error}."


def _printers(office: Office) -> Iterator[str]:
    for printer in all_printers(office):
        if fault := probe_printer(printer):
            yield f"Printer “{printer.name}” at {printer.address}: {fault}"


def _voice(office: Office) -> Iterator[str]:
    lost = [
        name
        for name, clip in voice.recorded(office).items()
        if not store("clips").path_of(clip.digest).is_file()
    ]
    if lost:
        yield (
            f"Recorded sounds of {office.slug} are gone ({len(lost)}): {_some(lost)}."
            " Please record them again, or restore the folder “clips” of the data folder."
        )
    covered = voice.coverage(office)
    missing = [c.wanted.name for c in covered if c.wanted.required and c.source == "missing"]
    if voice.can_speak():
        return
    if not any(c.source == "recorded" for c in covered):
        yield Advice(
            f"Calls of {office.slug} are announced by the chime alone. Please install espeak-ng"
            " (Debian: apt install espeak-ng), or record the clips on the page about the voice."
        )
    elif missing:
        yield (
            f"The voice of {office.slug} lacks clips ({len(missing)}): {_some(missing)}."
            " Please record them, or install espeak-ng (Debian: apt install espeak-ng)."
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def _base_url(settings: Settings) -> Iterator[str]:
    host = urlsplit(settings.base_url or "").hostname
    if host is None:
        yield (
            "RUKO_BASE_URL is not set: QR codes lead to whatever address each device used,"
            " and pairing links to this computer alone."
        )
    elif _is_here(host):
        yield f"RUKO_BASE_URL names {host}: a phone that reads a QR code will not find it."


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
