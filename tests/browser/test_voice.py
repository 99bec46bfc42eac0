"""The clerk who gives the board its voice: at the microphone, with files, and when things go wrong.

The microphone is Chromium's own false one, which hears a known tone all the time.
"""

import base64
import io
import wave
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, FilePayload, Locator, Page, Route, expect

from ruko.demo import PASSWORD
from tests.browser.conftest import SLUG, Server, serving
from tests.browser_driver import started
from tests.clips import a_wav

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]
HERTZ = 440
OPENED = "#voice[data-live]"
KEEPING = "**/desk/voice/*"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One example office for all of these; each test has clips of its own."""
    with serving(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="module")
def browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium with a microphone that hears a tone; to others the name is mapped for no HTTPS."""
    heard = tmp_path_factory.mktemp("microphone") / "tone.wav"
    heard.write_bytes(a_wav(2_000, HERTZ, rate=48_000))
    made = another(
        browser,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={heard}",
        "--host-resolver-rules=MAP kantor.test 127.0.0.1",
    )
    yield made
    made.close()


def another(browser: Browser, *arguments: str) -> Browser:
    """One more Chromium, started with those arguments too."""
    return started(browser.browser_type, *arguments)


@pytest.fixture
def clerk(server: Server, window: Window, enter: Enter) -> Page:
    """The operator at the page."""
    page = window(1366, 768)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/voice")
    page.wait_for_selector(OPENED)
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator(f"#clip-{name}")


def state(page: Page, which: str) -> None:
    """The recording card is in that state."""
    expect(page.locator("#session")).to_have_attribute("data-state", which)


def listed(page: Page, server: Server) -> dict[str, str]:
    """What a display is told: every clip and its address."""
    clips: dict[str, str] = page.request.get(f"{server.home}/display/voice.json").json()["clips"]
    return clips


def sound_of(page: Page, server: Server, name: str) -> tuple[int, list[int]]:
    """The rate and the samples of the clip as the displays get them."""
    content = page.request.get(server.url + listed(page, server)[name]).body()
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), list(array("h", file.readframes(file.getnframes())))


def pitch(rate: int, samples: list[int]) -> float:
    """How high the tone is, by how often it turns from negative to positive."""
    turns = sum(a < 0 <= b for a, b in pairwise(samples))
    return turns * rate / len(samples)


def choose(page: Page, name: str, file: FilePayload | Path) -> None:
    """Upload that file into that row, as a hand would."""
    with page.expect_file_chooser() as chooser:
        row(page, name).get_by_text("Unggah").click()
    chooser.value.set_files(file)


def a_file(name: str, content: bytes, kind: str = "audio/wav") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content}


def test_one_clip_is_recorded_and_heard_by_the_displays(
    clerk: Page, server: Server, picture: Picture
) -> None:
    picture(clerk, "voice")
    row(clerk, "7").get_by_role("button", name="Rekam").click()
    expect(clerk.get_by_text("Ucapkan", exact=True)).to_be_visible()
    expect(clerk.locator("[data-part=words]")).to_have_text("tujuh")
    picture(clerk, "voice-card-ready")
    main = clerk.locator("#session [data-act=main]")
    main.click()
    state(clerk, "recording")
    expect(clerk.locator("[data-part=level]")).not_to_have_js_property("value", 0)
    picture(clerk, "voice-card-recording")
    clerk.wait_for_timeout(600)  # so long is the word
    main.click()
    state(clerk, "kept")
    expect(clerk.locator("[data-part=state]")).to_contain_text("Tersimpan")
    picture(clerk, "voice-card-kept")
    main.click()
    expect(clerk.locator("#session")).to_be_hidden()

    expect(row(clerk, "7")).to_contain_text("Direkam")
    expect(row(clerk, "7").get_by_role("button", name="Rekam")).to_be_focused()
    rate, samples = sound_of(clerk, server, "7")
    assert rate == 22_050
    assert len(samples) > rate // 3
    assert max(samples) == pytest.approx(32_767 * 0.89, rel=0.05), "as loud as the others"
    assert pitch(rate, samples) == pytest.approx(HERTZ, rel=0.1), "it is what was said"
    clerk.reload()
    expect(row(clerk, "7")).to_contain_text("Direkam")
    clerk.set_viewport_size({"width": 360, "height": 740})
    picture(clerk, "voice-phone")
    row(clerk, "7").scroll_into_view_if_needed()
    picture(clerk, "voice-phone-list")
    clerk.wait_for_selector(OPENED)
    row(clerk, "7").get_by_role("button", name="Rekam").click()
    picture(clerk, "voice-phone-card")


