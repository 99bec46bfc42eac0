"""What a program sends: each operation lists its fields once, for reading and for its description."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from flask import Response, json, request

from ruko.errors import N_, Invalid
from ruko.web import Caller, once
from ruko.web.answers import UnsupportedMediaType
from ruko.web.safety import clean_text

LARGEST_ID = 2**31 - 1
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""No day of an office lies outside; far ones would leave the calendar of the zone."""
LONGEST_NUMBER = 10

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, kw_only=True)
class Field(ABC):
    """One named value of a body or a query."""

    optional: bool = False
    """May be left out; null says the same."""
    nullable: bool = False
    """Must be given, and null means something."""

    @property
    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The value in JSON Schema."""

    @abstractmethod
    def read(self, name: str, value: Any) -> Any:
        """The value as the rules want it; raises `Invalid`."""

    def read_text(self, name: str, text: str) -> Any:
        """The same from a query, where everything is text."""
        return self.read(name, text)


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """Text of some length, not blank unless it is optional."""

    longest: int = 40

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.longest}

    def read(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise Invalid(name, N_("Please send text here."))
        if not value.strip() and not self.optional:
            raise Invalid(name, N_("Please fill in this field."))
        if len(value) > self.longest:
            raise Invalid(
                name,
                N_("This is too long. Please use at most %(count)d characters."),
                count=self.longest,
            )
        return value


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    """A whole number."""

    least: int = 1
    most: int = LARGEST_ID

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def read(self, name: str, value: Any) -> int:
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and self.least <= value <= self.most
        ):
            return value
        raise Invalid(
            name,
            N_("Please send a whole number from %(least)d to %(most)d."),
            least=self.least,
            most=self.most,
        )

    def read_text(self, name: str, text: str) -> int:
        digits = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
        return self.read(name, int(text) if digits else text)


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """Yes or no."""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def read(self, name: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise Invalid(name, N_("Please send true or false here."))


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    """One of a few words."""

    words: type[StrEnum]

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [str(word) for word in self.words]}

    def read(self, name: str, value: Any) -> StrEnum:
        for word in self.words:
            if word == value:
                return word
        raise Invalid(
            name, N_("Please send one of these words: %(words)s."), words=", ".join(self.words)
        )


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    """A date of the office's calendar."""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}

    def read(self, name: str, value: Any) -> date:
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                day = date.fromisoformat(value)
            except ValueError:
                day = date.min
            if EARLIEST <= day <= LATEST:
                return day
        raise Invalid(name, N_("Please send a date here, such as 2026-11-23."))


@dataclass(frozen=True, kw_only=True)
class Clock(Field):
    """A time of the office's wall clock."""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_CLOCK.pattern}$"}

    def read(self, name: str, value: Any) -> time:
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return time.fromisoformat(value)
        raise Invalid(name, N_("Please send a time here, such as 09:00."))


Fields = Mapping[str, Field]


def read_body(fields: Fields) -> dict[str, Any]:
    """What the request's JSON object gives for `fields`; what was left out is not in the answer.

    Raises `Invalid` with every field that does not fit, `UnsupportedMediaType` for other bodies.
    """
    body = _json_object()
    clean_text("", body)
    given: dict[str, Any] = {}
    faults: list[Invalid] = []
    for name, field in fields.items():
        value = body.get(name)
        if value is not None:
            try:
                given[name] = field.read(name, value)
            except Invalid as fault:
                faults.append(fault)
        elif field.nullable and name in body:
            given[name] = None
        elif not field.optional:
            faults.append(Invalid(name, N_("Please fill in this field.")))
    if faults:
        faults[0].also = faults[1:]
        raise faults[0]
    return given


def read_query(fields: Fields) -> dict[str, Any]:
    """What the address's query gives for `fields`; an empty value counts as left out."""
    given: dict[str, Any] = {}
    for name, field in fields.items():
        text = request.args.get(name)
        if text:
            given[name] = field.read_text(name, text)
        elif not field.optional:
            raise Invalid(name, N_("Please fill in this field."))
    return given


def answered(who: Caller | str) -> Response | None:
    """The answer that this caller was given under the same `Idempotency-Key`, if any."""
    return once(who, request.headers.get("Idempotency-Key", ""))


def _json_object() -> dict[Any, Any]:
    if not request.is_json:
        if request.content_length or request.get_data() or request.form:
            raise UnsupportedMediaType
        return {}
    raw = request.get_data()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Invalid("body", N_("This is not valid JSON.")) from None
    if not isinstance(body, dict):
        raise Invalid("body", N_("Please send a JSON object."))
    return body
