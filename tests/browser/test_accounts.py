"""The first day: sixteen slips are handed out, a village comes in, an administrator loses a phone."""

import re
import time
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.first_day import OWN_PASSWORD, first_day, give_password
from tests.browser.pictures import scanned

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Picture = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One office on its first day for all of these."""
    with first_day(tmp_path_factory.mktemp("office")) as started:
        yield started


def test_a_village_comes_in_with_its_slip(server: Server, window: Window, picture: Picture) -> None:
    office = window(1366, 768)
    give_password(office, server, "operator")
    office.locator(".m-menu summary").click()
    office.get_by_role("link", name="Akun", exact=True).click()
    expect(office.get_by_text("16 desa belum punya akun.")).to_be_visible()
    office.get_by_role("link", name="Lembar akun desa").click()
    picture(office, "accounts-slips-before")
    office.get_by_role("button", name="Buat akun untuk 16 desa").click()
    expect(office.locator(".sl-slip")).to_have_count(16)
    picture(office, "accounts-slips")
    slip = office.locator(".sl-slip", has_text="Desa Binjai")
    link, password = scanned(slip.locator(".qr")), slip.locator(".pw").inner_text().strip()
    assert link.startswith(f"{server.home}/enter/")
    assert (
        len(re.findall(r"/Type\s*/Page\b", office.pdf(prefer_css_page_size=True).decode("latin1")))
        == 2
    )
    office.emulate_media(media="print")
    picture(office, "accounts-slips-on-paper")
    expect(office.get_by_role("button", name="Cetak")).to_be_hidden()
    office.emulate_media(media="screen")
    office.get_by_role("link", name="Selesai").click()
    expect(office.get_by_role("button", name="Buat ulang 16 lembar")).to_be_visible()

    phone = window(360, 740, java_script_enabled=False)
    phone.goto(link)
    expect(phone.get_by_role("heading", name="Masuk sebagai Desa Binjai")).to_be_visible()
    picture(phone, "accounts-link")
    phone.get_by_role("button", name="Masuk").click()
    picture(phone, "accounts-link-password")
    phone.get_by_label("Kata sandi baru").first.fill(OWN_PASSWORD)
    phone.get_by_label("Ulangi kata sandi baru").fill(OWN_PASSWORD)
    phone.get_by_role("button", name="Simpan kata sandi").click()
    expect(phone).to_have_url(f"{server.home}/booking")
    phone.goto(f"{server.home}/sessions")
    expect(phone.get_by_text("perangkat ini")).to_be_visible()
    picture(phone, "accounts-sessions")

    stranger = window(360, 740)
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="Tautan ini tidak berlaku")).to_be_visible()
    picture(stranger, "accounts-link-used")
    stranger.get_by_role("link", name="Masuk dengan kata sandi").click()
    stranger.get_by_label("Nama akun").fill("binjai")
    stranger.get_by_label("Kata sandi", exact=True).fill(password)
    stranger.get_by_role("button", name="Masuk").click()
    expect(stranger.get_by_role("alert")).to_be_visible()  # the slip is worth nothing now

    _the_operator_sees_it_and_signs_it_out(office, picture)
    phone.goto(f"{server.home}/booking")
    expect(phone).to_have_url(re.compile("/login"))


def _the_operator_sees_it_and_signs_it_out(office: Page, picture: Picture) -> None:
    office.get_by_role("link", name="Semua akun").click()
    rows = office.locator(".o-rows--accounts li")
    expect(rows.filter(has_text="belum pernah masuk")).to_have_count(15)
    picture(office, "accounts")
    rows.filter(has_text="Desa Binjai").get_by_role("link").click()
    picture(office, "accounts-one")
    office.get_by_role("button", name="Keluarkan").click()
    expect(office.get_by_text("Akun ini tidak sedang masuk di mana pun.")).to_be_visible()


def test_an_administrator_and_the_code_of_an_app(
    server: Server, window: Window, picture: Picture
) -> None:
    page = window(360, 740)
    give_password(page, server, "admin")
    page.goto(f"{server.home}/second-step")
    uri = pyotp.parse_uri(scanned(page.locator(".rk-qr")))
    assert isinstance(uri, pyotp.TOTP)
    picture(page, "accounts-code-set-up")
    page.get_by_label("Kode dari aplikasi").fill(uri.now())
    page.get_by_role("button", name="Minta kode mulai sekarang").click()
    codes = page.locator(".rk-codes code")
    expect(codes).to_have_count(8)
    picture(page, "accounts-recovery-codes")
    recovery = codes.first.inner_text()

    other = window(360, 740, java_script_enabled=False)
    give_password(other, server, "admin")
    expect(other.get_by_role("heading", name="Masukkan kode")).to_be_visible()
    picture(other, "accounts-code")
    other.get_by_label("Kode dari aplikasi").fill("000000")
    other.get_by_role("button", name="Masuk").click()
    expect(other.get_by_text("Kode ini salah")).to_be_visible()
    picture(other, "accounts-code-wrong")
    other.get_by_label("Kode dari aplikasi").fill(uri.at(int(time.time()) + 30))
    other.get_by_role("button", name="Masuk").click()
    expect(other).to_have_url(re.compile("/desk"))

    lost = window(360, 740)
    give_password(lost, server, "admin")
    lost.get_by_text("Ponsel hilang atau rusak").click()
    lost.get_by_label("Kode cadangan").fill(recovery.upper())
    lost.get_by_role("button", name="Masuk").click()
    expect(lost).to_have_url(re.compile("/desk"))