def test_a_sitting_with_the_keyboard_alone(clerk: Page, server: Server, picture: Picture) -> None:
    keys = clerk.keyboard
    clerk.get_by_role("button", name="Rekam 3").focus()
    keys.press("Enter")
    words = clerk.locator("[data-part=words]")
    expect(words).to_have_text("Nomor antrean")
    for name, key in (("nomor-antrean", "Space"), ("panggilan-ulang", "Enter")):
        state(clerk, "ready")
        keys.press(key)
        state(clerk, "recording")
        clerk.wait_for_timeout(500)
        keys.press(key)
        state(clerk, "kept")
        expect(row(clerk, name)).to_contain_text("Direkam")
        keys.press(key)
    expect(words).to_have_text("Panggilan terakhir")
    keys.press("ArrowRight")
    expect(words).to_have_text("Silakan menuju")
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    expect(words).to_have_text("Panggilan ulang")
    expect(clerk.locator("[data-part=state]")).to_contain_text("Sudah direkam")
    picture(clerk, "voice-card-again")
    keys.press("Escape")

    expect(clerk.locator("#session")).to_be_hidden()
    assert {"nomor-antrean", "panggilan-ulang"} <= listed(clerk, server).keys()
    expect(row(clerk, "panggilan-terakhir")).not_to_contain_text("Direkam")
    clerk.get_by_role("button", name="Rekam 3").press("Enter")
    expect(words).to_have_text("Panggilan terakhir")


def test_a_double_tap_records_and_keeps_once(clerk: Page) -> None:
    sent: list[str] = []
    clerk.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    row(clerk, "8").get_by_role("button", name="Rekam").click()
    main = clerk.locator("#session [data-act=main]")
    main.dblclick()
    state(clerk, "recording")
    clerk.wait_for_timeout(500)
    main.dblclick()
    state(clerk, "kept")
    assert len(sent) == 1


def test_a_lost_line_loses_no_recording(clerk: Page, server: Server, picture: Picture) -> None:
    clerk.route(KEEPING, lambda route: route.abort())
    row(clerk, "9").get_by_role("button", name="Rekam").click()
    main = clerk.locator("#session [data-act=main]")
    main.click()
    state(clerk, "recording")
    clerk.wait_for_timeout(500)
    main.click()
    state(clerk, "unsent")
    expect(clerk.locator("[data-part=trouble]")).to_contain_text("masih ada di halaman ini")
    picture(clerk, "voice-card-unsent")
    main.click()
    expect(clerk.locator("[data-part=trouble]")).to_contain_text("server tidak menjawab")
    clerk.keyboard.press("Escape")
    expect(row(clerk, "9")).to_contain_text("masih ada di halaman ini")
    picture(clerk, "voice-unsent")

    asked: list[Dialog] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog)
        dialog.dismiss()

    clerk.once("dialog", stay)
    clerk.close(run_before_unload=True)
    clerk.unroute(KEEPING)
    row(clerk, "9").get_by_role("button", name="Kirim lagi").click()
    expect(row(clerk, "9")).to_contain_text("Tersimpan")
    assert asked, "one is warned before it is lost"
    expect(row(clerk, "9")).to_contain_text("Direkam")
    assert pitch(*sound_of(clerk, server, "9")) == pytest.approx(HERTZ, rel=0.1)


def test_a_page_that_outlived_its_token_keeps_all_the_same(clerk: Page) -> None:
    clerk.evaluate("document.querySelector('meta[name=csrf-token]').content = 'stale'")
    choose(clerk, "d", a_file("d.wav", a_wav(400)))
    expect(row(clerk, "d")).to_contain_text("Direkam")


def test_signed_out_meanwhile(clerk: Page, server: Server, enter: Enter) -> None:
    clerk.context.clear_cookies()
    choose(clerk, "e", a_file("e.wav", a_wav(400)))
    expect(row(clerk, "e")).to_contain_text("masih ada di halaman ini")
    other = clerk.context.new_page()
    enter(other, "operator")
    row(clerk, "e").get_by_role("button", name="Kirim lagi").click()
    expect(row(clerk, "e")).to_contain_text("Direkam")


