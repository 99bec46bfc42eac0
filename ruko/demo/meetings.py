"""Meetings of the example: past weeks, today, and what is asked for in the coming days."""

import random
from datetime import date, datetime, timedelta

from sqlalchemy import select

from ruko import bookings
from ruko.accounts import Role, User
from ruko.audit import Actor
from ruko.bookings import Booking, BookingState, CancelCode, Channel, LeaderRole, Room, SlotView
from ruko.db import db
from ruko.offices import (
    Office,
    Village,
    all_categories,
    all_villages,
    first_open_days,
    get_bidang,
    get_category,
)

TODAY = {
    "Galumbang": "kapasitas_aparatur",
    "Lingsir": "stunting",
    "Telaga Purun": "kebencanaan",
    "Bungin": "keuangan_desa",
}
"""Who comes, and what about."""
PAST = {
    2: ("Galumbang", "Lingsir", "Maradap", "Inan"),
    3: ("Bungin", "Telaga Purun", "Halubau"),
    5: ("Murung Jambu", "Galumbang"),
    6: ("Tarangan", "Panggung"),
}
"""Who was here so many weeks ago; the others have kept quiet, and Binjai begins anew."""
TOPICS = {
    "kapasitas_aparatur": "Pengisian jabatan perangkat desa",
    "sarana_prasarana": "Perbaikan ruang layanan kantor desa",
    "bpd": "Tata tertib BPD dan jadwal musyawarah",
    "lpm": "Pembentukan pengurus LPM",
    "lembaga_lain": "Pengaktifan kembali Karang Taruna",
    "keuangan_desa": "Laporan realisasi Dana Desa tahap II",
    "data_perencanaan": "Musyawarah perencanaan RKPDes",
    "kebencanaan": "Kesiapsiagaan banjir musim hujan",
    "program_lembaga": "Program kerja PKK tahun depan",
    "stunting": "Rembuk stunting desa",
    "pemberdayaan": "Gotong royong dan bank sampah desa",
    "layanan_umum": "Surat rekomendasi kegiatan desa",
    "trantib_batas": "Batas desa dengan desa tetangga",
    "lainnya": "Undangan peringatan hari jadi desa",
}
"""One of each category."""
LEADERS = ("Aminah", "Hadi", "Rahman", "Yuliana", "Zainal")
"""Made-up people."""
ROLES = (LeaderRole.HEAD, LeaderRole.SECRETARY, LeaderRole.KAUR, LeaderRole.BPD)
CLOSED_ROOM = "Perawatan AC"


def book_rooms(office: Office, dice: random.Random, now: datetime) -> str:
    """Write the meetings; returns the code of the one that can be checked in at once."""
    cast = _Cast(office, dice, now)
    get_bidang(office, "KES").officers = 2
    cast.remember()
    todays = cast.fill_today()
    cast.plan_ahead()
    return todays[0].code


