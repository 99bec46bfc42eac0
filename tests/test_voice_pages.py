"""The page of the board's voice: what is recorded, handing in sounds, removing them, a whole call."""

import io
import re
from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ruko import voice
from ruko.db import db, writing
from ruko.offices import Bidang, Counter, all_counters, get_office
from tests.clips import a_wav
from tests.conftest import SLUG, VisitingClient

PAGE = f"/{SLUG}/desk/voice"
SignIn = Callable[..., VisitingClient]
TOO_LARGE_FOR_A_FORM = 3_000_000


def hand_in(client: VisitingClient, name: str, content: bytes, file: str = "a.wav") -> TestResponse:
    form: Mapping[str, object] = {"file": (io.BytesIO(content), file)}
    answer = client.submit(f"{PAGE}/{name}", form)
    answer.request.environ["wsgi.input"].close()  # where the client has put a large form
    return answer


def row(page: str, name: str) -> str:
    found = re.search(rf'<li id="clip-{name}".*?</li>', page, re.DOTALL)
    assert found, name
    return said(found[0])


def said(page: str) -> str:
    return " ".join(page.split())


def kept(app: Flask) -> dict[str, int]:
    """The recordings and how long they are."""
    with app.app_context():
        clips = voice.recorded(get_office(SLUG))
        return {name: clip.milliseconds for name, clip in clips.items()}


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without a voice of its own."""
    monkeypatch.setattr("ruko.voice.speech.shutil.which", lambda _: None)


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that has a voice."""
    monkeypatch.setattr("ruko.voice.speech.shutil.which", lambda _: "/usr/bin/espeak-ng")


@pytest.mark.usefixtures("mute")
def test_it_says_how_complete_the_voice_is(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    page = admin.get(PAGE).text
    assert "0 dari 34 klip direkam" in page
    assert "34 belum ada suara" in page
    assert "belum dapat berbicara" in page
    assert "Rekam 34 klip berurutan" in page
    assert "Belum ada suara" in row(page, "7")
    assert "“tujuh”" in row(page, "7")
    assert "Dengarkan" not in row(page, "7")
    assert "Dua nada bawaan" in row(page, "chime")
    assert page.index("Klip yang belum diperlukan (20)") < page.index('id="clip-z"')

    assert hand_in(admin, "7", a_wav(1200)).status_code == 303
    page = admin.get(PAGE).text
    assert "1 dari 34 klip direkam" in page
    assert 'value="1" max="34"' in said(page)
    assert "33 belum ada suara" in page
    assert "Direkam" in row(page, "7")
    assert "1,2 detik" in row(page, "7")
    assert f"/{SLUG}/display/clips/7.wav?v=" in row(page, "7")


@pytest.mark.usefixtures("talking")
def test_a_computer_voice_counts_apart(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    hand_in(admin, "a", a_wav())
    page = admin.get(PAGE).text

    assert "33 disuarakan komputer" in page
    assert "espeak-ng" in page
    assert "Suara komputer" in row(page, "b")
    assert f"/{SLUG}/display/clips/b.wav?v=" in row(page, "b")


@pytest.mark.usefixtures("mute")
def test_a_complete_voice_says_so(app: Flask, sign_in: SignIn) -> None:
    with app.app_context():
        wanted = voice.catalogue(get_office(SLUG)).values()
        names = [clip.name for clip in wanted if clip.required and clip.spoken]
    admin, content = sign_in("admin"), a_wav(200)
    for name in names:
        assert hand_in(admin, name, content).status_code == 303, name
    page = admin.get(PAGE).text

    assert "34 dari 34 klip direkam" in page
    assert "suara sendiri" in page
    assert "Rekam ulang semuanya" in page


def test_a_recording_goes_to_the_displays_and_away(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    form = operator.get(f"{PAGE}/nomor-antrean").text
    assert 'enctype="multipart/form-data"' in form
    assert "Nomor antrean" in form
    done = hand_in(operator, "nomor-antrean", a_wav(800, rate=44_100, channels=2))
    assert done.status_code == 303
    assert done.location.endswith("/desk/voice#clip-nomor-antrean")
    assert "Rekaman “Nomor antrean” disimpan" in operator.get(PAGE).text
    address = operator.get(f"/{SLUG}/display/voice.json").json["clips"]["nomor-antrean"]  # type: ignore[index]
    sound = operator.get(address)
    assert sound.mimetype == "audio/wav"
    assert sound.data[:4] == b"RIFF"
    assert kept(app)["nomor-antrean"] == pytest.approx(800, abs=30)

    question = operator.get(f"{PAGE}/nomor-antrean/remove").text
    assert "Hapus rekaman “Nomor antrean”?" in question
    assert kept(app), "reading the question changed nothing"
    key = {"request_key": "satu"}
    for _ in range(2):
        assert operator.submit(f"{PAGE}/nomor-antrean/remove", key).status_code == 303
    assert kept(app) == {}
    assert "Rekaman “Nomor antrean” dihapus" in operator.get(PAGE).text


def test_the_same_recording_twice_is_one(app: Flask, sign_in: SignIn) -> None:
    admin, content = sign_in("admin"), a_wav(400)
    assert [hand_in(admin, "a", content).status_code for _ in range(2)] == [303, 303]
    assert list(kept(app)) == ["a"]
    assert hand_in(admin, "a", a_wav(900)).status_code == 303
    assert kept(app)["a"] == pytest.approx(900, abs=30)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "WAV"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "WAV"),
        (b"ID3\x04" + bytes(400), "WAV"),
        (a_wav(900)[:700], "rusak"),
        (a_wav(loudness=0), "terdengar"),
        (a_wav(30), "0,1 detik"),
        (a_wav(5_500, rate=8_000), "5 detik"),
        (a_wav(9_900, rate=48_000, channels=2), "1 MB"),
    ],
    ids=["empty", "picture", "mp3", "broken", "silent", "short", "long", "large"],
)
def test_what_is_no_clip_is_told_and_not_kept(
    app: Flask, sign_in: SignIn, content: bytes, sentence: str
) -> None:
    admin = sign_in("admin")
    answer = hand_in(admin, "a", content)

    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    error = answer.text.split('id="file-error"')[1].split("</p>")[0]
    assert sentence in error, error
    assert kept(app) == {}


