"""`ruko backup` and `ruko restore`: everything in one file, and out of it."""

from dataclasses import replace as but_for
from pathlib import Path

import click

from ruko import backup as backups
from ruko import clock
from ruko.cli.house import NO_OFFICE, make_app, settings_now
from ruko.db import db

UNUSED_KEY = "a restore signs nothing, and must leave no key behind"


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write the whole office into FILE, or into a new file in the folder FILE; also while serving."""
    settings, now = settings_now(), clock.now()
    if settings.database_file and not settings.database_file.exists():
        raise click.ClickException(NO_OFFICE)
    path = file / backups.file_name(now) if file.is_dir() else file
    if path.exists() and not backups.is_ours(path):
        raise click.ClickException(
            f"{path} is there already and is no backup of RUKO. Please choose another name."
        )
    app = make_app(settings)
    with backups.held(settings.backup_lock) as mine, app.app_context():
        if not mine:
            raise click.ClickException("Another backup is just being made. Please try again soon.")
        made = backups.make_backup(path, settings.data_dir, now=now)
        db.engine.dispose()
    for name in made.left_out:
        click.echo(f"Warning: The file {name} is damaged, and is not in the backup.", err=True)
    click.echo(f"{path} ({_size(made.size)}) holds {_contents(made.manifest)}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Also where there is an office already.")
def restore(file: Path, replace: bool) -> None:
    """Put the office back as it is in FILE. The server must be stopped."""
    settings = settings_now()
    new_key = not (settings.secret_key or settings.key_file.exists())
    with backups.open_archive(file) as archive:
        app = make_app(but_for(settings, secret_key=settings.secret_key or UNUSED_KEY))
        done = backups.restore(app, archive, settings, replace=replace, now=clock.now())
    click.echo(f"Restored from {file.name}: {_contents(done.manifest)}.")
    if done.kept:
        click.echo(f"What was here before is kept in {done.kept}.")
    click.echo("Passwords, sessions and paired devices are again those of that moment.")
    if new_key:
        click.echo(
            "There is no secret key here, and a new one will be made: everybody signs in again,"
            " and authenticator apps are set up anew (ruko user reset-totp NAME)."
        )


def _contents(manifest: backups.Manifest) -> str:
    files = sum(manifest.files.values())
    return (
        f"{', '.join(manifest.offices) or 'no office'} as of {manifest.made_at:%Y-%m-%d %H:%M} UTC:"
        f" {manifest.rows:,} rows of {len(manifest.tables)} tables and {files:,} files"
    )


def _size(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{size / 1_000:.0f} kB"
