// A page that keeps itself up to date: its parts are fetched anew and replaced where they differ.
// The focus stays where it was, and nothing is replaced under somebody's hands.

import { ask } from "./in-time.js";

const ANSWER_MS = 10_000;
const POLL_MS = 20_000;

const root = document.querySelector("[data-now-url]");
const parts = () => root.querySelectorAll("[data-part]");
let seen;

const name = (part) => part.dataset.part;
const told = (part) => part.innerHTML.replace(/<input type="hidden"[^>]*>/g, ""); // keys of forms

function show(text) {
  if (text === seen) return;
  seen = text;
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = [...page.querySelectorAll("[data-part]")];
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
    show(await ask(root.dataset.nowUrl, { within: ANSWER_MS, read: (answer) => answer.text() }));
  } catch {
    // asked again in a while
  }
}

setInterval(() => document.hidden || refresh(), POLL_MS);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