def test_files_of_any_kind_are_turned_into_clips(
    clerk: Page, server: Server, picture: Picture
) -> None:
    """A stereo WAV with silence around it, and what a telephone records (Opus in WebM)."""
    quiet = bytes(44_100 * 4)  # a second
    spoken = a_wav(700, 330, rate=44_100, channels=2, loudness=3_000)[44:]
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((2, 2, 44_100, 0, "NONE", "not compressed"))
        file.writeframes(quiet + spoken + quiet)
    choose(clerk, "0", a_file("nol.wav", content.getvalue()))
    expect(row(clerk, "0")).to_contain_text("Tersimpan: 0,7 detik")
    picture(clerk, "voice-uploaded")
    rate, samples = sound_of(clerk, server, "0")
    assert rate == 22_050
    assert len(samples) == pytest.approx(rate * 0.75, rel=0.05), "cut at both ends"
    assert max(samples) == pytest.approx(32_767 * 0.89, rel=0.05), "3000 was too soft"
    assert pitch(rate, samples) == pytest.approx(330, rel=0.1)

    compressed = base64.b64decode(clerk.evaluate(RECORD_OPUS))
    assert b"webm" in compressed[:64]
    choose(clerk, "1", a_file("satu.webm", compressed, "audio/webm"))
    expect(row(clerk, "1")).to_contain_text("Direkam")
    assert pitch(*sound_of(clerk, server, "1")) == pytest.approx(HERTZ, rel=0.1)


RECORD_OPUS = """
async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const recorder = new MediaRecorder(stream, { mimeType: "audio/webm;codecs=opus" });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  await new Promise((done) => setTimeout(done, 800));
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""


@pytest.mark.parametrize(
    "handed_in",
    [
        ("foto.png", b"\x89PNG\r\n\x1a\n" + bytes(99), "“foto.png” bukan suara"),
        ("<b>.wav", a_wav()[:40], "“<b>.wav” bukan suara"),
        ("kosong.wav", b"", "“kosong.wav” bukan suara"),
        ("sunyi.wav", a_wav(loudness=0), "Tidak ada suara yang terdengar"),
        ("besar.wav", bytes(10 * 1024 * 1024 + 1), "lebih dari 10 MB"),
        ("lama.wav", a_wav(6_000, rate=8_000), "Suara ini 6,0 detik"),
    ],
    ids=["picture", "broken", "empty", "silent", "large", "long"],
)
def test_what_is_no_clip_is_told_at_its_row(
    clerk: Page,
    server: Server,
    tmp_path: Path,
    picture: Picture,
    handed_in: tuple[str, bytes, str],
) -> None:
    file, content, sentence = handed_in
    before = listed(clerk, server)
    (tmp_path / file).write_bytes(content)
    choose(clerk, "c", tmp_path / file)
    expect(row(clerk, "c").locator(".rk-err")).to_contain_text(sentence)
    expect(row(clerk, "c").get_by_role("button", name="Kirim lagi")).to_be_hidden()
    assert listed(clerk, server) == before
    if "foto" in sentence:
        row(clerk, "c").scroll_into_view_if_needed()
        picture(clerk, "voice-wrong-file")


def test_what_the_server_refuses_is_told_at_the_row(clerk: Page) -> None:
    """The page would never send this; another program could."""

    def spoil(route: Route) -> None:
        body = (route.request.post_data_buffer or b"").replace(b"RIFF", b"RIFX")
        route.continue_(post_data=body)

    clerk.route(KEEPING, spoil)
    choose(clerk, "c", a_file("c.wav", a_wav()))
    expect(row(clerk, "c").locator(".rk-err")).to_contain_text("WAV")
    expect(row(clerk, "c").get_by_role("button", name="Kirim lagi")).to_be_hidden()


def test_silence_at_the_microphone(clerk: Page, picture: Picture) -> None:
    clerk.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => {
            const context = new AudioContext();
            const nothing = new ConstantSourceNode(context, { offset: 0 });
            const out = context.createMediaStreamDestination();
            nothing.connect(out);
            nothing.start();
            return out.stream;
          };
        }"""
    )
    row(clerk, "b").get_by_role("button", name="Rekam").click()
    main = clerk.locator("#session [data-act=main]")
    main.click()
    state(clerk, "recording")
    clerk.wait_for_timeout(500)
    main.click()
    state(clerk, "ready")
    expect(clerk.locator("[data-part=trouble]")).to_contain_text("Tidak terdengar suara")
    picture(clerk, "voice-card-silent")


def test_a_microphone_that_is_not_given(
    server: Server, browser: Browser, picture: Picture, enter: Enter
) -> None:
    """No permission; a browser without a microphone; a page without HTTPS. Uploading remains."""
    strict = another(browser, "--use-fake-device-for-media-stream", "--deny-permission-prompts")
    bare = another(browser)
    try:
        for made, sentence in ((strict, "tidak diizinkan"), (bare, "tidak")):
            page = made.new_context(viewport={"width": 1366, "height": 768}).new_page()
            enter(page, "operator")
            page.goto(f"{server.home}/desk/voice")
            page.wait_for_selector(OPENED)
            row(page, "b").get_by_role("button", name="Rekam").click()
            page.locator("#session [data-act=main]").click()
            expect(page.locator("[data-part=trouble]")).to_contain_text(sentence)
            state(page, "ready")
            expect(page.locator("#session [data-act=main]")).to_be_focused()
        picture(page, "voice-card-denied")
    finally:
        strict.close()
        bare.close()


