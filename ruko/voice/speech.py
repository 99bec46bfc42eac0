"""Speech made on this computer by `espeak-ng` where it is installed, and kept as files."""

import hashlib
import logging
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from ruko import clock
from ruko.files import write_whole
from ruko.voice.sound import read_speech

log = logging.getLogger(__name__)

PROGRAM = "espeak-ng"
VOICE = "id"
SPEED = "155"
"""Words a minute, of 175 usual ones: calls in waiting rooms are spoken a little slowly."""
SOUNDS = {"empat": "[[@mp'at]]", "enam": "[[@n'am]]", "loket": "[[l'okEt]]"}
"""Words of every day whose vowel it gets wrong, in its own signs for sounds."""
LIMIT_SECONDS = 5
LONGEST_MS = 10_000
"""Of what it speaks: longer than a recorded clip, for a name cannot be said shorter."""
PATIENCE_SECONDS = 4
"""How long a request waits for its turn; a screen goes on without the clip by then."""
REST_SECONDS = 60
"""After a failed run there is no other one for so long."""

_turns = threading.BoundedSemaphore(2)
"""So many run at once: a screen that asks for every clip must not slow the kiosk down."""
_rests_until: dict[str, float] = {}
"""What failed lately: the program itself, or what it could not say."""


class SpeechFailed(Exception):
    """The program ran and did not speak."""


def can_speak() -> bool:
    """Whether this computer has a voice of its own."""
    return shutil.which(PROGRAM) is not None


def speech_digest(text: str) -> str:
    """The name under which the sound of that text is kept; another text is another file."""
    return hashlib.sha256(f"{VOICE}\n{SPEED}\n{_told(text)}".encode()).hexdigest()


def speak(folder: Path, text: str) -> Path | None:
    """A WAV file that speaks the text, made when first asked for; None where that cannot be."""
    digest = speech_digest(text)
    path = folder / f"{digest}.wav"
    if path.exists():
        return path
    program = shutil.which(PROGRAM)
    if not (program and text and _turns.acquire(timeout=PATIENCE_SECONDS)):
        return None
    try:
        if path.exists():  # made while this one waited
            return path
        if _rests(program) or _rests(digest):
            return None
        return path if _make(path, program, text, digest) else None
    finally:
        _turns.release()


def speech_trouble() -> str | None:
    """Why the installed program does not speak, tried with one word; keeps no file."""
    try:
        _synthesise(shutil.which(PROGRAM) or PROGRAM, "nol")
    except SpeechFailed as error:
        return str(error)
    return None


def _synthesise(program: str, text: str) -> bytes:
    """Let the program speak: a WAV without silence around it; raises `SpeechFailed`.

    The text goes in by a pipe, so that it can be no option; the sound comes out through a file,
    because a pipe would stay open in whatever a hanging program has started.
    """
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(  # noqa: S603 – found on the PATH, with arguments of our own
                [program, "-v", VOICE, "-s", SPEED, "--stdin", "--stdout"],
                input=_told(text).encode(),
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=LIMIT_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SpeechFailed(str(error)) from error
        output.seek(0)
        sound = read_speech(output.read())
    if sound is None:
        raise SpeechFailed("It made no sound.")
    if sound.milliseconds > LONGEST_MS:
        raise SpeechFailed("It spoke for too long.")
    return sound.trimmed().as_wav()


def _told(text: str) -> str:
    """The text as the program is told it."""
    return " ".join(SOUNDS.get(word.lower(), word) for word in text.split())


def _make(path: Path, program: str, text: str, digest: str) -> bool:
    try:
        write_whole(path, _synthesise(program, text))
    except SpeechFailed as error:
        silent = error.__cause__ is None  # this text alone; else the program is ill
        _rests_until[digest if silent else program] = clock.monotonic() + REST_SECONDS
        log.warning("%s did not speak “%s”: %s", PROGRAM, text, error)
        return False
    except OSError:
        _rests_until[program] = clock.monotonic() + REST_SECONDS
        log.exception("the speech of “%s” could not be kept", text)
        return False
    return True


def _rests(what: str) -> bool:
    return clock.monotonic() < _rests_until.get(what, 0.0)
