"""`ruko device`: the kiosks and displays of the office."""

import click

from ruko import clock
from ruko.audit import SYSTEM
from ruko.cli.house import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    moment,
    office_option,
    print_qr,
    print_table,
    the_house,
)
from ruko.devices import DeviceKind, add_device, all_devices, revoke_device
from ruko.settings import read_settings


@click.group()
def device() -> None:
    """Kiosks and displays."""


@device.command("add")
@click.argument("kind", type=click.Choice(["kiosk", "display"]))
@click.argument("name")
@office_option
def device_add(kind: DeviceKind, name: str, office: str | None) -> None:
    """Pair a tablet or a TV: prints a link, its QR, and alone on the last line a bearer token."""
    base = read_settings().base_url or f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    with the_house(office) as here:
        _, secret, bearer = add_device(here, kind, name, by=SYSTEM, now=clock.now())
        link = f"{base}/{here.slug}/{kind}/pair/{secret}"
    click.echo("Open this link on the device, once:")
    click.echo(link)
    print_qr(link)
    click.echo("Bearer token, for programs:")
    click.echo(bearer)


@device.command("list")
@office_option
def device_list(office: str | None) -> None:
    """Show the devices in use."""
    with the_house(office) as here:
        print_table(
            ("id", "kind", "name", "paired", "last seen"),
            [
                (
                    str(d.id),
                    d.kind,
                    d.name,
                    "no" if d.pairing_hash else "yes",
                    moment(here, d.last_seen) if d.last_seen else "never",
                )
                for d in all_devices(here)
            ],
        )


@device.command("revoke")
@click.argument("device_id", metavar="ID", type=int)
@office_option
def device_revoke(device_id: int, office: str | None) -> None:
    """Unpair a device at once."""
    with the_house(office) as here:
        revoke_device(here, device_id, by=SYSTEM, now=clock.now())
    click.echo(f"Device {device_id} is no longer paired.")
