// An abandoned page goes back to the start by itself, and the next visitor finds the usual text and colours.

import { attempt, busy, reach, send } from "./kiosk-line.js";
import { giveUp, outstanding } from "./kiosk-press.js";

const next = document.getElementById("next");
const { dataset } = next;
const TOUCHED = "kiosk-touched"; // this tab's visitor may have changed language or text
const LOOK_AGAIN_AFTER = 5_000;

const counted = Number(dataset.counted) === 1; // a touch does not wind the clock of the ticket page
const ask = Number(dataset.ask);
const dialog = document.getElementById("idle");
const refresh = Number(dataset.refresh);
const ring = document.querySelector(".k-ring .go");
let span = Number(dataset.idle);
let deadline = performance.now() + span * 1000;

function wind(seconds = Number(dataset.idle)) {
  span = seconds;
  deadline = performance.now() + seconds * 1000;
}

/** The visitor is done, or has gone. */
function leave() {
  attempt(async () => {
    await giveUp();
    const answer = await send(next.action, []);
    sessionStorage.removeItem(TOUCHED);
    location.assign(answer.url);
  });
}

function tick() {
  const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  for (const part of document.querySelectorAll("[data-left]")) part.textContent = left;
  ring?.setAttribute("stroke-dashoffset", Math.round(151 * (1 - left / span)));
  if (left <= ask && ask && !dialog.open && !busy) dialog.showModal();
  if (left > 0 || busy) return;
  if (refresh && !sessionStorage.getItem(TOUCHED) && !outstanding()) wind();
  else leave();
}

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    sessionStorage.setItem(TOUCHED, "1");
    if (!counted && !dialog.open) wind();
  });
}
dialog.addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => wind());
next.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});
setInterval(tick, 1000);

if (counted) {
  const more = document.getElementById("more");
  document.getElementById("counted").hidden = false;
  more.hidden = false;
  more.addEventListener("click", () => {
    wind((deadline - performance.now()) / 1000 + 60);
    tick();
  });
}

if (refresh) {
  // The first page stays for hours: show the minute, the queue, and whether the office is open.
  const look = async () => {
    try {
      if (!busy) {
        await reach(location.href);
        if (!busy) location.reload();
      }
    } catch {
      setTimeout(look, LOOK_AGAIN_AFTER);
    }
  };
  setTimeout(look, refresh * 1000);
}
