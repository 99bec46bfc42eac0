"""The week as a table and as lists.

A table's rows are the stretches between two times, its columns the rooms of each day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from ruko.bookings import Block, BoardDay, Hold, Lane, Meeting, Room, WeekBoard
from ruko.offices import Office

ALIKE = {"closed", "break", "off"}
"""What stands over all rooms of a day at once is one cell."""


@dataclass(slots=True)
class Cell:
    """One block; over several rooms where it says the same of each."""

    block: Block
    day: date
    rooms: list[Room]
    rowspan: int
    begins_day: bool


@dataclass(slots=True)
class Row:
    """From one time to the next, as the wall clock shows them."""

    starts: time
    ends: time
    cells: list[Cell] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        day = date.min
        length = datetime.combine(day, self.ends) - datetime.combine(day, self.starts)
        return int(length / timedelta(minutes=1))


def rows_of(board: WeekBoard, office: Office) -> list[Row]:
    """The table's rows; each day brings its own times, so that no day bends to another's."""

    def clock(moment: datetime) -> time:
        return office.local(moment).time()

    blocks = [block for day in board.days for block in day.blocks]
    times = sorted({clock(moment) for b in blocks for moment in (b.starts, b.ends)})
    rows = [Row(starts, ends) for starts, ends in pairwise(times)]
    place = {at: n for n, at in enumerate(times)}
    for day in board.days:
        for top, cell in _cells(day, office, times):
            cell.rowspan = place[clock(cell.block.ends)] - place[top]
            rows[place[top]].cells.append(cell)
    return rows


def _cells(day: BoardDay, office: Office, times: list[time]) -> Iterator[tuple[time, Cell]]:
    """The day's cells, room by room, with the time at which each begins."""
    made: list[Cell] = []
    before: dict[Block, Cell] = {}
    for lane in day.lanes:
        here: dict[Block, Cell] = {}
        for block in _filled(lane, day.date, office, times):
            cell = before.get(block) if block.kind in ALIKE else None
            if cell:
                cell.rooms.append(lane.room)
            else:
                cell = Cell(block, day.date, [lane.room], 1, begins_day=lane is day.lanes[0])
                made.append(cell)
            if block.kind in ALIKE:
                here[block] = cell
        before = here
    return ((office.local(cell.block.starts).time(), cell) for cell in made)


def _filled(lane: Lane, day: date, office: Office, times: list[time]) -> list[Block]:
    """The lane's blocks from the table's first time to its last."""
    if not times:
        return []
    first, last = office.at(day, times[0]), office.at(day, times[-1])
    if not lane.blocks:
        return [Block("off", first, last)]
    if [block.kind for block in lane.blocks] == ["closed"]:
        return [replace(lane.blocks[0], starts=first, ends=last)]
    starts, ends = lane.blocks[0].starts, lane.blocks[-1].ends
    return [
        *([Block("off", first, starts)] if first < starts else []),
        *lane.blocks,
        *([Block("off", ends, last)] if ends < last else []),
    ]


# ── The same as a list ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """What takes a stretch of the day: a meeting, a hold, or a closure of these rooms."""

    starts: datetime
    ends: datetime
    rooms: tuple[Room, ...] = ()
    meeting: Meeting | None = None
    hold: Hold | None = None
    reason: str | None = None


def lines_of(day: BoardDay) -> list[Line]:
    """All that the day's table shows as taken or closed, by time."""
    lines = [Line(m.starts, m.ends, meeting=m) for m in day.meetings]
    lines += [Line(h.starts, h.ends, hold=h) for h in day.outside if isinstance(h, Hold)]
    closed: dict[Block, list[Room]] = {}
    for lane in day.lanes:
        for block in lane.blocks:
            if block.hold:
                lines.append(Line(block.starts, block.ends, (lane.room,), hold=block.hold))
            elif block.kind == "closed":
                closed.setdefault(block, []).append(lane.room)
    lines += [Line(b.starts, b.ends, tuple(r), reason=b.reason) for b, r in closed.items()]
    return sorted(lines, key=lambda line: (line.starts, line.ends))
