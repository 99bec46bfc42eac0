// Prints the slips that wait for this kiosk's own browser (chromium --kiosk --kiosk-printing). The
// server hands each out once, before it is printed: a page that is loaded again never prints it twice.

const tray = document.getElementById("slip-tray");
const headers = { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
const LOOK_AGAIN_AFTER = 3_000;
const LONGEST_PRINT = 30_000;
const page = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, page];

async function look() {
  try {
    while ((await reach(tray.dataset.waiting)).status === 200) {
      const answer = await reach(tray.dataset.next, { method: "POST", headers });
      if (answer.status !== 200) break;
      tray.innerHTML = await answer.text();
      await print(tray.firstElementChild);
      tray.replaceChildren();
    }
  } catch {
    tray.replaceChildren(); // what was handed out and not printed is told to the staff by the server
  }
  setTimeout(look, LOOK_AGAIN_AFTER);
}

async function reach(url, options = {}) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
  return answer;
}

async function print(slip) {
  await slip.querySelector("img").decode();
  await document.fonts.ready;
  // The roll ends where the slip does; a printer driver's own page would be too long or too short.
  const height = Math.ceil((slip.getBoundingClientRect().height / 96) * 25.4) + 1;
  page.replaceSync(`@page { size: ${slip.dataset.width}mm ${height}mm; margin: 0 }`);
  const printed = new Promise((done, fail) => {
    addEventListener("afterprint", done, { once: true });
    setTimeout(() => fail(new Error("not printed")), LONGEST_PRINT);
  });
  window.print();
  await printed;
  await reach(slip.dataset.printed, { method: "POST", headers, keepalive: true });
}

look();
