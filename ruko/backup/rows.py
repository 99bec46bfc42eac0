"""Rows as lines of text, the same whichever engine they come from or go to.

The tables are those of the database itself, not of this version's models: a backup of any revision
is read and written alike.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import IO, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    Label,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    Time,
    bindparam,
    cast,
    func,
    insert,
    select,
)

from ruko.db import values_of

BATCH = 500
LONGEST_LINE = 16_000_000
VERSION_TABLE = "alembic_version"

Value = str | int | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of a type are written; `read` raises `ValueError`."""

    name: str
    written_as: type[str | int]
    write: Callable[[Any], str | int]
    read: Callable[[Any], Any]


def _write_moment(moment: datetime) -> str:
    # SQLite gives it back without its zone, which is always UTC.
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return aware.astimezone(UTC).isoformat()


def _read_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("A moment has its offset.")
    return moment.astimezone(UTC)


KINDS: dict[type, Kind] = {
    Boolean: Kind("yes or no", bool, bool, bool),
    Integer: Kind("number", int, int, int),
    DateTime: Kind("moment", str, _write_moment, _read_moment),
    Date: Kind("date", str, date.isoformat, date.fromisoformat),
    Time: Kind("time", str, time.isoformat, time.fromisoformat),
    JSON: Kind("json", str, str, str),  # as the database keeps it: nothing at all is not null
    LargeBinary: Kind(
        "bytes", str, lambda b: b64encode(b).decode(), lambda s: b64decode(s, validate=True)
    ),
    String: Kind("text", str, str, str),
}


def _kind(column: Column[Any]) -> Kind:
    for kind, how in KINDS.items():
        if isinstance(column.type, kind):
            return how
    raise TypeError(f"No backup knows how to write {column} ({column.type!r}).")


def tables_of(connection: Connection) -> list[Table]:
    """The tables that are there, by name; without the mark of the revision."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for name, table in sorted(metadata.tables.items()) if name != VERSION_TABLE]


def count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


# ── Writing ───────────────────────────────────────────────────────────────────────────────────


def write_rows(
    connection: Connection, table: Table, file: IO[bytes], *, rest: Callable[[], None]
) -> int:
    """Write every row by its key, resting between two batches; returns how many there were."""
    columns = list(table.columns)
    kinds = [_kind(column) for column in columns]
    file.write(_line([[c.name, kind.name] for c, kind in zip(columns, kinds, strict=True)]))
    asked = select(*map(_as_kept, columns)).order_by(*table.primary_key.columns)
    rows = 0
    with connection.execution_options(yield_per=BATCH).execute(asked) as found:
        for batch in found.partitions():
            file.write(b"".join(_line(_written(kinds, row)) for row in batch))
            rows += len(batch)
            rest()
    return rows


def _as_kept(column: Column[Any]) -> Column[Any] | Label[str]:
    """JSON as the text it is."""
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column


def _written(kinds: list[Kind], row: Any) -> list[Value]:
    return [
        None if value is None else kind.write(value) for kind, value in zip(kinds, row, strict=True)
    ]


def _line(content: object) -> bytes:
    line = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        raise ValueError("A row is too long to be read back.")
    return line


# ── Reading ───────────────────────────────────────────────────────────────────────────────────


def read_rows(connection: Connection, table: Table, file: IO[bytes]) -> int:
    """Put every row in; returns how many there were. Raises `ValueError` for what is no such row."""
    columns = list(table.columns)
    kinds = {column.name: _kind(column) for column in columns}
    names = _read_columns(file, {name: kind.name for name, kind in kinds.items()})
    put = _insert(connection, table)
    rows, batch, begun = 0, [], file.tell()
    for values in _lines(file):
        if not isinstance(values, list) or len(values) != len(names):
            raise ValueError("A row has a value for each column.")
        batch.append(
            {f"b_{n}": _read(kinds[n], value) for n, value in zip(names, values, strict=True)}
        )
        if len(batch) == BATCH or file.tell() - begun > LONGEST_LINE:
            connection.execute(put, batch)
            rows, begun = rows + len(batch), file.tell()
            batch.clear()
    if batch:
        connection.execute(put, batch)
    return rows + len(batch)


def _read_columns(file: IO[bytes], wanted: dict[str, str]) -> list[str]:
    head = next(_lines(file), None)
    if not isinstance(head, list) or sorted(head) != sorted(map(list, wanted.items())):
        raise ValueError("The columns are others.")
    return [name for name, _ in head]


def _read(kind: Kind, value: object) -> Any:
    if value is None:
        return None
    if type(value) is not kind.written_as:
        raise ValueError(f"This is no {kind.name}.")
    return kind.read(value)


def _lines(file: IO[bytes]) -> Iterator[object]:
    while line := file.readline(LONGEST_LINE + 1):
        if not line.endswith(b"\n"):
            raise ValueError("A line is cut or too long.")
        yield json.loads(line)


def _insert(connection: Connection, table: Table) -> Any:
    """JSON goes in as the text it is."""
    values: dict[str, Any] = values_of(*table.columns.keys())
    for column in table.columns:
        if isinstance(column.type, JSON):
            text = bindparam(f"b_{column.name}", type_=Text)
            is_sqlite = (
                connection.dialect.name == "sqlite"
            )  # where JSON is text, and a cast is none
            values[column.name] = text if is_sqlite else cast(text, JSON)
    return insert(table).values(values)
