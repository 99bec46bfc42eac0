"""The running text: sentences in an order, on their days, four at a time."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import delete

from ruko.audit import SYSTEM, trail_of
from ruko.db import db
from ruko.errors import Invalid, NotFound
from ruko.offices import (
    Announcement,
    Office,
    Standing,
    add_announcement,
    all_entries,
    announcements_on,
    board_version,
    change_entry,
    get_entry,
    move_entry,
    remove_entry,
    standings,
)
from tests.conftest import MONDAY
from tests.steps import board

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _silence(office: Office) -> None:
    """Begin without the sentences of the default office; the fixture's rollback brings them back."""
    db.session.execute(delete(Announcement))


def say(
    office: Office, now: datetime, text: str, first: date | None = None, last: date | None = None
) -> Announcement:
    return add_announcement(office, text, first, last, by=SYSTEM, now=now)


def texts(office: Office) -> list[str]:
    return [entry.text for entry in all_entries(Announcement, office)]


def test_a_new_sentence_runs_at_once_after_the_others(office: Office, now: datetime) -> None:
    say(office, now, "Satu.")
    version = board_version(office.id)[0]
    say(office, now, "  Dua\n dan \t tiga.  ")
    assert board(office, now)["announcements"] == ["Satu.", "Dua dan tiga."]
    assert board_version(office.id)[0] == version + 1


@pytest.mark.parametrize(
    ("first", "last", "standing"),
    [
        (None, None, Standing.SHOWN),
        (MONDAY, MONDAY, Standing.SHOWN),
        (None, MONDAY, Standing.SHOWN),
        (MONDAY + DAY, None, Standing.AHEAD),
        (None, MONDAY - DAY, Standing.OVER),
        (MONDAY - 9 * DAY, MONDAY - DAY, Standing.OVER),
    ],
)
def test_it_runs_on_its_days(
    office: Office, now: datetime, first: date | None, last: date | None, standing: Standing
) -> None:
    sentence = say(office, now, "Satu.", first, last)
    assert standings([sentence], MONDAY) == [(sentence, standing)]
    assert announcements_on(office, MONDAY) == ["Satu."] * (standing == Standing.SHOWN)


def test_four_run_and_the_others_wait_for_a_place(office: Office, now: datetime) -> None:
    for number in range(6):
        say(office, now, f"{number}", last=MONDAY if number == 0 else None)
    waiting, shown = Standing.WAITING, Standing.SHOWN
    entries = all_entries(Announcement, office)
    assert [s for _, s in standings(entries, MONDAY)] == [shown] * 4 + [waiting] * 2
    assert announcements_on(office, MONDAY) == ["0", "1", "2", "3"]
    after = [s for _, s in standings(entries, MONDAY + DAY)]
    assert after == [Standing.OVER, *[shown] * 4, waiting]
    assert announcements_on(office, MONDAY + DAY) == ["1", "2", "3", "4"]


def test_the_order_can_be_changed(office: Office, now: datetime) -> None:
    entries = [say(office, now, text) for text in "abc"]
    for entry, steps, order in (
        (2, -1, "acb"), (2, -1, "cab"), (2, -1, "cab"), (2, 1, "acb"), (0, 9, "cba"), (0, 1, "cba"),
    ):  # fmt: skip
        move_entry(entries[entry], steps, by=SYSTEM, now=now)
        assert "".join(texts(office)) == order
    assert announcements_on(office, MONDAY) == ["c", "b", "a"]


def test_equal_positions_do_not_hinder_moving(office: Office, now: datetime) -> None:
    entries = [say(office, now, text) for text in "abc"]
    for entry in entries:
        entry.position = 0
    move_entry(entries[0], 1, by=SYSTEM, now=now)
    assert texts(office) == ["b", "a", "c"]


def test_a_changed_sentence_runs_at_once(office: Office, now: datetime) -> None:
    sentence = say(office, now, "Kantor tutup pukul 15.00.")
    change_entry(sentence, "Kantor tutup pukul 14.00.", MONDAY, None, by=SYSTEM, now=now)
    assert announcements_on(office, MONDAY) == ["Kantor tutup pukul 14.00."]
    assert announcements_on(office, MONDAY - DAY) == []
    version = board_version(office.id)[0]
    change_entry(sentence, " Kantor tutup pukul 14.00.", MONDAY, None, by=SYSTEM, now=now)
    assert board_version(office.id)[0] == version, "nothing has changed"


def test_a_removed_sentence_is_gone_and_the_trail_keeps_it(office: Office, now: datetime) -> None:
    sentence = say(office, now, "Satu.", None, MONDAY)
    sentence_id = sentence.id
    remove_entry(sentence, by=SYSTEM, now=now)
    assert announcements_on(office, MONDAY) == []
    told = trail_of("message", sentence_id)
    assert [(row.action, row.detail["text"], row.detail["ends_on"]) for row in told] == [
        ("add", "Satu.", "2026-11-23"),
        ("remove", "Satu.", "2026-11-23"),
    ]
    with pytest.raises(NotFound):
        get_entry(Announcement, office, sentence_id)


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 201])
def test_a_sentence_has_a_length(office: Office, now: datetime, text: str) -> None:
    sentence = say(office, now, "x" * 200)
    for attempt in (
        lambda: say(office, now, text),
        lambda: change_entry(sentence, text, None, None, by=SYSTEM, now=now),
    ):
        with pytest.raises(Invalid) as caught:
            attempt()
        assert caught.value.field == "text"
    assert texts(office) == ["x" * 200]


def test_the_last_day_is_not_before_the_first(office: Office, now: datetime) -> None:
    with pytest.raises(Invalid) as caught:
        say(office, now, "Satu.", MONDAY, MONDAY - DAY)
    assert caught.value.field == "ends_on"
    assert texts(office) == []


def test_another_offices_sentence_is_not_there(office: Office, now: datetime) -> None:
    sentence = say(office, now, "Satu.")
    other = Office(id=office.id + 1)
    assert all_entries(Announcement, other) == []
    with pytest.raises(NotFound):
        get_entry(Announcement, other, sentence.id)
    db.session.expunge_all()


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "“Kutip” & 'petik'", "Bèndè 😀"])
def test_any_words_are_kept_as_they_are(office: Office, now: datetime, text: str) -> None:
    say(office, now, text)
    assert announcements_on(office, MONDAY) == [text]