def test_a_page_without_https(server: Server, window: Window, picture: Picture) -> None:
    page = window(1366, 768)
    home = server.home.replace("127.0.0.1", "kantor.test")
    page.goto(f"{home}/login?next=/{SLUG}/desk/voice")
    page.fill("input[name=username]", "operator")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector(OPENED)
    expect(page.locator("#obstacle")).to_contain_text("https://")
    expect(page.get_by_role("button", name="Rekam")).to_have_count(0)
    picture(page, "voice-without-https")
    choose(page, "f", a_file("f.wav", a_wav(400)))
    expect(row(page, "f")).to_contain_text("Direkam")


def test_a_whole_call_is_played_with_its_gaps(clerk: Page, picture: Picture) -> None:
    asked: list[str] = []
    clerk.on("request", lambda each: asked.append(each.url))
    clerk.route("**/display/clips/2.wav*", lambda route: route.fulfill(status=404))
    clerk.get_by_role("combobox", name="Bidang").select_option(
        label="D · Seksi Kesejahteraan Sosial"
    )
    expect(clerk.locator("#call-clips")).to_contain_text("Seksi Kesejahteraan Sosial")
    play = clerk.get_by_role("button", name="Putar contoh panggilan")
    play.click()
    expect(clerk.locator("#call-clips [aria-current]")).to_have_count(1)
    picture(clerk, "voice-call-plays")
    expect(clerk.locator("#call-said")).to_have_text("Tidak terdengar: dua.")
    expect(clerk.locator("#call-clips [data-heard=yes]")).to_have_count(8)
    expect(clerk.locator("#call-clips [data-heard=no]")).to_contain_text("belum ada suara")
    picture(clerk, "voice-call-gap")
    assert any("/display/clips/d.wav?v=" in each for each in asked)
    play.click()
    expect(play).to_have_attribute("aria-pressed", "true")
    play.click()
    expect(play).to_have_attribute("aria-pressed", "false")


def test_without_scripts_a_wav_file_is_enough(
    server: Server, browser: Browser, enter: Enter, picture: Picture
) -> None:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, java_script_enabled=False
    )
    page = context.new_page()
    enter(page, "operator")
    page.goto(f"{server.home}/desk/voice")
    expect(page.get_by_role("button", name="Rekam")).to_have_count(0)
    row(page, "6").get_by_text("Unggah").click()
    page.locator("input[type=file]").set_input_files(a_file("a.txt", b"halo"))
    page.get_by_role("button", name="Simpan rekaman").click()
    expect(page.locator(".rk-err")).to_contain_text("WAV")
    picture(page, "voice-file-refused")
    page.locator("input[type=file]").set_input_files(a_file("enam.wav", a_wav(600)))
    page.get_by_role("button", name="Simpan rekaman").click()
    expect(page.get_by_text("Rekaman “6” disimpan")).to_be_visible()
    row(page, "6").get_by_text("Hapus").click()
    picture(page, "voice-remove")
    page.get_by_role("button", name="Hapus rekaman").click()
    expect(page.get_by_text("Rekaman “6” dihapus")).to_be_visible()
    context.close()


def test_the_arithmetic_of_sounds(clerk: Page) -> None:
    done: dict[str, Any] = clerk.evaluate(ARITHMETIC)
    assert done == {
        "mono": [0.5, -0.25],
        "silent": None,
        "click": None,
        "trimmed": True,
        "whisper": 0.1,
        "loud": 0.891,
        "length": 44 + 4,
        "samples": [32767, -32767],
    }


ARITHMETIC = """
async () => {
  const base = document.querySelector('script[src$="voice.js"]').src.replace("voice.js", "");
  const { levelled, mono, trimmed, wav } = await import(base + "voice-wav.js");
  const full = (length, value) => new Float32Array(length).fill(value);
  const about = (length) => [...full(22050, 0), ...full(length, 0.5), ...full(22050, 0)];
  const file = new DataView(wav(Float32Array.of(1.5, -1)));
  const three = (number) => Number(number.toFixed(3));
  return {
    mono: [...mono([Float32Array.of(1, 0), Float32Array.of(0, -0.5)])],
    silent: trimmed(full(22050, 0.003)),
    click: trimmed(Float32Array.from(about(200))),
    trimmed: Math.abs(trimmed(Float32Array.from(about(4410))).length - 4410 - 2 * 660) < 440,
    whisper: three(levelled(full(1, 0.01))[0]),
    loud: three(levelled(full(1, 0.5))[0]),
    length: file.byteLength,
    samples: [file.getInt16(44, true), file.getInt16(46, true)],
  };
}
"""
