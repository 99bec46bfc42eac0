"""`ruko printer`: the receipt printers of the office."""

import click

from ruko import clock
from ruko.audit import SYSTEM
from ruko.cli.house import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    moment,
    office_option,
    print_table,
    the_house,
)
from ruko.devices import Device, all_devices
from ruko.offices import Office
from ruko.printing import (
    Printer,
    add_printer,
    all_printers,
    find_printer,
    read_address,
    remove_printer,
)
from ruko.printing.addresses import BROWSER
from ruko.settings import read_settings
from ruko.slips import sample_slip
from ruko.spooler import Trouble, print_now


@click.group()
def printer() -> None:
    """Receipt printers for the numbers."""


@printer.command("add")
@click.argument("name")
@click.option(
    "--address",
    required=True,
    help="tcp://HOST:PORT, usb://VENDOR:PRODUCT, file:///dev/usb/lp0,"
    " or browser: Chrome prints, on the kiosk itself.",
)
@click.option(
    "--width", type=click.Choice(["58", "80"]), required=True, help="Of the paper, in mm."
)
@click.option("--kiosk", help="Name of the kiosk that it stands beside, and prints for.")
@office_option
def printer_add(name: str, address: str, width: str, kiosk: str | None, office: str | None) -> None:
    """Add a printer: one for a kiosk's numbers, or one that staff print on."""
    with the_house(office) as here:
        beside = _kiosk(here, kiosk) if kiosk else None
        add_printer(here, name, address, int(width), kiosk=beside, by=SYSTEM, now=clock.now())
    if address == BROWSER:
        click.echo("Start the kiosk's browser with: chromium --kiosk --kiosk-printing ADDRESS")
    else:
        click.echo(f"Added. To see whether it prints: ruko printer test '{name}'")


@printer.command("list")
@office_option
def printer_list(office: str | None) -> None:
    """Show the printers in use."""
    with the_house(office) as here:
        kiosks = {device.id: device.name for device in all_devices(here)}
        print_table(
            ("name", "address", "width", "kiosk", "last seen", "trouble"),
            [
                (
                    p.name,
                    p.address,
                    str(p.width),
                    kiosks.get(p.device_id or 0, "–"),
                    moment(here, p.last_seen) if p.last_seen else "never",
                    p.last_error or "–",
                )
                for p in all_printers(here)
            ],
        )


@printer.command("remove")
@click.argument("name")
@office_option
def printer_remove(name: str, office: str | None) -> None:
    """Take a printer out of use; slips that wait for it are not printed."""
    with the_house(office) as here:
        remove_printer(here, _printer(here, name).id, by=SYSTEM, now=clock.now())
    click.echo(f"{name} is no longer used.")


@printer.command("test")
@click.argument("name")
@office_option
def printer_test(name: str, office: str | None) -> None:
    """Print a test slip now."""
    base = read_settings().base_url or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    with the_house(office) as here:
        found = _printer(here, name)
        address = read_address(found.address)
        slip = sample_slip(here, found.width, f"{base}/{here.slug}", now=clock.now())
    if address.way == "browser":
        raise click.ClickException("Chrome prints there: please take a number at the kiosk.")
    try:
        print_now(address, slip)
    except Trouble as trouble:
        raise click.ClickException(trouble.sentence) from trouble
    click.echo("Printed.")


def _printer(office: Office, name: str) -> Printer:
    found = find_printer(office, name)
    if found is None:
        raise click.ClickException(f"There is no printer “{name}”.")
    return found


def _kiosk(office: Office, name: str) -> Device:
    for device in all_devices(office):
        if device.kind == "kiosk" and device.name == name:
            return device
    raise click.ClickException(f"There is no kiosk “{name}”.")
