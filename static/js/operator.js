// The operator's page: fetches its parts anew when the office rings, and replaces what has changed.
// A part that holds the focus keeps it; buttons are plain forms.

import { ring } from "./desk-help.js";

const ANSWER_MS = 10_000;
const POLL_MS = 20_000; // printers, devices and the clock ring no bell
const CALM_MS = 1_000; // a busy office rings often; one reading a second is enough

const office = document.getElementById("office");
const line = document.getElementById("line");
const { nowUrl, zone } = office.dataset;
const connected = line.textContent;
const separator = document.documentElement.lang === "id" ? "." : ":";

let asking = false;
let asked = false; // again, while the last answer was on its way
let heardAt = Date.parse(office.querySelector("[data-now]").dataset.now);
let heardWhen = performance.now();

const part = (name) => office.querySelector(`[data-part="${CSS.escape(name)}"]`);

function shown(element) {
  const copy = element.cloneNode(true);
  for (const input of copy.querySelectorAll('input[type="hidden"]')) input.remove();
  delete copy.dataset.now;
  return copy.outerHTML;
}

function show(page) {
  if (!page.querySelector("[data-part]")) return location.reload(); // signed out
  const place = document.activeElement?.dataset?.place;
  for (const fresh of page.querySelectorAll("[data-part]")) {
    const old = part(fresh.dataset.part);
    if (!old) return location.reload();
    if (fresh.dataset.now) heard(fresh.dataset.now);
    if (shown(old) === shown(fresh)) continue;
    for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
    old.hidden = fresh.hidden;
    old.replaceChildren(...fresh.childNodes);
  }
  if (place && !document.activeElement?.dataset?.place) {
    office.querySelector(`[data-place="${CSS.escape(place)}"]`)?.focus();
  }
}

async function refresh() {
  if (asking) {
    asked = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(nowUrl, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    tellLine(false);
  }
  await new Promise((done) => setTimeout(done, CALM_MS));
  asking = false;
  if (asked) {
    asked = false;
    refresh();
  }
}

function heard(moment) {
  heardAt = Date.parse(moment);
  heardWhen = performance.now();
  tellLine(true);
}

function tellLine(works) {
  const options = { hour: "2-digit", minute: "2-digit", timeZone: zone };
  const since = new Date(heardAt).toLocaleTimeString("en-GB", options).replace(":", separator);
  const said = works ? connected : line.dataset.lost.replace("{time}", since);
  line.hidden = false;
  line.classList.toggle("m-ok--lost", !works);
  if (line.textContent !== said) line.textContent = said;
}

tellLine(true);
const socket = io("/desk", { transports: ["websocket"] });
for (const happened of ["connect", "disconnect", "queue"]) socket.on(happened, refresh);
socket.on("help", (hint) => {
  if (hint.state === "asked") ring();
  refresh();
});
setInterval(() => {
  if (performance.now() - heardWhen > POLL_MS || !socket.connected) refresh();
}, POLL_MS / 2);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
