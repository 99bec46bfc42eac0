"""Files that no row names any more leave the disk, and no others."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from ruko import bookings
from ruko.audit import SYSTEM
from ruko.bookings import Draft
from ruko.files import Store
from ruko.leftovers import DAY_SECONDS, delete_leftovers
from ruko.offices import Office, get_bidang, get_category, get_village
from tests.people import BINJAI

pytestmark = pytest.mark.once


@pytest.fixture
def papers(tmp_path: Path) -> Store:
    return Store(tmp_path / "papers")


@pytest.fixture
def draft(office: Office, now: datetime) -> Draft:
    return bookings.begin(
        office,
        village=get_village(office, BINJAI),
        bidang=get_bidang(office, "KES"),
        category=get_category(office, "stunting"),
        topic="Rembuk stunting",
        by=SYSTEM,
        now=now,
    )


def hand_in(draft: Draft, papers: Store, content: bytes, now: datetime) -> tuple[Path, int]:
    digest = papers.keep(content)
    paper = bookings.attach(
        draft,
        name=f"{digest[:4]}.pdf",
        kind="application/pdf",
        size=len(content),
        digest=digest,
        by=SYSTEM,
        now=now,
    )
    return papers.path_of(digest), paper.id


def let_a_day_pass(folder: Path) -> None:
    for path in folder.glob("*/*"):
        long_ago = path.stat().st_mtime - DAY_SECONDS - 1
        os.utime(path, (long_ago, long_ago))


def test_what_was_removed_or_thrown_away_leaves_the_disk(
    draft: Draft, papers: Store, tmp_path: Path, now: datetime
) -> None:
    kept, _ = hand_in(draft, papers, b"kept", now)
    removed, paper_id = hand_in(draft, papers, b"removed", now)
    bookings.detach(draft, paper_id, by=SYSTEM, now=now)
    refused = papers.path_of(papers.keep(b"refused"))
    note = tmp_path / "papers" / "note.txt"
    note.write_text("not ours")
    assert delete_leftovers(tmp_path) == 0  # somebody may be writing its row just now

    let_a_day_pass(tmp_path)
    assert delete_leftovers(tmp_path) == 2
    assert kept.exists()
    assert note.exists()
    assert not removed.exists()
    assert not refused.exists()

    bookings.discard(draft, now=now)
    assert delete_leftovers(tmp_path) == 1
    assert not kept.exists()


def test_what_is_handed_in_anew_is_young_again(
    draft: Draft, papers: Store, tmp_path: Path, now: datetime
) -> None:
    path = papers.path_of(papers.keep(b"the same paper"))
    let_a_day_pass(tmp_path)
    hand = papers.keep(b"the same paper")
    assert delete_leftovers(tmp_path) == 0
    assert papers.path_of(hand) == path
    assert path.read_bytes() == b"the same paper"


def test_without_any_store_there_is_nothing_to_do(office: Office, tmp_path: Path) -> None:
    assert delete_leftovers(tmp_path / "nowhere") == 0
