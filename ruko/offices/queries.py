"""The guarded ways to an office's rows: `get_x` raises, `find_x` may return None."""

from datetime import time

from sqlalchemy import bindparam, select

from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices.models import (
    Bidang,
    Category,
    Counter,
    Hours,
    Office,
    Service,
    Village,
)

LARGEST_ID = 2**31 - 1
"""What a key's column holds."""

# Asked with nearly every request, so built once: building costs more than running.
_OFFICE = select(Office).where(Office.slug == bindparam("b_slug"))
_OFFICE_AT = select(Office).where(Office.id == bindparam("b_office"))
_ALL_BIDANG = (
    select(Bidang)
    .where(Bidang.office_id == bindparam("b_office"), Bidang.active)
    .order_by(Bidang.position)
)
_BIDANG = select(Bidang).where(
    Bidang.office_id == bindparam("b_office"), Bidang.code == bindparam("b_code"), Bidang.active
)
_VILLAGE = select(Village).where(
    Village.office_id == bindparam("b_office"), Village.code == bindparam("b_code")
)
_COUNTER = select(Counter).where(
    Counter.office_id == bindparam("b_office"), Counter.id == bindparam("b_counter")
)
_HOURS = (
    select(Hours.weekday, Hours.opens, Hours.closes)
    .where(Hours.office_id == bindparam("b_office"))
    .order_by(Hours.opens)
)
_ALL_COUNTERS = (
    select(Counter).where(Counter.office_id == bindparam("b_office")).order_by(Counter.position)
)


def all_offices() -> list[Office]:
    """Every office of this deployment, by name."""
    return list(db.session.scalars(select(Office).order_by(Office.name)))


def find_office(slug: str) -> Office | None:
    """The office of that address, or None."""
    return db.session.scalar(_OFFICE, {"b_slug": slug})


def get_office(slug: str) -> Office:
    """The office of that address; raises `NotFound`."""
    office = find_office(slug)
    if office is None:
        raise NotFound(N_("There is no office at this address."))
    return office


def office_at(office_id: int) -> Office:
    """The office with that id, which is known to exist."""
    return db.session.scalars(_OFFICE_AT, {"b_office": office_id}).one()


def all_bidang(office: Office) -> list[Bidang]:
    """The active bidang in the office's own order."""
    return list(db.session.scalars(_ALL_BIDANG, {"b_office": office.id}))


def get_bidang(office: Office, code: object, field: str = "bidang") -> Bidang:
    """The active bidang with that code; raises `Invalid`."""
    bidang = (
        db.session.scalar(_BIDANG, {"b_office": office.id, "b_code": code})
        if isinstance(code, str)
        else None
    )
    if bidang is None:
        raise Invalid(field, N_("Please choose a bidang of this office."))
    return bidang


def get_service(bidang: Bidang, service_id: object) -> Service:
    """The bidang's service with that id, a number or its text; raises `Invalid`."""
    for service in bidang.services:
        if str(service.id) == str(service_id):  # so `True` is not the first one
            return service
    raise Invalid("service", N_("Please choose a service of this bidang."))


def all_villages(office: Office) -> list[Village]:
    """The office's villages by name."""
    return list(
        db.session.scalars(select(Village).filter_by(office_id=office.id).order_by(Village.name))
    )


def get_village(office: Office, code: object) -> Village:
    """The village with that Kemendagri code; raises `Invalid`."""
    village = (
        db.session.scalar(_VILLAGE, {"b_office": office.id, "b_code": code})
        if isinstance(code, str)
        else None
    )
    if village is None:
        raise Invalid("village", N_("Please choose a village of this sub-district."))
    return village


def all_counters(office: Office, bidang: Bidang | None = None) -> list[Counter]:
    """The places of the office; with `bidang`, those it may use."""
    counters = db.session.scalars(_ALL_COUNTERS, {"b_office": office.id})
    return [c for c in counters if bidang is None or c.bidang_id in {None, bidang.id}]


def get_counter(office: Office, counter_id: object, bidang: Bidang | None = None) -> Counter:
    """The place with that id, usable by `bidang`; raises `Invalid`."""
    counter = (
        db.session.scalar(_COUNTER, {"b_office": office.id, "b_counter": counter_id})
        if type(counter_id) is int and 0 < counter_id <= LARGEST_ID
        else None
    )
    if counter and (bidang is None or counter.bidang_id in {None, bidang.id}):
        return counter
    raise Invalid("counter", N_("Please choose a counter that this bidang may use."))


def all_categories(office: Office) -> list[Category]:
    """The kinds of problems, in the programme's own order."""
    return list(
        db.session.scalars(
            select(Category).filter_by(office_id=office.id).order_by(Category.position)
        )
    )


def get_category(office: Office, code: object) -> Category:
    """The category with that code; raises `Invalid`."""
    for category in all_categories(office):
        if category.code == code:
            return category
    raise Invalid("category", N_("Please choose what the meeting is about."))


def weekly_hours(office: Office) -> list[tuple[tuple[time, time], ...]]:
    """The spans of service from Monday to Sunday, as the wall clock shows them."""
    week: list[list[tuple[time, time]]] = [[] for _ in range(7)]
    for row in db.session.connection().execute(_HOURS, {"b_office": office.id}):
        week[row.weekday].append((row.opens, row.closes))
    return [tuple(day) for day in week]
