"""The default office as data files, and the reader of an administrator's list of villages."""

import csv
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from io import StringIO
from pathlib import Path
from typing import Any, Literal, NamedTuple

VILLAGE_CODE = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.([123])[0-9]{3}")
KIND_OF_DIGIT: dict[str, Literal["kelurahan", "desa"]] = {
    "1": "kelurahan",
    "2": "desa",
    "3": "desa",  # a desa adat is served like any other desa
}
WORDS_OF_DIGIT = {
    "1": {"kelurahan"},
    "2": {"desa"},
    "3": {"desa", "desa_adat", "desa adat"},
}
NAME_MAX = 80


class VillageRow(NamedTuple):
    """One desa or kelurahan of the list."""

    code: str
    name: str
    kind: Literal["desa", "kelurahan"]


def load_office() -> dict[str, Any]:
    """Read the default office: its settings, bidang, rooms, hours and texts."""
    return tomllib.loads((resources.files(__name__) / "office.toml").read_text("utf-8"))


def load_villages(path: Path | None = None) -> list[VillageRow]:
    """Read the villages of `path`, or of the default office; refuse a faulty list as a whole.

    The columns are code, name and kind; the region data that such lists come from says `type`.
    """
    source = resources.files(__name__) / "villages.csv" if path is None else path
    lines = csv.DictReader(StringIO(_text(source.read_bytes()), newline=""), strict=True)
    rows: list[VillageRow] = []
    seen: dict[str, int] = {}
    try:
        kind_column = _kind_column(lines.fieldnames or [])
        for line in lines:
            row = _village(line, kind_column, lines.line_num)
            if row.code in seen:
                raise ValueError(
                    f"Line {lines.line_num}: the code {row.code} is already on line"
                    f" {seen[row.code]}."
                )
            seen[row.code] = lines.line_num
            rows.append(row)
    except csv.Error as error:
        faulty = lines.line_num + 1  # the reader counts a row when it has read all of it
        raise ValueError(f"Line {faulty}: this is not valid CSV ({error}).") from error
    if not rows:
        raise ValueError("Line 1: the list names no village below its header.")
    return rows


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")  # spreadsheets put a byte-order mark in front
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ValueError(f"Line {line}: the file is not UTF-8 text.") from error


def _kind_column(header: Sequence[str]) -> str:
    for kind_column in ("kind", "type"):
        if {"code", "name", kind_column} <= set(header):
            return kind_column
    raise ValueError("Line 1: the columns must be code,name,kind, separated by commas.")


def _village(line: dict[str, str | None], kind_column: str, number: int) -> VillageRow:
    code = (line["code"] or "").strip()
    name = " ".join((line["name"] or "").split())
    word = (line[kind_column] or "").strip().lower()
    match = VILLAGE_CODE.fullmatch(code)
    if match is None:
        raise ValueError(
            f"Line {number}: {code[:40]!r} is not the code of a desa or kelurahan, such as 63.11.07.2008."
        )
    if not name:
        raise ValueError(f"Line {number}: the name is empty.")
    if len(name) > NAME_MAX:
        raise ValueError(f"Line {number}: the name is longer than {NAME_MAX} characters.")
    digit = match[1]
    if word not in WORDS_OF_DIGIT[digit]:
        raise ValueError(
            f"Line {number}: {code} is the code of a {KIND_OF_DIGIT[digit]}, but its"
            f" {kind_column} is {word[:40]!r}."
        )
    return VillageRow(code, name, KIND_OF_DIGIT[digit])
