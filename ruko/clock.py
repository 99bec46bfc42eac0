"""The business clock: the only place that asks the time.

Rules never ask; they are given `now`.
The clock may be moved for tests and for the demonstration (`RUKO_NOW`), and a reset computer clock
may step it back between two runs; nothing that is kept may depend on it rising.
"""

import time
from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """The present moment of business, aware, in UTC."""
    return datetime.now(UTC) + _offset


def start_at(moment: datetime) -> None:
    """Let the clock show `moment` (aware) at this instant and tick on from there."""
    global _offset  # noqa: PLW0603 – one clock per process is the point of this file
    if moment.tzinfo is None:
        raise ValueError("The clock needs a moment with its offset, as 2026-11-23T09:00:00+08:00.")
    _offset = moment - datetime.now(UTC)


def is_moved() -> bool:
    """Whether this process runs on a moved clock; its pages say so."""
    return _offset != timedelta()


def monotonic() -> float:
    """Seconds that never step back: for time-outs and throttles, never for business."""
    return time.monotonic()


def of_machine() -> float:
    """The computer's own time, never moved: for codes that a phone makes at the same moment."""
    return time.time()
