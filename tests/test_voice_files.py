"""The voice at its door: the list of clips, and the sound of each one."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from ruko import clock, voice
from ruko.audit import SYSTEM
from ruko.db import db, writing
from ruko.files import Store
from ruko.offices import Counter, all_counters, get_office
from ruko.voice import chime, keep_clip, read_wav, remove_clip
from ruko.voice import speech as house
from tests.clips import a_wav
from tests.conftest import SLUG, VisitingClient

HOME = f"/{SLUG}/display"
KEPT = "public, max-age=31536000, immutable"


@pytest.fixture(autouse=True)
def fake_voice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A voice that says everything with the same sound, at once; returns what it was told to say."""
    told: list[str] = []

    def say(_program: str, text: str) -> bytes:
        told.append(text)
        return a_wav(200 + len(text))

    monkeypatch.setattr(house, "_rests_until", {})
    monkeypatch.setattr(house, "_synthesise", say)
    monkeypatch.setattr(shutil, "which", lambda _program: "/usr/bin/espeak-ng")
    shutil.rmtree(data_of(app) / "speech", ignore_errors=True)
    return told


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead there is no voice."""
    monkeypatch.setattr(shutil, "which", lambda _program: None)


@pytest.fixture
def record(app: Flask) -> Callable[..., bytes]:
    """Record a clip; returns its file: `record("7", 300)`."""

    def make(name: str, milliseconds: int = 300) -> bytes:
        content = a_wav(milliseconds)
        digest = Store(data_of(app) / "clips").keep(content)
        with app.app_context(), writing():
            keep_clip(
                get_office(SLUG),
                name,
                digest=digest,
                milliseconds=milliseconds,
                by=SYSTEM,
                now=clock.now(),
            )
            db.session.commit()
        return content

    return make


def data_of(app: Flask) -> Path:
    return Path(app.config["RUKO"].data_dir)


def manifest(client: VisitingClient) -> dict[str, Any]:
    answer = client.get(f"{HOME}/voice.json")
    assert answer.status_code == 200
    assert answer.json is not None
    return dict(answer.json)


def place(app: Flask) -> int:
    with app.app_context():
        return all_counters(get_office(SLUG))[0].id


# ── The list ──────────────────────────────────────────────────────────────────────────────────


def test_the_list_names_every_clip_and_makes_none(
    app: Flask, client: VisitingClient, fake_voice: list[str]
) -> None:
    said = manifest(client)
    with app.app_context():
        names = set(voice.catalogue(get_office(SLUG)))
    assert set(said["clips"]) == names - {"chime"}
    assert said["missing"] == []
    for name, address in said["clips"].items():
        assert address.startswith(f"{HOME}/clips/{name}.wav?v=")
        assert len(address.partition("?v=")[2]) == 12
    assert fake_voice == []


@pytest.mark.usefixtures("mute")
def test_without_a_voice_the_list_says_what_is_missing(
    client: VisitingClient, record: Callable[..., bytes]
) -> None:
    said = manifest(client)
    assert said["clips"] == {}
    assert "chime" not in said["missing"]
    assert "z" not in said["missing"]
    assert {"nomor-antrean", "a", "0", "bidang-PEM"} <= set(said["missing"])

    record("a")
    record("z")
    record("chime")
    now = manifest(client)
    assert set(now["clips"]) == {"a", "z", "chime"}
    assert len(now["missing"]) == len(said["missing"]) - 1


def test_an_unchanged_list_is_not_sent_again(
    client: VisitingClient, record: Callable[..., bytes]
) -> None:
    first = client.get(f"{HOME}/voice.json")
    assert first.headers["Cache-Control"] == "no-cache"
    tag = {"If-None-Match": first.headers["ETag"]}
    unchanged = client.get(f"{HOME}/voice.json", headers=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    record("7")
    assert client.get(f"{HOME}/voice.json", headers=tag).status_code == 200


def test_a_new_sound_has_a_new_address(
    app: Flask, client: VisitingClient, record: Callable[..., bytes]
) -> None:
    seen = [manifest(client)["clips"]["7"]]
    for milliseconds in (300, 400):
        record("7", milliseconds)
        seen.append(manifest(client)["clips"]["7"])
    with app.app_context(), writing():
        remove_clip(get_office(SLUG), "7", by=SYSTEM, now=clock.now())
        db.session.commit()
    assert len(set(seen)) == 3
    assert manifest(client)["clips"]["7"] == seen[0]


def test_a_renamed_counter_has_a_new_address(app: Flask, client: VisitingClient) -> None:
    number = place(app)

    def rename(name: str) -> None:
        with app.app_context(), writing():
            db.session.execute(update(Counter).where(Counter.id == number).values(name=name))
            db.session.commit()

    before = manifest(client)["clips"]
    assert client.get(before[f"place-{number}"]).status_code == 200
    rename('Loket 11 "<b>')
    try:
        after = manifest(client)["clips"]
        assert {name for name in before if before[name] != after[name]} == {f"place-{number}"}
        assert client.get(after[f"place-{number}"]).headers["Cache-Control"] == KEPT
    finally:
        rename("Loket 1")


# ── The sound ─────────────────────────────────────────────────────────────────────────────────


def test_speech_is_made_when_first_asked_for(client: VisitingClient, fake_voice: list[str]) -> None:
    address = manifest(client)["clips"]["bidang-PEM"]
    for _ in range(2):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
        assert answer.headers["Cache-Control"] == KEPT
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert read_wav(answer.data).milliseconds == 218
    assert fake_voice == ["Seksi Pemerintahan"]


def test_a_recording_is_sent_as_it_is(client: VisitingClient, record: Callable[..., bytes]) -> None:
    content = record("7")
    answer = client.get(manifest(client)["clips"]["7"])
    assert answer.data == content
    assert answer.headers["Cache-Control"] == KEPT


def test_another_version_is_the_same_sound_and_not_kept(client: VisitingClient) -> None:
    for address in (f"{HOME}/clips/7.wav", f"{HOME}/clips/7.wav?v=000000000000"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "no-cache" in answer.headers["Cache-Control"]
        assert "immutable" not in answer.headers["Cache-Control"]
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_a_player_may_ask_for_a_part(client: VisitingClient, record: Callable[..., bytes]) -> None:
    content = record("7")
    answer = client.get(f"{HOME}/clips/7.wav", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.data) == (206, content[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    beyond = client.get(f"{HOME}/clips/7.wav", headers={"Range": f"bytes={len(content)}-"})
    assert 400 <= beyond.status_code < 500


@pytest.mark.usefixtures("mute")
def test_the_chime_always_sounds(client: VisitingClient, record: Callable[..., bytes]) -> None:
    answer = client.get(f"{HOME}/clips/chime.wav")
    assert (answer.status_code, answer.data) == (200, chime().as_wav())
    assert client.get(f"{HOME}/clips/7.wav").status_code == 404
    content = record("chime")
    assert client.get(manifest(client)["clips"]["chime"]).data == content


@pytest.mark.parametrize(
    "name",
    [
        "",
        "10",
        "A",
        "place-0",
        "bidang-",
        "voice",
        "%2e%2e",
        "..%2f..%2fsecret_key",
        "7.wav",
        "%00",
    ],
)
def test_other_names_lead_nowhere(client: VisitingClient, name: str) -> None:
    answer = client.get(f"{HOME}/clips/{name}.wav")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]


def test_another_office_is_not_here(client: VisitingClient) -> None:
    assert client.get("/lampihong/display/voice.json").status_code == 404
    assert client.get("/lampihong/display/clips/7.wav").status_code == 404


def test_a_lost_recording_is_spoken_until_it_is_back(
    app: Flask, client: VisitingClient, record: Callable[..., bytes], now: datetime
) -> None:
    content = record("7")
    (address,) = {manifest(client)["clips"]["7"]}
    for file in (data_of(app) / "clips").iterdir():
        file.unlink()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.data != content
    assert "no-cache" in answer.headers["Cache-Control"]
    record("7")
    assert client.get(address).data == content


def test_a_clip_that_cannot_be_spoken_is_not_found_and_not_kept(
    client: VisitingClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_program: str, _text: str) -> bytes:
        raise house.SpeechFailed("broken")

    address = manifest(client)["clips"]["7"]
    with monkeypatch.context() as patch:
        patch.setattr(house, "_synthesise", fail)
        answer = client.get(address)
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
    house._rests_until.clear()  # noqa: SLF001
    assert client.get(address).status_code == 200


def test_recordings_are_public_like_the_board(app: Flask, record: Callable[..., bytes]) -> None:
    record("7")
    stranger = app.test_client()
    answer = stranger.get(f"{HOME}/voice.json")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
