"""The page of what the board shows beside the queue, and its forms."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from desk.board_content import MOST_SENT
from ruko.db import db, writing
from ruko.files import Store
from ruko.offices import Announcement, BoardEntry, all_entries, get_office
from ruko.pictures import MOST_BYTES
from ruko.seed import load_office
from ruko.slides import Slide
from tests.conftest import SLUG, VisitingClient
from tests.pictures import encoded, photo, poster, seen

PAGE = f"/{SLUG}/desk/board"
SENTENCE, PICTURE = f"{PAGE}/sentences/new", f"{PAGE}/slides/new"
BOARD = f"/api/v1/offices/{SLUG}/board"
SignIn = Callable[..., VisitingClient]
HOSTILE = ["<script>alert(1)</script>", "“Kutip” & 'petik' \"ganda\"", "\u202eiboL", "Ruko 😀"]


@pytest.fixture(autouse=True)
def _silence(app: Flask) -> Iterator[None]:
    """Begin without the sentences of the default office, and put them back."""
    with app.app_context(), writing():
        db.session.execute(delete(Announcement))
        db.session.commit()
    yield
    with app.app_context(), writing():
        db.session.execute(delete(Announcement))
        office = get_office(SLUG)
        for position, row in enumerate(load_office()["announcement"]):
            text = row["text"]
            db.session.add(Announcement(office_id=office.id, position=position, text=text))
        db.session.commit()


def ids(app: Flask, kind: type[BoardEntry] = Announcement) -> list[int]:
    with app.app_context():
        return [entry.id for entry in all_entries(kind, get_office(SLUG))]


def told(client: VisitingClient) -> dict[str, Any]:
    board: dict[str, Any] = client.get(BOARD).json or {}
    return board


def said(answer: TestResponse) -> str:
    return " ".join(answer.text.split())


def add(client: VisitingClient, text: str, **more: str) -> TestResponse:
    return client.submit(SENTENCE, {"text": text, **more})


def upload(
    client: VisitingClient,
    content: bytes,
    text: str = "Jadwal posyandu",
    name: str = "x.png",
    **more: str,
) -> TestResponse:
    sent = {
        "csrf_token": client.token(),
        "text": text,
        "picture": FileStorage(BytesIO(content), name),
        **more,
    }
    boundary, body = encode_multipart(sent)  # in memory: the client's own temporary file stays open
    return client.post(PICTURE, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def kept(app: Flask) -> set[Path]:
    folder = Path(app.config["RUKO"].data_dir) / "slides"
    return set(folder.iterdir()) if folder.exists() else set()


# ── The page ──────────────────────────────────────────────────────────────────────────────────


def test_an_empty_board_says_what_it_shows_instead(sign_in: SignIn) -> None:
    page = said(sign_in("operator").get(PAGE))
    assert "Belum ada kalimat" in page
    assert "Belum ada gambar" in page
    assert "Tambah kalimat" in page
    assert "Tambah gambar" in page


def test_each_says_how_it_stands_today(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    add(operator, "Lewat", ends_on="2026-11-22")
    add(operator, "Nanti", starts_on="2026-11-30", ends_on="2027-01-04")
    for number in range(5):
        add(operator, f"Kini {number}", ends_on="2026-11-25" if number == 0 else "")
    page = said(operator.get(PAGE))
    assert page.count("Tayang hari ini") == 4
    assert page.count("Menunggu: sudah 4 yang tayang") == 1
    assert "Sudah lewat, terakhir Min, 22 Nov" in page
    assert "Mulai Sen, 30 Nov" in page
    assert "sampai Sen, 4 Jan 2027" in page
    assert "sampai Rab, 25 Nov" in page
    assert told(operator)["announcements"] == [f"Kini {n}" for n in range(4)]


def test_who_may_only_look_finds_no_button(app: Flask, sign_in: SignIn) -> None:
    add(sign_in("operator"), "Satu.")
    (entry,) = ids(app)
    camat = sign_in("camat")
    page = said(camat.get(PAGE))
    assert "Satu." in page
    for word in ("Tambah", "Ubah", "Hapus", "Naikkan"):
        assert word not in page
    for path in (
        SENTENCE,
        PICTURE,
        f"{PAGE}/sentences/{entry}",
        f"{PAGE}/sentences/{entry}/remove",
    ):
        assert camat.get(path).status_code == 403
        assert camat.submit(path, {"text": "Dua."}).status_code == 403
    assert camat.submit(f"{PAGE}/sentences/{entry}/move", {"to": "up"}).status_code == 403
    assert upload(camat, encoded(poster())).status_code == 403
    assert told(camat)["announcements"] == ["Satu."]


def test_staff_of_a_bidang_and_strangers_stay_out(client: VisitingClient, sign_in: SignIn) -> None:
    staff = sign_in("staff", bidang="PEM")
    assert staff.get(PAGE).status_code == 403
    assert "Isi papan" not in staff.get(f"/{SLUG}/desk").text
    assert "Isi papan" in sign_in("admin").get(f"/{SLUG}/desk/devices").text
    assert "/login" in client.get(PAGE).location
    assert upload(client, encoded(poster())).status_code == 401
    assert client.post(PICTURE, data={"picture": (BytesIO(b"x"), "x.png")}).status_code == 403


# ── Sentences ─────────────────────────────────────────────────────────────────────────────────


def test_a_sentence_is_added_changed_moved_and_removed(app: Flask, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    done = add(admin, "  Kantor tutup\r\npukul 15.00. ")
    add(admin, "Bawalah KTP.")
    _, two = ids(app)
    assert "Tersimpan. Papan langsung mengikuti." in admin.get(done.location).text
    assert told(admin)["announcements"] == ["Kantor tutup pukul 15.00.", "Bawalah KTP."]

    assert "Bawalah KTP." in admin.get(f"{PAGE}/sentences/{two}").text
    moved = admin.submit(f"{PAGE}/sentences/{two}/move", {"to": "up"})
    assert moved.location == f"{PAGE}#sentences-{two}"
    changed = {"text": "Bawalah KTP dan KK.", "starts_on": "2026-11-23", "ends_on": ""}
    assert admin.submit(f"{PAGE}/sentences/{two}", changed).status_code == 303
    assert told(admin)["announcements"] == ["Bawalah KTP dan KK.", "Kantor tutup pukul 15.00."]
    assert 'value="2026-11-23"' in admin.get(f"{PAGE}/sentences/{two}").text

    question = admin.get(f"{PAGE}/sentences/{two}/remove")
    assert "Hapus kalimat ini?" in question.text
    assert "Bawalah KTP dan KK." in question.text
    gone = admin.submit(f"{PAGE}/sentences/{two}/remove")
    assert "Sudah dihapus" in admin.get(gone.location).text
    assert told(admin)["announcements"] == ["Kantor tutup pukul 15.00."]
    for path in ("", "/remove"):
        assert admin.get(f"{PAGE}/sentences/{two}{path}").status_code == 404
        answer = admin.submit(f"{PAGE}/sentences/{two}{path}", changed)
        assert answer.status_code == 404
        assert "sudah dihapus orang lain" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("text", "", "Mohon diisi"),
        ("text", "   ", "sampai 200 huruf"),
        ("text", "x" * 201, "Paling banyak 200"),
        ("starts_on", "besok", "tahun-bulan-hari"),
        ("ends_on", "2026-02-30", "tahun-bulan-hari"),
        ("ends_on", "2026-11-20", "mendahului hari pertama"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_the_rest_is_kept(
    app: Flask, sign_in: SignIn, field: str, value: str, sentence: str
) -> None:
    operator = sign_in("operator")
    typed = {
        "text": "Kantor tutup.",
        "starts_on": "2026-11-24",
        "ends_on": "2026-11-25",
        field: value,
    }
    answer = operator.submit(SENTENCE, typed)
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-error">(.*?)</p>', said(answer))
    assert error
    assert sentence in error[1]
    for name in typed.keys() - {"text"}:
        assert f'value="{typed[name]}"' in answer.text
    assert typed["text"].strip() in answer.text
    assert ids(app) == []


def test_a_double_tap_does_it_once(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    for _ in range(2):
        assert add(operator, "Satu.", request_key="satu").status_code == 303
    add(operator, "Dua.")
    add(operator, "Tiga.")
    last = ids(app)[-1]
    for _ in range(2):
        pressed = {"to": "up", "request_key": "naik"}
        assert operator.submit(f"{PAGE}/sentences/{last}/move", pressed).status_code == 303
    assert told(operator)["announcements"] == ["Satu.", "Tiga.", "Dua."]
    for _ in range(2):
        pressed = {"request_key": "hapus"}
        assert operator.submit(f"{PAGE}/sentences/{last}/remove", pressed).status_code == 303
    assert told(operator)["announcements"] == ["Satu.", "Dua."]


def test_a_press_that_no_page_makes_moves_nothing(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    for text in ("Satu.", "Dua."):
        add(operator, text)
    path = f"{PAGE}/sentences/{ids(app)[1]}"
    for to in ("", "sideways", "-1"):
        assert operator.submit(f"{path}/move", {"to": to}).status_code == 303
    assert operator.submit(f"{PAGE}/sentences/{2**70}/move", {"to": "up"}).status_code == 404
    assert operator.submit(f"{PAGE}/others/1/move", {"to": "up"}).status_code == 404
    assert told(operator)["announcements"] == ["Satu.", "Dua."]
    assert operator.post(f"{path}/remove").status_code == 403, "without its page's token"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_text(app: Flask, sign_in: SignIn, text: str) -> None:
    operator = sign_in("operator")
    add(operator, text)
    upload(operator, encoded(poster()), text=text)
    assert told(operator)["announcements"] == [text]
    for path in ("", f"/sentences/{ids(app)[0]}", f"/slides/{ids(app, Slide)[0]}/remove"):
        assert "<script>alert" not in operator.get(PAGE + path).text


# ── Pictures ──────────────────────────────────────────────────────────────────────────────────


def test_a_picture_is_shown_changed_and_removed(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    upload(operator, photo(), name="../../IMG_1.PDF", starts_on="2026-11-23")
    (entry,) = ids(app, Slide)
    (slide,) = told(operator)["slides"]
    assert slide["text"] == "Jadwal posyandu"
    address = f"/{SLUG}/display/slides/{slide['picture']}"
    page = operator.get(PAGE).text
    assert address in page
    assert 'loading="lazy"' in page
    picture = seen(operator.get(address).data)
    assert picture.size == (360, 640)
    assert not picture.getexif()

    changed = {"text": "Jadwal imunisasi", "ends_on": "2026-11-24"}
    operator.submit(f"{PAGE}/slides/{entry}", changed)
    assert told(operator)["slides"][0]["text"] == "Jadwal imunisasi"
    assert address in operator.get(f"{PAGE}/slides/{entry}").text
    assert "Hapus gambar ini?" in operator.get(f"{PAGE}/slides/{entry}/remove").text
    operator.submit(f"{PAGE}/slides/{entry}/remove")
    assert told(operator)["slides"] == []
    assert operator.get(address).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 422, "kosong"),
        (b"bukan gambar", 422, "bukan gambar"),
        (encoded(poster(), "GIF"), 422, "(GIF)"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 422, "(SVG)"),
        (b"<!doctype html><script>alert(1)</script>", 422, "(HTML)"),
        (b"%PDF-1.7", 422, "(PDF)"),
        (photo()[:2000], 422, "rusak atau tidak lengkap"),
        (b"\xff\xd8\xff" + b"\0" * 9 * 1024**2, 413, "lebih dari 8 MB"),
    ],
)
def test_a_bad_file_is_said_at_the_picture_and_the_rest_is_kept(
    app: Flask, sign_in: SignIn, content: bytes, status: int, sentence: str
) -> None:
    operator, before = sign_in("operator"), kept(app)
    answer = upload(operator, content, starts_on="2026-11-24", ends_on="2026-11-25")
    assert answer.status_code == status
    error = re.search(r'id="picture-error">(.*?)</p>', said(answer))
    assert error
    assert sentence in error[1]
    for typed in ("Jadwal posyandu", 'value="2026-11-24"', 'value="2026-11-25"'):
        assert typed in answer.text
    assert kept(app) == before
    assert ids(app, Slide) == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "ab"}, "text"),
        ({"starts_on": "2026-11-24", "ends_on": "2026-11-23"}, "ends_on"),
    ],
)
def test_a_mistake_beside_the_picture_stores_nothing(
    app: Flask, sign_in: SignIn, typed: dict[str, str], field: str
) -> None:
    before = kept(app)
    answer = upload(sign_in("operator"), encoded(poster(400, 300)), **typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "pilih gambarnya sekali lagi" in said(answer), "browsers do not keep it"
    assert kept(app) == before
    assert ids(app, Slide) == []


def test_no_picture_at_all(sign_in: SignIn) -> None:
    operator = sign_in("operator")
    for content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        answer = operator.submit(PICTURE, {"text": "Jadwal"}, content_type=content_type)
        assert answer.status_code == 422
        assert "Silakan pilih gambar." in said(answer)
    assert operator.submit(PICTURE, {"text": "Jadwal", "picture": "x.png"}).status_code == 422


def test_far_too_much_is_refused_before_it_is_read(sign_in: SignIn) -> None:
    answer = sign_in("operator").post(
        PICTURE,
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(MOST_SENT + 1)},
    )
    assert answer.status_code == 413
    assert "terlalu besar" in answer.text
    assert MOST_BYTES < MOST_SENT


def test_who_has_not_signed_in_sends_no_file(client: VisitingClient) -> None:
    sent = {"text": "Satu.", "picture": (BytesIO(b"\0" * 300_000), "x.png")}
    answer = client.submit(PICTURE, sent, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "terlalu besar" in answer.text


def test_a_sentence_takes_no_file(sign_in: SignIn) -> None:
    sent = {"text": "Satu.", "picture": (BytesIO(b"\0" * 300_000), "x.png")}
    answer = sign_in("operator").submit(SENTENCE, sent, content_type="multipart/form-data")
    assert answer.status_code == 413


def test_the_same_upload_twice_is_one_slide(app: Flask, sign_in: SignIn) -> None:
    operator = sign_in("operator")
    first, second = encoded(poster()), encoded(poster(colour="red"))
    answers = [upload(operator, first, request_key="satu") for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert len(ids(app, Slide)) == 1
    assert upload(operator, second, request_key="satu").status_code == 303
    assert len(ids(app, Slide)) == 2, "another picture from the same page is another press"


def test_a_full_disk_is_said_and_nothing_is_written(
    app: Flask, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_store: Store, _content: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "keep", full)
    answer = upload(sign_in("operator"), encoded(poster()))
    assert answer.status_code == 503
    assert "mungkin penuh" in answer.text
    assert "Jadwal posyandu" in answer.text
    assert ids(app, Slide) == []


def test_days_pass_and_the_board_follows(
    app: Flask, sign_in: SignIn, time_is: Callable[..., datetime]
) -> None:
    operator = sign_in("operator")
    today = time_is(9).date()
    tomorrow = (today + timedelta(days=1)).isoformat()
    add(operator, "Hari ini saja.", ends_on=today.isoformat())
    add(operator, "Mulai besok.", starts_on=tomorrow)
    upload(operator, encoded(poster()), text="Besok", starts_on=tomorrow)
    assert told(operator)["announcements"] == ["Hari ini saja."]
    assert told(operator)["slides"] == []
    time_is(8, day=today + timedelta(days=1))
    board = told(operator)
    assert board["announcements"] == ["Mulai besok."]
    assert [slide["text"] for slide in board["slides"]] == ["Besok"]
