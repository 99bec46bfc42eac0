"""What a first visit to each page weighs over the wire, beside its budget.

`python -m bench.page_weight` – a real Chromium with an empty cache counts every byte it receives,
and any address outside the server is an error.
"""

import platform
from collections.abc import Iterator
from datetime import UTC, datetime

from playwright.sync_api import Browser, BrowserContext, Page

from bench.call_to_display import post
from bench.office import PASSWORD, SLUG, Measured, measured_office
from tests.browser_driver import running_chromium

BUDGET_KB = {"kiosk": 120, "display": 160, "booking": 100, "ticket": 65}
STEPS = ("date", "time?date=2026-11-24", "people", "check")
"""Of a booking, after its first page."""


def main() -> None:
    with measured_office() as office, running_chromium() as browser:
        said = post(
            office, "kiosk", f"{office.api}/tickets", {"bidang": "PEM", "visitor": "resident"}
        )
        home = f"{office.url}/{SLUG}"
        pages = {
            "kiosk": f"{home}/kiosk",
            "display": f"{home}/display",
            "booking": f"{home}/booking",
            "ticket": f"{office.url}/t/{said['token']}",
        }
        print("python -m bench.page_weight")
        print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {platform.machine()}")
        for name, address in pages.items():
            weight, requests, outside = visit(browser, office, name, address)
            print(
                f"{name:8} {weight / 1024:6.1f} KB in {requests:2} requests"
                f"   (budget {BUDGET_KB[name]} KB)   outside the server: {outside or 'none'}"
            )
        for name, (weight, requests, outside) in steps(browser, office):
            print(
                f"booking, {name:6} {weight / 1024:6.1f} KB in {requests:2} requests"
                f"   outside the server: {outside or 'none'}"
            )


def visit(
    browser: Browser, office: Measured, name: str, address: str
) -> tuple[int, int, list[str]]:
    """Bytes received, requests made and foreign addresses of a first visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if name == "kiosk":
        token = office.tokens["kiosk"]
        context.add_cookies([{"name": "ruko_device", "value": token, "url": office.url}])
    if name == "booking":
        page = context.new_page()
        sign_in(page, office)
        page.close()
    weighed = weigh(context, office, address)
    context.close()
    return weighed


def weigh(context: BrowserContext, office: Measured, address: str) -> tuple[int, int, list[str]]:
    """The same of one page, for somebody with these cookies and an empty cache."""
    page = context.new_page()
    bytes_received, requests, outside = [0], [0], list[str]()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.on("Network.loadingFinished", lambda e: bytes_received.append(e["encodedDataLength"]))
    wire.on("Network.requestWillBeSent", lambda e: requests.append(1))
    page.on(
        "request", lambda r: outside.append(r.url) if not r.url.startswith(office.url) else None
    )
    page.goto(address)
    page.wait_for_timeout(1500)
    page.close()
    return int(sum(bytes_received)), len(requests) - 1, outside


def steps(browser: Browser, office: Measured) -> Iterator[tuple[str, tuple[int, int, list[str]]]]:
    """The further pages of a booking, each as it is when one comes to it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, office)
    page.goto(f"{office.url}/{SLUG}/booking")
    page.get_by_label("Stunting").check()
    page.get_by_label("Pokok bahasan").fill("Rembuk stunting")
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/date")
    draft = page.url.removesuffix("/date")
    for step in STEPS:
        yield step.partition("?")[0], weigh(context, office, f"{draft}/{step}")
        page.goto(f"{draft}/{step}")
        if step.startswith("time"):
            free = "label:has(input[name=when]:not([disabled]))"
            page.locator(free).first.click()
        elif step == "people":
            page.get_by_label("Nama ketua rombongan").fill("Siti Aminah")
            page.get_by_label("Jumlah peserta").fill("4")
        if step not in {"check", "date"}:
            page.locator("main button[type=submit]").last.click()
            page.wait_for_url(lambda url, step=step: step.partition("?")[0] not in url)  # type: ignore[misc]
    context.close()


def sign_in(page: Page, office: Measured) -> None:
    """As Desa Binjai."""
    page.goto(f"{office.url}/{SLUG}/login")
    page.fill("input[name=username]", "binjai")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/login" not in url)


if __name__ == "__main__":
    main()