class _Cast:
    """Villages and the operator, each with the account that acts."""

    def __init__(self, office: Office, dice: random.Random, now: datetime) -> None:
        self.office, self.dice, self.now = office, dice, now
        self.small, self.large = bookings.all_rooms(office)
        self.villages = {village.name: village for village in all_villages(office)}
        self.operator = (
            db.session.scalars(select(User).filter_by(office_id=office.id, role=Role.OPERATOR))
            .one()
            .actor
        )

    def remember(self) -> None:
        """Meetings of past weeks: most took place, one was called off, one was missed."""
        today = self.office.day(self.now)
        for weeks, names in PAST.items():
            (day,) = first_open_days(self.office, today - timedelta(weeks=weeks), 1)
            slots = self._slots(day)
            for name, slot in zip(names, slots, strict=False):
                begins = self.office.at(day, slot.starts)
                booking = self._book(name, self.small, day, slot, now=begins - timedelta(days=2))
                ended = self.office.at(day, slot.ends)
                if name == "Inan":
                    self._call_off(booking, begins - timedelta(days=1))
                elif name != "Bungin":  # who did not come
                    bookings.conclude(booking, by=self.operator, now=ended)
        bookings.settle(self.office, now=self.now)

    def fill_today(self) -> list[Booking]:
        """Appointments in both rooms; the first can be checked in at once."""
        today, earlier = self.office.day(self.now), self.now - timedelta(days=2)
        soon = self.now + timedelta(hours=1)
        slots = [s for s in self._slots(today) if self.office.at(today, s.ends) >= soon]
        made = [
            self._book(name, (self.small, self.large)[n % 2], today, slot, now=earlier, about=about)
            for n, ((name, about), slot) in enumerate(zip(TODAY.items(), slots, strict=False))
        ]
        for booking in made:
            if booking.state == BookingState.PENDING:
                bookings.approve(booking, by=self.operator, now=earlier)
        return made

    def plan_ahead(self) -> None:
        """Requests and what has become of them; a room that is shut for an afternoon."""
        earlier = self.now - timedelta(hours=3)
        first, second, third = first_open_days(
            self.office, self.office.day(self.now) + timedelta(days=1), 3
        )
        slot = self._slot(first, 1)
        arranged = self._book(
            "Maradap", self.small, first, slot, now=earlier, about="keuangan_desa"
        )
        note = "Rekening koran Dana Desa tahap II."
        bookings.ask_to_bring(arranged, note, by=self.operator, now=earlier)
        self._book("Halubau", self.large, first, self._slot(first, 3), now=earlier)
        self._book("Murung Jambu", self.large, second, self._slot(second, 2), now=earlier)
        self._book(
            "Inan", self.small, second, self._slot(second, 0), now=earlier, phoned=Channel.WHATSAPP
        )
        self._book("Tarangan", None, second, self._slot(second, 1), now=earlier)
        asked = self._book("Panggung", self.large, third, self._slot(third, 0), now=earlier)
        other = self._slot(third, 1)
        bookings.propose(
            asked,
            room=self.large,
            day=third,
            start=other.starts,
            end=other.ends,
            by=self.operator,
            now=self.now,
        )
        last = self._slots(third)[-1]
        bookings.close(
            self.office,
            self.small,
            self.office.at(third, last.starts),
            self.office.at(third, last.ends),
            CLOSED_ROOM,
            by=self.operator,
            now=self.now,
        )

    def _book(
        self,
        name: str,
        room: Room | None,
        day: date,
        slot: SlotView,
        *,
        now: datetime,
        about: str | None = None,
        phoned: Channel | None = None,
    ) -> Booking:
        category, village = self.dice.choice(all_categories(self.office)), self.villages[name]
        if about:
            category = get_category(self.office, about)
        return bookings.book(
            self.office,
            village=village,
            bidang=category.bidang,
            category=category,
            topic=TOPICS[category.code],
            attendees=self.dice.randint(2, 8),
            leader=self.dice.choice(LEADERS),
            role=self.dice.choice(ROLES),
            phone=None,
            room=room,
            day=day,
            start=slot.starts,
            end=slot.ends,
            by=self.operator if phoned else _account_of(village),
            on_behalf=phoned is not None,
            channel=phoned,
            now=now,
        )

    def _call_off(self, booking: Booking, now: datetime) -> None:
        bookings.cancel(
            booking,
            "Berkas belum lengkap.",
            code=CancelCode.UNPREPARED,
            by=_account_of(booking.village),
            privileged=False,
            now=now,
        )

    def _slot(self, day: date, number: int) -> SlotView:
        slots = self._slots(day)
        return slots[number % len(slots)]

    def _slots(self, day: date) -> list[SlotView]:
        grid = bookings.day_grid(self.office, day, village=None, now=self.now)
        return grid.rooms[0][1]


def _account_of(village: Village) -> Actor:
    return db.session.scalars(select(User).filter_by(village_id=village.id)).one().actor
