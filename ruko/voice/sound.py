"""Sounds as WAV files: read and checked, cut at both ends, and the two notes of a call."""

import io
import math
import wave
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from ruko.errors import N_, Invalid

MOST_BYTES = 1_000_000
SHORTEST_MS = 100
LONGEST_MS = 5_000
"""Only a place and a bidang are this long: so a sentence ends before its desk is warned (20 s)."""
SLOWEST_RATE = 8_000
FASTEST_RATE = 48_000
FULL_SCALE = 32_767
HEARD = FULL_SCALE // 100
"""A sound that never reaches this is silence."""
QUIET = 0.02
"""At both ends, what stays below this share of the loudest is cut."""
MARGIN_MS = 20

ANOTHER_KIND = N_(
    "This file is not a WAV sound of 16 bits. While JavaScript runs, this page turns other sounds"
    " into one; otherwise please save it as WAV first."
)
BROKEN = N_("This sound file is broken, or its end is missing. Please save it again.")

NOTES = ((659.25, 0.0, 0.55), (880.0, 0.3, 0.6))
"""Pitch, begin and length, as in `static/js/chime.js`: E5, then A5."""
NOTES_RATE = 22_050
NOTES_LOUDNESS = 0.5
NOTES_ATTACK = 0.03
NOTES_END = 0.001


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of 16 bits; those of both channels alternate."""

    samples: "array[int]"
    rate: int
    channels: int = 1

    @property
    def milliseconds(self) -> int:
        return len(self.samples) // self.channels * 1000 // self.rate

    @property
    def peak(self) -> int:
        loudest, deepest = max(self.samples, default=0), min(self.samples, default=0)
        return max(loudest, -deepest)

    def trimmed(self) -> "Sound":
        """Without the silence before and after, but for a breath; silence alone stays as it is."""
        limit = max(self.peak * QUIET, 1)
        first = _first_above(limit, iter(self.samples))
        if first is None:
            return self
        last = len(self.samples) - (_first_above(limit, reversed(self.samples)) or 0)
        margin = self.rate * MARGIN_MS // 1000 * self.channels
        begin = max(0, first - first % self.channels - margin)
        end = min(len(self.samples), last + -last % self.channels + margin)
        return replace(self, samples=self.samples[begin:end])

    def as_wav(self) -> bytes:
        """A file with these samples and nothing else: what a recorder writes beside them is left."""
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(self.channels)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.samples.tobytes())
        return content.getvalue()


def _first_above(limit: float, samples: Iterator[int]) -> int | None:
    return next((place for place, sample in enumerate(samples) if abs(sample) >= limit), None)


def read_wav(content: bytes) -> Sound:
    """The sound that somebody handed in, checked; raises `Invalid`."""
    if len(content) > MOST_BYTES:
        raise Invalid("file", N_("This sound is larger than 1 MB. Please hand in a shorter one."))
    sound, promised = _decode(content)
    if len(sound.samples) < promised:
        raise Invalid("file", BROKEN)
    if sound.milliseconds < SHORTEST_MS:
        raise Invalid("file", N_("This sound is shorter than 0.1 seconds. Please record it again."))
    if sound.milliseconds > LONGEST_MS:
        raise Invalid(
            "file", N_("This sound is longer than 5 seconds. Please record a shorter one.")
        )
    if sound.peak < HEARD:
        raise Invalid(
            "file",
            N_("Nothing can be heard in this sound. Please check the microphone and record again."),
        )
    return sound


def read_speech(content: bytes) -> Sound | None:
    """What a program spoke into a pipe, where its header cannot know the length; None if nothing."""
    try:
        sound, _ = _decode(content)
    except Invalid:
        return None
    return sound if sound.peak >= HEARD else None


def _decode(content: bytes) -> tuple[Sound, int]:
    """The samples that are there, and how many the header promised; raises `Invalid`."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise Invalid("file", ANOTHER_KIND)
    try:
        with wave.open(io.BytesIO(content)) as file:
            kind, promised = file.getparams(), file.getnframes() * file.getnchannels()
            if (
                kind.sampwidth != 2
                or kind.nchannels not in {1, 2}
                or not SLOWEST_RATE <= kind.framerate <= FASTEST_RATE
            ):
                raise Invalid("file", ANOTHER_KIND)
            frames = file.readframes(kind.nframes)
    except (wave.Error, EOFError, RuntimeError) as error:  # the last where a chunk ends outside
        compressed = str(error).startswith("unknown format")
        raise Invalid("file", ANOTHER_KIND if compressed else BROKEN) from None
    samples = array("h", frames[: len(frames) - len(frames) % (2 * kind.nchannels)])
    return Sound(samples, kind.framerate, kind.nchannels), promised


@cache
def chime() -> Sound:
    """The two rising notes of a call, for screens that cannot make them."""
    length = round(max(begin + lasts for _, begin, lasts in NOTES) * NOTES_RATE)
    mixed = [0.0] * length
    for pitch, begin, lasts in NOTES:
        first = round(begin * NOTES_RATE)
        for place in range(round(lasts * NOTES_RATE)):
            at = place / NOTES_RATE
            mixed[first + place] += _loudness(at, lasts) * math.sin(2 * math.pi * pitch * at)
    return Sound(array("h", (round(value * FULL_SCALE) for value in mixed)), NOTES_RATE)


def _loudness(at: float, lasts: float) -> float:
    """A soft attack, then fading away, as a struck bell."""
    if at < NOTES_ATTACK:
        return NOTES_LOUDNESS * at / NOTES_ATTACK
    faded = (at - NOTES_ATTACK) / (lasts - NOTES_ATTACK)
    return float(NOTES_LOUDNESS * (NOTES_END / NOTES_LOUDNESS) ** faded)
