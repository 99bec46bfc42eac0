"""Sounds: what is taken, what is refused and with which sentence, and the two notes."""

import io
import re
import struct
import wave
from array import array
from contextlib import suppress
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruko.errors import Invalid
from ruko.voice.sound import (
    ANOTHER_KIND,
    BROKEN,
    FULL_SCALE,
    MOST_BYTES,
    Sound,
    chime,
    read_speech,
    read_wav,
)
from tests.clips import LOUDNESS, a_wav

pytestmark = pytest.mark.once


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_plain_wav_is_taken(rate: int, channels: int) -> None:
    sound = read_wav(a_wav(400, rate=rate, channels=channels))
    assert (sound.rate, sound.channels, sound.milliseconds) == (rate, channels, 400)
    assert sound.peak == pytest.approx(LOUDNESS, rel=0.01)
    assert read_wav(sound.as_wav()) == sound


@cache
def faults() -> dict[str, tuple[bytes, str]]:
    good = a_wav(300)
    eight_bits = io.BytesIO()
    with wave.open(eight_bits, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(range(256)) * 10)
    return {
        "nothing": (b"", ANOTHER_KIND),
        "mp3": (b"ID3\x04" + bytes(2000), ANOTHER_KIND),
        "ogg": (b"OggS" + bytes(2000), ANOTHER_KIND),
        "webm": (b"\x1aE\xdf\xa3" + bytes(2000), ANOTHER_KIND),
        "page": (b"<!doctype html><script>alert(1)</script>", ANOTHER_KIND),
        "avi": (b"RIFF\x10\0\0\0AVI " + bytes(2000), ANOTHER_KIND),
        "8 bits": (eight_bits.getvalue(), ANOTHER_KIND),
        "fast": (a_wav(300, rate=96_000), ANOTHER_KIND),
        "slow": (a_wav(300, rate=4_000), ANOTHER_KIND),
        "three channels": (a_wav(300, channels=3), ANOTHER_KIND),
        "floats": (good[:20] + struct.pack("<H", 3) + good[22:], ANOTHER_KIND),
        "cut off": (good[:-200], BROKEN),
        "header alone": (good[:44], BROKEN),
        "half a header": (good[:30], BROKEN),
        "no sound in it": (good[:36] + b"junk" + good[40:], BROKEN),
        "short": (a_wav(99), "shorter than 0.1 seconds"),
        "empty": (a_wav(0), "shorter than 0.1 seconds"),
        "long": (a_wav(5_001), "longer than 5 seconds"),
        "silent": (a_wav(500, loudness=0), "Nothing can be heard"),
        "hum": (a_wav(500, loudness=200), "Nothing can be heard"),
        "large": (a_wav(10_000, rate=48_000, channels=2), "larger than 1 MB"),
    }


@pytest.mark.parametrize("name", faults())
def test_each_fault_is_a_sentence(name: str) -> None:
    content, sentence = faults()[name]
    with pytest.raises(Invalid, match=re.escape(sentence)) as refused:
        read_wav(content)
    assert refused.value.field == "file"


@given(st.binary(max_size=200), st.integers(0, 700))
def test_no_file_can_break_the_reader(junk: bytes, place: int) -> None:
    good = a_wav(20)
    for content in (junk, good[:place] + junk, good[:place] + junk + good[place + len(junk) :]):
        with suppress(Invalid):
            read_wav(content)


def test_the_reader_keeps_the_sound_alone() -> None:
    good = a_wav(300)
    note = b"INFOIART" + struct.pack("<I", 6) + b"Camat\0"
    chunks = b"LIST" + struct.pack("<I", len(note)) + note + good[12:]
    noted = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    kept = read_wav(noted).as_wav()
    assert b"Camat" in noted
    assert kept == good


def a_sound(*parts: tuple[int, int], channels: int = 1) -> Sound:
    """Stretches of (samples, loudness) at 1 000 samples a second, so 20 samples are the margin."""
    samples = array("h")
    for length, loudness in parts:
        samples.extend([loudness] * length * channels)
    return Sound(samples, 1000, channels)


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_at_both_ends_is_cut_but_for_a_breath(channels: int) -> None:
    speaking = a_sound((300, 5), (100, 9000), (50, 0), (100, -9000), (400, -5), channels=channels)
    trimmed = speaking.trimmed()
    assert trimmed.milliseconds == 20 + 100 + 50 + 100 + 20
    assert trimmed.samples[20 * channels] == 9000
    assert trimmed.trimmed() == trimmed


def test_what_has_no_silence_or_no_sound_stays() -> None:
    for sound in (a_sound((100, 9000)), a_sound((100, 0)), a_sound()):
        assert sound.trimmed() == sound


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(-FULL_SCALE, FULL_SCALE)), max_size=6))
def test_a_cut_never_takes_what_is_loud(parts: list[tuple[int, int]]) -> None:
    sound = a_sound(*parts, channels=2)
    trimmed = sound.trimmed()
    assert len(trimmed.samples) % 2 == 0
    assert trimmed.peak == sound.peak
    limit = sound.peak * 0.02
    if sound.peak:
        loud = [sample for sample in sound.samples if abs(sample) >= max(limit, 1)]
        assert [s for s in trimmed.samples if abs(s) >= max(limit, 1)] == loud


def test_the_two_notes() -> None:
    sound = chime()
    assert sound.milliseconds == 900
    assert 0.4 * FULL_SCALE < sound.peak < 0.6 * FULL_SCALE
    assert abs(sound.samples[0]) < 10  # a soft beginning and end: no click
    assert abs(sound.samples[-1]) < 100
    assert pitch(sound, 0.05, 0.25) == pytest.approx(659, abs=6)
    assert pitch(sound, 0.5, 0.8) == pytest.approx(880, abs=6)
    assert read_wav(sound.as_wav()) == sound
    assert len(sound.as_wav()) < 50_000


def pitch(sound: Sound, begin: float, end: float) -> float:
    """Counted by how often the wave rises through zero."""
    part = sound.samples[round(begin * sound.rate) : round(end * sound.rate)]
    rises = sum(1 for one, other in pairwise(part) if one < 0 <= other)
    return rises / (end - begin)


def test_speech_from_a_pipe_cannot_know_its_length() -> None:
    good = a_wav(300)
    endless = good[:40] + struct.pack("<I", 0x7FFFF000) + good[44:]
    with pytest.raises(Invalid, match="broken"):
        read_wav(endless)
    heard = read_speech(endless)
    assert heard
    assert heard.milliseconds == 300
    assert read_speech(b"") is None
    assert read_speech(a_wav(300, loudness=0)) is None


def test_a_clip_that_fits_may_be_large() -> None:
    assert len(a_wav(5_000, rate=48_000, channels=2)) < MOST_BYTES
    assert read_wav(a_wav(5_000, rate=48_000, channels=2)).milliseconds == 5_000