def test_far_too_large_is_refused_and_not_kept(app: Flask, sign_in: SignIn) -> None:
    answer = hand_in(sign_in("admin"), "a", bytes(TOO_LARGE_FOR_A_FORM))

    assert answer.status_code == 413
    assert "terlalu besar" in answer.text
    assert kept(app) == {}


def test_no_file_at_all_is_asked_for(sign_in: SignIn) -> None:
    answer = sign_in("admin").submit(f"{PAGE}/a")

    assert answer.status_code == 422
    assert "Silakan pilih berkas suara" in answer.text


def test_a_full_disk_keeps_nothing_and_says_so(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ruko.files.Store.keep", full)
    answer = hand_in(sign_in("admin"), "a", a_wav())

    assert answer.status_code == 503
    assert "tidak tersimpan" in answer.text
    assert kept(app) == {}


@pytest.mark.parametrize("name", ["zz", "10", "place-999", "..", "%2e%2e%2fetc", "a%00"])
def test_a_clip_that_no_call_has(app: Flask, sign_in: SignIn, name: str) -> None:
    admin = sign_in("admin")

    assert admin.get(f"{PAGE}/{name}").status_code == 404
    assert hand_in(admin, name, a_wav()).status_code == 404
    assert kept(app) == {}


def test_a_whole_call_shows_its_words_and_gaps(app: Flask, sign_in: SignIn, mute: None) -> None:
    with app.app_context():
        place = all_counters(get_office(SLUG))[1]
        place_id, place_words = place.id, "Loket dua"
    admin = sign_in("admin")
    hand_in(admin, "nomor-antrean", a_wav())
    chosen = {"bidang": "KES", "place": place_id, "number": 307, "kind": "last"}
    page = admin.get(PAGE, query_string=chosen).text
    call = said(page.split('id="call-clips"')[1].split("</ol>")[0])

    words = re.findall(r'data-words="([^"]*)"', call)
    assert words[:3] == ["Nada panggil", "Panggilan terakhir", "Nomor antrean"]
    assert words[4:9] == ["tiga", "nol", "tujuh", "Silakan menuju", place_words]
    assert words[9].startswith("Seksi Kesejahteraan")
    gaps = [" hidden" in gap for gap in re.findall(r"<span data-gap( hidden)?", call)]
    assert gaps.count(True) == 2, "the chime and what was recorded"


@pytest.mark.parametrize(
    "query",
    ["bidang=XXX", "place=x", "place=99999999999", "number=-3", "number=9e9", "kind=%3Cb%3E"],
)
def test_a_hostile_choice_is_the_usual_call(sign_in: SignIn, query: str) -> None:
    page = sign_in("admin").get(f"{PAGE}?{query}")

    assert page.status_code == 200
    assert "<b>" not in page.text.split('id="call-clips"')[1].split("</ol>")[0]


def test_hostile_names_are_text(app: Flask, sign_in: SignIn) -> None:
    with app.app_context():
        place = all_counters(get_office(SLUG))[0]
        place_id, name = place.id, place.name
    hostile = '<img src=x onerror="alert(1)">'
    rename(app, place_id, hostile)
    try:
        page = sign_in("admin").get(PAGE).text
    finally:
        rename(app, place_id, name)

    assert "<img src=x" not in page
    assert "&lt;img src=x" in row(page, f"place-{place_id}")


def rename(app: Flask, place_id: int, name: str) -> None:
    with app.app_context(), writing():
        db.session.get_one(Counter, place_id).name = name
        db.session.commit()


def test_a_letter_that_the_office_now_needs(app: Flask, sign_in: SignIn) -> None:
    with app.app_context():
        letters = {b.letter for b in db.session.query(Bidang) if b.active}
    page = sign_in("admin").get(PAGE).text

    for letter in letters:
        assert 'data-wanted="open"' in row(page, letter.lower())
    assert "data-wanted" not in row(page, "z")
    assert "data-wanted" not in row(page, "chime")


def test_the_camat_looks_and_touches_nothing(app: Flask, sign_in: SignIn) -> None:
    hand_in(sign_in("admin"), "a", a_wav())
    camat = sign_in("camat")
    page = camat.get(PAGE).text

    assert "1 dari 34 klip direkam" in page
    for button in ("Rekam 33", "Unggah", 'data-act="record"', "/remove", 'type="file"'):
        assert button not in page, button
    assert "Putar contoh panggilan" in page
    assert camat.get(f"{PAGE}/a").status_code == 403
    assert hand_in(camat, "a", a_wav()).status_code == 403
    assert camat.submit(f"{PAGE}/a/remove").status_code == 403
    assert list(kept(app)) == ["a"]


def test_nobody_else_comes_in(app: Flask, sign_in: SignIn, client: VisitingClient) -> None:
    staff = sign_in("staff", bidang="PEM")

    assert staff.get(PAGE).status_code == 403
    assert hand_in(staff, "a", a_wav()).status_code == 403
    assert client.get(PAGE).status_code == 302
    assert hand_in(client, "a", a_wav()).status_code == 401
    assert kept(app) == {}


def test_without_its_token_nothing_is_kept(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    form = {"csrf_token": "x", "file": (io.BytesIO(a_wav()), "a.wav")}

    assert admin.post(f"{PAGE}/a", data=form).status_code == 403
    assert kept(app) == {}


@pytest.mark.usefixtures("mute")
def test_the_page_in_english(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    admin.submit("/reading", {"lang": "en", "next": PAGE})
    hand_in(admin, "7", a_wav(1200))
    page = admin.get(PAGE).text

    assert "1 of 34 clips are recorded" in page
    assert "33 without a voice" in page
    assert "1.2 s" in row(page, "7")
    assert "Chime" in row(page, "chime")
