"""The office's voice: the sentences, the catalogue that covers them, and recordings."""

from datetime import datetime
from string import ascii_uppercase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from ruko.audit import SYSTEM, trail_of
from ruko.db import db
from ruko.errors import NotFound
from ruko.offices import Bidang, Counter, Office, all_bidang, all_counters
from ruko.tickets import ticket_code
from ruko.voice import (
    CHIME,
    Clip,
    Covered,
    VoiceChanged,
    catalogue,
    clips,
    coverage,
    keep_clip,
    recorded,
    recording,
    remove_clip,
)

DIGEST, OTHER = "a" * 64, "b" * 64


# ── The sentences ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        ("first", ["chime", "nomor-antrean"]),
        ("recall", ["chime", "panggilan-ulang", "nomor-antrean"]),
        ("last", ["chime", "panggilan-terakhir", "nomor-antrean"]),
    ],
)
def test_a_call_in_words(kind: str, opening: list[str]) -> None:
    spelled = ["a", "0", "1", "2", "silakan-menuju", "place-3", "bidang-PEM"]
    assert clips("A-012", kind, 3, "PEM") == opening + spelled


@pytest.mark.once
def test_a_large_number_is_spelled_to_its_end() -> None:
    assert clips("F-1024", "first", 1, "SEK")[2:7] == ["f", "1", "0", "2", "4"]


def in_words(office: Office, names: list[str]) -> str:
    words = catalogue(office)
    return " ".join(words[name].spoken for name in names).strip()


def test_a_call_as_it_is_heard(office: Office) -> None:
    loket, room = all_counters(office)[0], all_counters(office)[-1]
    assert in_words(office, clips("A-012", "first", loket.id, "PEM")) == (
        "Nomor antrean a nol satu dua Silakan menuju Loket satu Seksi Pemerintahan"
    )
    assert in_words(office, clips("C-900", "last", room.id, "TRB")) == (
        "Panggilan terakhir Nomor antrean ce sembilan nol nol Silakan menuju Ruang Ruko dua"
        " Seksi Ketenteraman dan Ketertiban Umum"
    )


# ── The catalogue ─────────────────────────────────────────────────────────────────────────────


def test_the_catalogue_of_the_default_office(office: Office) -> None:
    words = catalogue(office)
    required = [clip for clip in words.values() if clip.required]
    assert [c.name for c in required if c.group == "phrases"] == [
        CHIME,
        "nomor-antrean",
        "panggilan-ulang",
        "panggilan-terakhir",
        "silakan-menuju",
    ]
    assert [c.name for c in required if c.group == "letters"] == list("abcdef")
    assert [c.name for c in required if c.group == "digits"] == list("0123456789")
    assert [c.label for c in required if c.group == "places"] == [
        c.name for c in all_counters(office)
    ]
    assert [c.label for c in required if c.group == "bidang"] == [
        b.name for b in all_bidang(office)
    ]
    assert len([c for c in words.values() if c.group == "letters"]) == 26
    assert all(len(name) <= 32 for name in words)
    assert all(clip.spoken for clip in words.values() if clip.name != CHIME)


def test_a_closed_bidang_is_still_known_and_no_longer_required(office: Office) -> None:
    db.session.execute(update(Bidang).where(Bidang.code == "SEK").values(active=False))
    words = catalogue(office)
    assert not words["bidang-SEK"].required
    assert not words["f"].required
    assert words["f"].spoken == "ef"


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    letters=st.lists(st.sampled_from(ascii_uppercase), unique=True, max_size=6),
    names=st.lists(st.text(min_size=1, max_size=40), unique=True, max_size=5),
    spoken=st.text(max_size=80),
    number=st.integers(1, 12_000),
)
def test_every_call_of_any_office_is_covered(
    office: Office, letters: list[str], names: list[str], spoken: str, number: int
) -> None:
    savepoint = db.session.begin_nested()
    taken = {bidang.letter for bidang in all_bidang(office)}
    for place, letter in enumerate(set(letters) - taken):
        db.session.add(
            Bidang(
                office_id=office.id,
                code=f"B-{place}",
                letter=letter,
                name="Bidang",
                short_name="Bidang",
                spoken_name=_plain(spoken),
                about="",
                position=50 + place,
            )
        )
    for place, name in enumerate(names):
        db.session.add(
            Counter(
                office_id=office.id,
                name=f"{place}{_plain(name)}"[:40],
                kind="loket",
                position=50 + place,
            )
        )
    db.session.flush()
    words = catalogue(office)
    for bidang in all_bidang(office):
        for counter in all_counters(office):
            code = ticket_code(bidang.letter, number)
            for kind in ("first", "recall", "last"):
                call = clips(code, kind, counter.id, bidang.code)
                assert all(words[name].required for name in call)
    savepoint.rollback()


