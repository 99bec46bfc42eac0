// The week keeps itself up to date: its parts are fetched anew and replaced where they differ.
// The focus stays where it was, and with the arrow keys it walks from cell to cell.

import { ask } from "./in-time.js";

const ANSWER_MS = 10_000;
const POLL_MS = 20_000;

const week = document.getElementById("week");
const parts = () => week.querySelectorAll(":scope > [data-part]");
let seen;

const name = (part) => part.dataset.part;
const told = (part) => part.innerHTML.replace(/<input type="hidden"[^>]*>/g, ""); // keys of forms

function show(text) {
  if (text === seen) return;
  seen = text;
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = [...page.querySelectorAll("body > [data-part]")];
  if (fresh.map(name).join() !== [...parts()].map(name).join()) return location.reload(); // signed out
  for (const old of parts()) {
    const now = fresh.find((part) => name(part) === name(old));
    if (told(old) !== told(now) && !replaced(old, now)) seen = undefined; // once more later
  }
}

/** Put the new part there, unless somebody is at work in the old one. */
function replaced(old, now) {
  const at = old.contains(document.activeElement) ? document.activeElement : old;
  const place = at.dataset.place;
  if (old.querySelector("details[open]") || (at !== old && !place)) return false;
  old.replaceChildren(...now.childNodes);
  if (!place) return true;
  if (old.tabIndex < 0) old.tabIndex = -1; // takes the focus where its place is gone
  (old.querySelector(`[data-place="${CSS.escape(place)}"]`) ?? old).focus({ preventScroll: true });
  return true;
}

async function refresh() {
  try {
    show(await ask(week.dataset.nowUrl, { within: ANSWER_MS, read: (answer) => answer.text() }));
  } catch {
    // asked again in a while
  }
}

setInterval(() => document.hidden || refresh(), POLL_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());

// ── Arrow keys: to the nearest link on that side ────────────────────────────────────────────

const SIDES = {
  ArrowUp: (from, to) => [from.top - to.bottom, across(from.left, from.right, to.left, to.right)],
  ArrowDown: (from, to) => [to.top - from.bottom, across(from.left, from.right, to.left, to.right)],
  ArrowLeft: (from, to) => [from.left - to.right, across(from.top, from.bottom, to.top, to.bottom)],
  ArrowRight: (from, to) => [to.left - from.right, across(from.top, from.bottom, to.top, to.bottom)],
};
const EDGE = 4; // neighbours may touch
const ASIDE = 4; // what lies beside the way counts as so much farther

function across(start, end, otherStart, otherEnd) {
  return Math.max(0, otherStart - end, start - otherEnd);
}

week.addEventListener("keydown", (event) => {
  const side = SIDES[event.key];
  const cell = event.target.closest("td, th");
  if (!side || !cell || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const from = cell.getBoundingClientRect();
  let best;
  for (const link of cell.closest("table").querySelectorAll("a")) {
    const [ahead, beside] = side(from, link.closest("td, th").getBoundingClientRect());
    const far = ahead + ASIDE * beside;
    if (ahead > -EDGE && (!best || far < best.far)) best = { link, far };
  }
  if (!best) return;
  event.preventDefault();
  best.link.focus();
  best.link.scrollIntoView({ block: "nearest", inline: "nearest" });
});
