// The desk: keeps itself fresh, sends presses in the background, answers to letter keys.
// Everything here is a form or a link that works without this file.

import { ring } from "./desk-help.js";
import { label, listen } from "./desk-keys.js";

const ANSWER_MS = 10_000;
const POLL_MS = 15_000;
const FRESH_MS = 60_000; // hints may be lost: with a line, too, the queue is read once a minute
const DUE_MS = 1000; // after a call should have been heard; then the server knows
const SETTLE_MS = 600; // the big button changes its meaning; the second half of a double click must not meet it

const desk = document.getElementById("desk");
const dialog = document.getElementById("dialog");
const line = document.getElementById("line");
const { nowUrl, bidang, zone } = desk.dataset;
const connected = line.textContent;
const separator = document.documentElement.lang === "id" ? "." : ":";

let asked = 0; // only the answer to the latest question is shown
let busy = false;
let missedHint = false;
let settledAt = 0;
let dueAsked = ""; // each due moment is asked about once
let serverAhead = 0; // server's clock minus performance.now()
let heardAt = 0; // server's clock when it last answered

const part = (name, inside = desk) => inside.querySelector(`[data-part="${name}"]`);
const serverNow = () => serverAhead + performance.now();

async function ask(url, options = {}) {
  const mine = ++asked;
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.status >= 500 && !sentence(page)) throw new Error(`status ${answer.status}`);
  return mine === asked ? page : null;
}

/** What a page of our own says instead of the desk. */
const sentence = (page) => page.querySelector(".rk-msg p")?.textContent;

/** Another page altogether; a question that is open keeps what was typed, and its press will tell. */
function startAnew() {
  if (!dialog.open) location.reload();
}

// Fresh pieces

function shown(element) {
  const copy = element.cloneNode(true);
  for (const input of copy.querySelectorAll('input[type="hidden"]')) input.remove();
  // what this page writes by itself: the time, the chosen letters, an undoing that is over
  for (const own of copy.querySelectorAll("[data-since], [data-letter]")) own.textContent = "";
  for (const form of copy.querySelectorAll("[data-until]")) form.hidden = false;
  for (const { dataset } of element.querySelectorAll("[data-part]")) {
    part(dataset.part, copy).outerHTML = dataset.part; // a part within is looked at by itself
  }
  return copy.outerHTML;
}

function show(page, { pressed }) {
  if (part("notice", page)?.dataset.seat !== part("notice").dataset.seat) return startAnew();
  const focused = document.activeElement;
  const place = focused?.dataset?.place;
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const old = part(fresh.dataset.part);
    if (!old) return startAnew(); // another role
    if (fresh.dataset.now) readClock(fresh.dataset.now);
    const keeps = fresh.dataset.part === "notice" && !pressed && !fresh.childElementCount;
    if (keeps || shown(old) === shown(fresh)) continue;
    const scrolled = old.querySelector(".m-wait--long")?.scrollTop ?? 0;
    for (const { name } of [...old.attributes]) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    old.replaceChildren(...fresh.childNodes);
    const list = old.querySelector(".m-wait--long");
    if (list) list.scrollTop = scrolled;
  }
  const title = part("here").dataset.title;
  if (title) document.title = `${title} · RUKO`;
  label();
  if (focused && focused !== document.body && !focused.isConnected) focusAgain(place);
  tick();
}

function focusAgain(place) {
  const same = place && desk.querySelector(`[data-place="${place}"]:not(:disabled)`);
  const list = place?.startsWith("at-") && desk.querySelector(".m-wait--long");
  (same || list || desk.querySelector('[data-place="main"]'))?.focus();
}

async function refresh() {
  if (busy) {
    missedHint = true;
    return;
  }
  try {
    const page = await ask(nowUrl);
    if (!page) return;
    if (part("here", page)) show(page, { pressed: false });
    else if (sentence(page)) return tellLine(false);
    else startAnew(); // signed out, or no seat any more
    heard();
  } catch {
    tellLine(false);
  }
}

// Presses

