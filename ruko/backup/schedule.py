"""When a backup is due, what it is called, and which older ones are kept; nothing here asks a clock."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from ruko.offices import Office

QUIET = time(20)
"""By the office's clock; nobody is served then."""
DAYS, WEEKS, MONTHS = 14, 8, 12
_NAME = "ruko-%Y%m%d-%H%M%SZ.zip"

Span = Callable[[datetime], tuple[int, ...]]
_KEPT: tuple[tuple[int, Span], ...] = (
    (DAYS, lambda moment: (moment.year, moment.month, moment.day)),
    (WEEKS, lambda moment: moment.isocalendar()[:2]),
    (MONTHS, lambda moment: (moment.year, moment.month)),
)


def file_name(moment: datetime) -> str:
    """`ruko-20261123-120000Z.zip`, in UTC: a name that no change of the clock gives twice."""
    return moment.astimezone(UTC).strftime(_NAME)


def backups_in(folder: Path) -> dict[datetime, Path]:
    """The scheduled backups by when they were made, which their names tell; others' files are not seen."""
    found = {}
    for path in folder.glob("ruko-*.zip"):
        try:
            moment = datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
        except ValueError:
            continue
        found[moment] = path
    return found


def is_due(made: Iterable[datetime], office: Office, *, now: datetime) -> bool:
    """Whether there is none since the last quiet hour; one missed while off is made up for at once.

    What seems to be made later than now was made while the clock was wrong.
    """
    quiet = office.at(office.day(now), QUIET)
    if quiet > now:
        quiet = office.at(office.day(now) - timedelta(days=1), QUIET)
    return not any(quiet <= moment <= now for moment in made)


def kept(made: Iterable[datetime]) -> set[datetime]:
    """Of the newest 14 days, 8 weeks and 12 months that have any, the newest one each."""
    newest_first = sorted(made, reverse=True)
    kept: set[datetime] = set()
    for most, span_of in _KEPT:
        spans: dict[tuple[int, ...], datetime] = {}
        for moment in newest_first:
            spans.setdefault(span_of(moment), moment)
        kept.update(list(spans.values())[:most])
    return kept
