"""The operator sees who has not coordinated for long; a village takes its meetings into its calendar."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from icalendar import Calendar
from playwright.sync_api import Page, expect

from tests.browser.accessibility.conftest import Inspector
from tests.browser.conftest import Server

pytestmark = pytest.mark.browser

Window = Callable[..., Page]
Enter = Callable[[Page, str], None]
Picture = Callable[[Page, str], None]


def test_who_was_not_here_for_long_and_who_comes_next(
    server: Server, window: Window, enter: Enter, picture: Picture, tmp_path: Path
) -> None:
    look = Inspector()
    page = window(1366, 768, reduced_motion="reduce")
    page.add_init_script(AXE_SCRIPT)
    enter(page, "operator")
    page.goto(f"{server.home}/desk/office")
    page.locator(".m-menu summary").press("Enter")
    page.get_by_role("link", name="Koordinasi desa").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("selama 4 minggu atau lebih")
    expect(page.get_by_role("rowheader")).to_have_count(16)
    quiet, others = page.get_by_role("table").all()
    expect(quiet).to_contain_text("belum pernah")
    expect(others).to_contain_text("minggu lalu")
    picture(page, "quiet")
    look(page, "quiet villages", narrow=320)
    weeks = page.get_by_label("Minggu tanpa koordinasi")
    weeks.fill("52")
    weeks.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("selama 52 minggu")
    page.goto(f"{server.home}/desk/villages?weeks=99")
    expect(page.get_by_text("dari 1 sampai 52")).to_be_visible()
    look(page, "quiet villages, refused")
    name = page.get_by_role("table").first.get_by_role("rowheader").first.inner_text()
    page.get_by_role("link", name=f"Buat jadwal {name}").press("Enter")
    expect(page.locator("[name=village] option:checked")).to_have_text(name)

    phone = window(360, 740, reduced_motion="reduce")
    phone.add_init_script(AXE_SCRIPT)
    enter(phone, "panggung")
    phone.goto(f"{server.home}/booking/mine")
    phone.get_by_role("link", name="Langganan kalender").press("Enter")
    look(phone, "calendar", narrow=320)
    phone.get_by_role("button", name="Buat alamat").press("Enter")
    address = phone.get_by_label("Alamat untuk disalin").input_value()
    look(phone, "calendar address", narrow=320)
    picture(phone, "calendar-address")
    feed = window(360, 740).request.get(address)  # somebody else's program, without a session
    assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
    assert Calendar.from_ical(feed.text()).walk("VEVENT")
    phone.reload()
    expect(phone.get_by_text("Anda punya alamat sejak")).to_be_visible()
    phone.get_by_role("button", name="Hapus alamat").press("Enter")
    expect(phone.get_by_role("status")).to_contain_text("Alamat sudah dihapus")
    assert window(360, 740).request.get(address).status == 401
    assert not look.found, "\n".join(look.found)
    said = (tmp_path / "server.log").read_text()
    assert address.partition("token=")[2] not in said
