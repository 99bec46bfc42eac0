"""The office's version: bumped last in every transaction that the board shows."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from ruko.db import db
from ruko.events import record
from ruko.offices.models import OfficeState

_BUMP = (
    update(OfficeState)
    .where(OfficeState.office_id == bindparam("b_office"))
    .values(
        board_version=OfficeState.board_version + 1,
        call_seq=OfficeState.call_seq + bindparam("b_calls"),
    )
    .returning(OfficeState.call_seq)
)
_VERSION = select(OfficeState.board_version, OfficeState.call_seq).where(
    OfficeState.office_id == bindparam("b_office")
)


@dataclass(frozen=True, slots=True)
class BoardChanged:
    """Something that the board shows has changed; screens are rung after the commit."""

    office_id: int
    all_bidang: frozenset[str] = frozenset()
    """Codes of the bidang whose queue changed."""


def change_board(office_id: int, *all_bidang: str) -> None:
    """Raise the board's version and ring the screens after the commit; call it last."""
    _bump(office_id, 0, all_bidang)


def next_call_seq(office_id: int, *all_bidang: str) -> int:
    """Like `change_board`, and returns the office's next call number; call it late."""
    return _bump(office_id, 1, all_bidang)


def _bump(office_id: int, calls: int, all_bidang: tuple[str, ...]) -> int:
    seq = (
        db.session.connection()
        .execute(_BUMP, {"b_office": office_id, "b_calls": calls})
        .scalar_one()
    )
    record(BoardChanged(office_id, frozenset(all_bidang)))
    return int(seq)


def board_version(office_id: int) -> tuple[int, int]:
    """The board's version and the newest call's number, from the database."""
    row = db.session.connection().execute(_VERSION, {"b_office": office_id}).one()
    return row.board_version, row.call_seq
