"""Speech made on this computer: real sound, kept as files, and nothing worse than silence."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ruko import clock
from ruko.offices import Office
from ruko.voice import CHIME, can_speak, catalogue, read_wav, speak, speech_trouble
from ruko.voice import speech as house
from ruko.voice.spelling import as_spoken
from tests.clips import a_wav
from tests.speech import SpeechMissing, find_espeak

pytestmark = pytest.mark.once

Program = Callable[[str], Path]


def has_voice() -> bool:
    try:
        return bool(find_espeak())
    except SpeechMissing:
        return os.environ.get("CI") == "true"  # there its lack is a failure


needs_voice = pytest.mark.skipif(not has_voice(), reason="espeak-ng is not installed")


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """No failure of another test is remembered, and a busy computer may take its time."""
    monkeypatch.setattr(house, "_rests_until", {})
    monkeypatch.setattr(house, "LIMIT_SECONDS", 60)
    monkeypatch.setattr(house, "PATIENCE_SECONDS", 60)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Another program in the place of espeak-ng, which notes each run in a file."""

    def install(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        runs = folder / "runs"
        fake = folder / house.PROGRAM
        fake.write_text(f'#!/bin/sh\necho "$@" >> "{runs}"\n{script}\n')
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/bin{os.pathsep}/usr/bin")
        return runs

    return install


def runs_of(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


# ── The real voice ────────────────────────────────────────────────────────────────────────────


@needs_voice
@pytest.mark.parametrize("name", ["Loket 11", "Loket 2B", "Ruang PKK", "Ruang Ma'ruf"])
def test_what_it_speaks_is_a_sound_without_silence_around_it(tmp_path: Path, name: str) -> None:
    path = speak(tmp_path, as_spoken(name))
    assert path
    sound = read_wav(path.read_bytes())
    assert 200 <= sound.milliseconds <= 10_000
    assert sound.trimmed() == sound
    assert speech_trouble() is None


@needs_voice
def test_it_speaks_every_clip_of_the_default_office(tmp_path: Path, office: Office) -> None:
    for clip in catalogue(office).values():
        if clip.name != CHIME:
            path = speak(tmp_path, clip.spoken)
            assert path, clip
            assert read_wav(path.read_bytes()).milliseconds >= 100


@needs_voice
def test_a_name_that_takes_too_long_is_left_out(tmp_path: Path) -> None:
    assert speak(tmp_path, as_spoken("X" * 40)) is None
    assert speak(tmp_path, "satu")


@needs_voice
def test_a_longer_text_takes_longer(tmp_path: Path) -> None:
    short, long = speak(tmp_path, "satu"), speak(tmp_path, "Seksi Ketenteraman dan Ketertiban Umum")
    assert short
    assert long
    assert len(long.read_bytes()) > 2 * len(short.read_bytes())


@needs_voice
@pytest.mark.parametrize(
    "text", ["--help", "-f/etc/passwd", "-w x", "$(touch x)", "<voice name='de'>"]
)
def test_no_text_is_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    path = speak(tmp_path / "speech", text)
    assert path
    assert read_wav(path.read_bytes()).milliseconds < 6_000
    assert not list(here.iterdir())


# ── Kept as files ─────────────────────────────────────────────────────────────────────────────


def speaking(tmp_path: Path, before: str = "") -> str:
    """A program that speaks the same sound whatever it is told."""
    sound = tmp_path / "sound.wav"
    sound.write_bytes(a_wav(300))
    return f'{before}\ncat > /dev/null\ncat "{sound}"'


def test_the_same_text_is_made_once(tmp_path: Path, program: Program) -> None:
    runs = program(speaking(tmp_path))
    folder = tmp_path / "speech"
    path = speak(folder, "satu")
    assert path
    assert path == speak(folder, "satu")
    assert runs_of(runs) == 1
    assert runs.read_text().split() == ["-v", "id", "-s", "155", "--stdin", "--stdout"]
    other = speak(folder, "dua")
    assert other not in {None, path}
    assert sorted(folder.iterdir()) == sorted([path, other])
    assert not folder.stat().st_mode & 0o077


def test_two_who_ask_at_once_get_the_same_file(tmp_path: Path, program: Program) -> None:
    runs = program(speaking(tmp_path, before="sleep 0.2"))
    folder = tmp_path / "speech"
    got: list[Path | None] = []
    threads = [threading.Thread(target=lambda: got.append(speak(folder, "satu"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert set(got) == {folder / f"{house.speech_digest('satu')}.wav"}
    assert runs_of(runs) <= 2  # as many as may run at once
    assert len(list(folder.iterdir())) == 1


def test_words_it_would_say_wrongly_are_told_in_its_own_signs(
    tmp_path: Path, program: Program
) -> None:
    program(speaking(tmp_path, before=f'cat > "{tmp_path}/told"'))
    assert speak(tmp_path / "speech", "Loket empat puluh enam")
    assert (tmp_path / "told").read_text() == "[[l'okEt]] [[@mp'at]] puluh [[@n'am]]"


# ── What may fail ─────────────────────────────────────────────────────────────────────────────


def test_without_the_program_there_is_no_speech(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not can_speak()
    assert speak(tmp_path / "speech", "satu") is None
    assert not (tmp_path / "speech").exists()


def test_what_was_made_before_outlives_the_program(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(speaking(tmp_path))
    path = speak(tmp_path, "satu")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert speak(tmp_path, "satu") == path
    assert path


def test_no_words_are_not_spoken(tmp_path: Path, program: Program) -> None:
    runs = program(speaking(tmp_path))
    assert speak(tmp_path, "") is None
    assert runs_of(runs) == 0


FAILING = {
    "exit code": "exit 3",
    "killed": "kill -9 $$",
    "nothing said": "cat > /dev/null",
    "no sound": "echo hello",
    "no interpreter": "",
    "hanging": "sleep 30",
}


@pytest.mark.parametrize("how", FAILING)
def test_a_failed_run_is_said_once_and_not_tried_for_a_minute(
    how: str,
    tmp_path: Path,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(house, "LIMIT_SECONDS", 0.3)
    runs = program(FAILING[how])
    if how == "no interpreter":
        (runs.parent / house.PROGRAM).write_text("#!/no/such/program\n")
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    folder = tmp_path / "speech"
    with caplog.at_level(logging.WARNING, "ruko.voice"):
        assert [speak(folder, "satu") for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1
    assert "satu" in caplog.text
    assert runs_of(runs) <= 1
    assert not folder.exists() or not list(folder.iterdir())
    assert speech_trouble()

    program(speaking(tmp_path))  # repaired
    monkeypatch.setattr(house, "LIMIT_SECONDS", 60)
    tried = runs_of(runs)
    assert speak(folder, "satu") is None
    assert runs_of(runs) == tried
    now += house.REST_SECONDS + 1
    assert speak(folder, "satu")


def test_one_silent_text_does_not_silence_the_others(tmp_path: Path, program: Program) -> None:
    loud = speaking(tmp_path).replace("cat > /dev/null", "grep -q dua || exit 0")
    program(loud)
    assert speak(tmp_path, "satu") is None
    assert speak(tmp_path, "dua")


def test_a_hanging_program_keeps_nobody_waiting_long(
    tmp_path: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "LIMIT_SECONDS", 0.5)
    monkeypatch.setattr(house, "PATIENCE_SECONDS", 0.1)
    runs = program("sleep 30 &\nwait")
    threads = [
        threading.Thread(target=speak, args=(tmp_path / "speech", str(number)), daemon=True)
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
        assert not thread.is_alive()
    assert runs_of(runs) <= 2


def test_a_folder_that_cannot_be_written_is_silence(
    tmp_path: Path, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    runs = program(speaking(tmp_path))
    (tmp_path / "speech").write_text("a file where the folder should be")
    assert speak(tmp_path / "speech", "satu") is None
    assert speak(tmp_path / "speech", "dua") is None
    assert len(caplog.records) == 1
    assert runs_of(runs) == 1