def _plain(text: str) -> str:
    """Text that any database keeps."""
    return text.replace("\0", "").encode(errors="ignore").decode()


# ── Recordings, and where each sound comes from ───────────────────────────────────────────────


@pytest.fixture
def speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer has a voice."""
    monkeypatch.setattr(recording, "can_speak", lambda: True)


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer has none."""
    monkeypatch.setattr(recording, "can_speak", lambda: False)


def of(office: Office, name: str) -> Covered:
    return next(covered for covered in coverage(office) if covered.wanted.name == name)


def keep(office: Office, now: datetime, name: str = "7", digest: str = DIGEST) -> Clip:
    return keep_clip(office, name, digest=digest, milliseconds=640, by=SYSTEM, now=now)


@pytest.mark.usefixtures("mute")
def test_without_a_voice_only_the_chime_sounds(office: Office) -> None:
    sources = {covered.wanted.name: covered.source for covered in coverage(office)}
    assert sources.pop(CHIME) == "generated"
    assert set(sources.values()) == {"missing"}
    assert all(covered.edition is None for covered in coverage(office)[1:])


@pytest.mark.usefixtures("speaks")
def test_with_a_voice_nothing_is_missing(office: Office) -> None:
    assert {covered.source for covered in coverage(office)} == {"generated"}
    editions = [covered.edition for covered in coverage(office) if covered.wanted.required]
    assert None not in editions
    assert len(set(editions)) == len(editions)


@pytest.mark.usefixtures("speaks")
def test_a_recording_comes_first_and_its_removal_brings_speech_back(
    office: Office, now: datetime
) -> None:
    spoken = of(office, "7").edition
    clip = keep(office, now)
    assert (clip.digest, clip.milliseconds, clip.recorded_at) == (DIGEST, 640, now)
    assert of(office, "7") == Covered(catalogue(office)["7"], "recorded", clip, DIGEST[:12])
    remove_clip(office, "7", by=SYSTEM, now=now)
    assert (of(office, "7").source, of(office, "7").edition) == ("generated", spoken)
    assert recorded(office) == {}
    assert [event.action for event in trail_of("clip", clip.id)] == ["recorded", "removed"]
    assert trail_of("clip", clip.id)[0].detail == {"name": "7"}


def test_a_second_recording_replaces_the_first(office: Office, now: datetime) -> None:
    first = keep(office, now)
    again = keep(office, now, digest=OTHER)
    assert again.id == first.id
    assert recorded(office)["7"].digest == OTHER
    assert db.session.scalar(select(func.count()).select_from(Clip)) == 1


@pytest.mark.parametrize("name", ["", "10", "A", "place-999999", "bidang-XYZ", "../../secret_key"])
def test_only_clips_of_a_call_are_recorded(office: Office, now: datetime, name: str) -> None:
    with pytest.raises(NotFound, match="No call of this office"):
        keep(office, now, name)


@pytest.mark.parametrize("name", ["chime", "z", "bidang-PEM", "panggilan-ulang"])
def test_every_clip_of_the_list_may_be_recorded(office: Office, now: datetime, name: str) -> None:
    keep(office, now, name)
    assert of(office, name).source == "recorded"


def test_screens_hear_of_each_change_and_of_nothing_else(office: Office, now: datetime) -> None:
    happened = db.session.info
    remove_clip(office, "7", by=SYSTEM, now=now)  # nothing there
    assert not happened.get("ruko_events")
    keep(office, now)
    remove_clip(office, "7", by=SYSTEM, now=now)
    assert happened["ruko_events"] == [VoiceChanged(office.id)] * 2


@pytest.mark.usefixtures("speaks")
def test_a_renamed_counter_is_another_sound(office: Office) -> None:
    counter = all_counters(office)[0]
    name = f"place-{counter.id}"
    before = of(office, name)
    counter.name = "Loket 11"
    db.session.flush()
    after = of(office, name)
    assert (before.wanted.spoken, after.wanted.spoken) == ("Loket satu", "Loket sebelas")
    assert before.edition != after.edition


@pytest.mark.usefixtures("speaks")
def test_a_name_without_a_word_cannot_be_spoken(office: Office) -> None:
    counter = all_counters(office)[0]
    counter.name = "«»"
    db.session.flush()
    assert of(office, f"place-{counter.id}").source == "missing"


def test_a_recording_outlives_its_place(office: Office, now: datetime) -> None:
    counter = Counter(office_id=office.id, name="Loket 99", kind="loket", position=99)
    db.session.add(counter)
    db.session.flush()
    name = f"place-{counter.id}"
    keep(office, now, name)
    db.session.execute(delete(Counter).where(Counter.id == counter.id))
    assert name in recorded(office)
    assert name not in catalogue(office)
    remove_clip(office, name, by=SYSTEM, now=now)
    assert recorded(office) == {}
