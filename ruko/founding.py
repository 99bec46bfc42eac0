"""Setting up an office: the default one from the seed, another from its administrator's villages."""

from datetime import date, time
from importlib.metadata import version
from typing import Any

import holidays
from sqlalchemy import select

from ruko.bookings import Room, Slot
from ruko.db import db, upsert
from ruko.offices import (
    Announcement,
    Bidang,
    Category,
    Counter,
    Holiday,
    Hours,
    Office,
    OfficeState,
    Service,
    Village,
)
from ruko.seed import VillageRow

HOLIDAY_KINDS = ("public", "government")
"""National holidays and collective leave (cuti bersama), when civil servants are off."""
CENTRAL = {*range(51, 54), *range(63, 66), *range(71, 77)}
"""Provinces on WITA: Bali and Nusa Tenggara, the south, east and north of Kalimantan, Sulawesi."""


def found_office(data: dict[str, Any], villages: list[VillageRow]) -> Office:
    """Write a new office with everything the seed says; it opens on the seed's hours."""
    office = Office(**data["office"], **data["settings"])
    db.session.add(office)
    db.session.flush()
    db.session.add(OfficeState(office_id=office.id))
    db.session.add_all(
        Village(office_id=office.id, code=v.code, name=v.name, kind=v.kind) for v in villages
    )
    by_code = _add_all_bidang(office, data["bidang"])
    for position, row in enumerate(data["counter"]):
        db.session.add(Counter(office_id=office.id, position=position, **row))
    for position, row in enumerate(data["room"]):
        db.session.add(Room(office_id=office.id, position=position, **row))
    for row in data["hours"]:
        db.session.add(Hours(office_id=office.id, **_clocks(row)))
    numbers: dict[int, int] = {}
    for row in data["slot"]:
        numbers[row["weekday"]] = numbers.get(row["weekday"], 0) + 1
        db.session.add(Slot(office_id=office.id, no=numbers[row["weekday"]], **_clocks(row)))
    for position, row in enumerate(data["category"]):
        bidang = by_code[row["bidang"]]
        fields = {key: row[key] for key in ("code", "name", "name_en")}
        db.session.add(
            Category(office_id=office.id, position=position, bidang_id=bidang.id, **fields)
        )
    for position, row in enumerate(data.get("announcement", [])):
        db.session.add(Announcement(office_id=office.id, position=position, text=row["text"]))
    db.session.flush()
    return office


def further_office(data: dict[str, Any], slug: str, villages: list[VillageRow]) -> dict[str, Any]:
    """The default data made that of another sub-district; raises ValueError with a sentence."""
    codes = {village.code[:8] for village in villages}
    if len(codes) > 1:
        raise ValueError(f"The list names villages of several sub-districts: {sorted(codes)}.")
    code = codes.pop()
    default = data["office"]
    name = slug.replace("-", " ").title()
    return data | {
        "office": default
        | {
            "slug": slug,
            "code": code,
            "name": f"Kecamatan {name}",
            "regency": default["regency"] if code[:5] == default["code"][:5] else "",
            "house": "RUKO",
            "house_name": f"Rumah Koordinasi {name}",
            "timezone": _zone_of(code),
        }
    }


def _zone_of(code: str) -> str:
    """The time zone of the province that a Kemendagri code begins with."""
    province = int(code[:2])
    if province in CENTRAL:
        return "Asia/Makassar"
    return "Asia/Jayapura" if province > 80 else "Asia/Jakarta"


def import_holidays(office: Office, year: int) -> None:
    """Add the holidays of `year` and the next that the office does not have yet; edits stay."""
    source = f"holidays {version('holidays')}"
    calendar = holidays.country_holidays(
        "ID", years=(year, year + 1), categories=HOLIDAY_KINDS, language="id"
    )
    national = holidays.country_holidays("ID", years=(year, year + 1), categories=("public",))
    rows = [
        {
            "office_id": office.id,
            "date": day,
            "name": name,
            "kind": "public" if day in national else "government",
            "source": source,
        }
        for day, name in sorted(calendar.items())
    ]
    if rows:
        table = Holiday.__table__
        db.session.execute(
            upsert(table).values(rows).on_conflict_do_nothing(index_elements=["office_id", "date"])
        )


def knows_holidays(office: Office, day: date) -> bool:
    """Whether the holidays of that day's year have been imported."""
    return (
        db.session.scalar(
            select(Holiday.id)
            .filter_by(office_id=office.id)
            .where(Holiday.date.between(date(day.year, 1, 1), date(day.year, 12, 31)))
            .limit(1)
        )
        is not None
    )


def _add_all_bidang(office: Office, rows: list[dict[str, Any]]) -> dict[str, Bidang]:
    found: dict[str, Bidang] = {}
    for position, row in enumerate(rows):
        fields = {key: value for key, value in row.items() if key != "services"}
        bidang = Bidang(office_id=office.id, position=position, **fields)
        bidang.services = [
            Service(position=place, **service) for place, service in enumerate(row["services"])
        ]
        db.session.add(bidang)
        found[bidang.code] = bidang
    db.session.flush()
    return found


def _clocks(row: dict[str, Any]) -> dict[str, Any]:
    return {k: time.fromisoformat(v) if isinstance(v, str) else v for k, v in row.items()}
