"""How many meetings a bidang can attend at one time."""

from datetime import datetime

from ruko.audit import Actor, trail
from ruko.errors import N_, Invalid
from ruko.offices.models import Bidang

MOST_OFFICERS = 99


def set_officers(bidang: Bidang, count: int | None, *, by: Actor, now: datetime) -> None:
    """Let it attend `count` meetings at one time, or any number with None; raises `Invalid`.

    No booking is touched: what is too much then is shown as a collision.
    """
    if count is not None and not 1 <= count <= MOST_OFFICERS:
        raise Invalid(
            "officers",
            N_("Please write a number from 1 to %(most)d, or leave it empty."),
            most=MOST_OFFICERS,
        )
    if bidang.officers == count:
        return
    bidang.officers = count
    trail(
        "bidang", bidang.id, "officers", office_id=bidang.office_id, by=by, now=now, officers=count
    )
