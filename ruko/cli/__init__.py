"""The `ruko` command: one sentence on stderr and a non-zero exit for every failure."""

import click

from ruko.cli.accounts import token, user
from ruko.cli.backups import backup, restore
from ruko.cli.devices import device
from ruko.cli.doctor import doctor
from ruko.cli.printers import printer
from ruko.cli.sentences import Sentences
from ruko.cli.serving import demo, init, serve


@click.group(cls=Sentences)
@click.version_option(package_name="ruko")
def cli() -> None:
    """RUKO: book rooms, take numbers, call visitors, show who is served."""


for command in (init, serve, demo, user, token, device, printer, backup, restore, doctor):
    cli.add_command(command)

__all__ = ["cli"]
