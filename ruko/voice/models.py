"""The table of the clips that the staff recorded; what is not recorded is generated or left out."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ruko.db import Base


class Clip(Base):
    """One recorded clip; its sound is kept as a file named by its digest."""

    __tablename__ = "clip"
    __table_args__ = (UniqueConstraint("office_id", "name"),)

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(32))
    """As in the board's `speech`: `nomor-antrean`, `a`, `7`, `place-3`, `bidang-PEM`."""
    digest: Mapped[str] = mapped_column(String(64))
    milliseconds: Mapped[int]
    recorded_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class VoiceChanged:
    """The office's clips changed; its screens load them anew after the commit."""

    office_id: int