async function press(button, url, options) {
  if (busy || performance.now() < settledAt) return;
  busy = true;
  button?.setAttribute("aria-busy", "true");
  try {
    take(await ask(url, options));
    heard();
  } catch {
    fail();
    tellLine(false);
  } finally {
    busy = false;
    button?.removeAttribute("aria-busy");
    if (missedHint) {
      missedHint = false;
      refresh();
    }
  }
}

function take(page) {
  const question = page.querySelector("[data-dialog]");
  if (question) {
    if (dialog.open) dialog.close(); // opened anew, it takes the focus that its old content had
    dialog.replaceChildren(...question.childNodes);
    dialog.showModal();
    dialog.querySelector('[aria-invalid="true"]')?.focus();
  } else if (part("here", page)) {
    if (dialog.open) dialog.close();
    show(page, { pressed: true });
    settledAt = performance.now() + SETTLE_MS;
  } else if (sentence(page)) {
    fail(sentence(page));
  } else {
    location.reload();
  }
}

function fail(why) {
  const note = document.getElementById("failed").content.cloneNode(true);
  if (why) note.querySelector(".rk-note div").textContent = why;
  if (!dialog.open) part("notice").replaceChildren(note);
  else {
    dialog.querySelector(".rk-note--bad")?.remove();
    dialog.prepend(note);
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!desk.contains(form) && !dialog.contains(form)) return;
  if ("leave" in form.dataset) return; // another place: another page
  event.preventDefault();
  const { submitter } = event;
  const body = new URLSearchParams(new FormData(form)); // older browsers leave the pressed button out
  if (submitter?.name) body.set(submitter.name, submitter.value);
  press(submitter, form.action, { method: "POST", body });
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("a[data-ask]");
  if (link) {
    event.preventDefault();
    press(link, link.href);
  } else if (event.target.closest("[data-close]") && dialog.open) {
    event.preventDefault();
    dialog.close();
  }
});

// Letter keys

function typesInto(target) {
  // just after a dialog has closed, its field may still hold the focus
  return !dialog.contains(target) && target.closest('input:not([type="checkbox"]), select, textarea');
}

listen(typesInto, () => dialog.open);

// Time and the line

function readClock(moment) {
  serverAhead = Date.parse(moment) - performance.now();
}

function tick() {
  for (const timer of desk.querySelectorAll("[data-since]")) {
    const running = Math.floor((serverNow() - Date.parse(timer.dataset.since)) / 1000);
    const seconds = Math.max(0, running) + Number(timer.dataset.before);
    const minutes = Math.floor(seconds / 60);
    timer.parentElement.classList.toggle("late", minutes >= (timer.dataset.target || Infinity));
    timer.textContent = [minutes, seconds % 60].map((n) => String(n).padStart(2, "0")).join(separator);
  }
  for (const form of desk.querySelectorAll("[data-until]:not([hidden])")) {
    if (serverNow() <= Date.parse(form.dataset.until)) continue;
    const hadFocus = form.contains(document.activeElement);
    form.hidden = true;
    if (hadFocus) focusAgain();
  }
  const { due } = desk.querySelector("[data-due]")?.dataset ?? {};
  if (due && due !== dueAsked && serverNow() > Date.parse(due) + DUE_MS) {
    dueAsked = due;
    refresh();
  }
}

function heard() {
  heardAt = serverNow();
  tellLine(true);
}

function tellLine(works) {
  const since = new Date(heardAt).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  });
  const said = works ? connected : line.dataset.lost.replace("{time}", since.replace(":", separator));
  line.hidden = false;
  line.classList.toggle("m-ok--lost", !works);
  if (line.textContent !== said) line.textContent = said;
}

readClock(part("notice").dataset.now);
heard();
setInterval(tick, 1000);

const socket = io("/desk", { transports: ["websocket"] });
socket.on("connect", refresh);
socket.on("disconnect", refresh);
socket.on("help", (hint) => {
  if (hint.state === "asked") ring();
  refresh();
});
socket.on("queue", (hint) => {
  if (hint.bidang === bidang) refresh();
});
setInterval(() => {
  if (!socket.connected || serverNow() - heardAt > FRESH_MS) refresh();
}, POLL_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
