// The ticket on a phone: asks how it stands, sooner near the turn, and never passes off old news as new.

import { alarm, offerSound, vibrates } from "./ticket-alarm.js";
import { onPress, settle } from "./ticket-press.js";

const LATE_AFTER = 20; // seconds after the moment when an answer was due

const ticket = document.getElementById("ticket");
const age = document.getElementById("age");
let pollAfter = Number(ticket.dataset.pollAfter);
let heard = performance.now();
let timer = 0;
let etag = null;
let lock = null;

const part = () => ticket.querySelector(".p-state");
const ended = () => "ended" in part().dataset;

async function poll() {
  clearTimeout(timer);
  const shown = part();
  try {
    const answer = await fetch(ticket.dataset.source, {
      headers: etag ? { "If-None-Match": etag } : {},
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    const html = await answer.text();
    if (answer.status === 200 && shown === part()) { // else a press was answered meanwhile
      etag = answer.headers.get("ETag");
      show(html);
    }
    if (answer.status === 200 || answer.status === 304) heard = performance.now();
    pollAfter = Number(answer.headers.get("Poll-After") ?? pollAfter);
  } catch {
    // no line: the age below tells
  }
  tellAge();
  clearTimeout(timer); // a look in between has set it as well
  if (!ended()) timer = setTimeout(poll, pollAfter * 1000);
}

function show(html) {
  const before = part().dataset;
  const focused = ticket.contains(document.activeElement) && document.activeElement.id;
  ticket.innerHTML = html;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  const { state, look, version, title, said } = part().dataset;
  document.title = title;
  document.body.className = look ? `rk-phone rk-phone--${look}` : "rk-phone";
  document.querySelector("meta[name=theme-color]").content = look === "call" ? "#F4B93A" : "#F6F7F3";
  dress();
  if (version === before.version) return tell(state, said);
  settle({ mayLeave: Boolean(document.getElementById("leave")) });
  if (state !== "called") return tell(state, said);
  document.getElementById("called").textContent = "";
  alarm(); // each call, the first and those that repeat it
  tell(state, said);
}

function tell(state, said) {
  const board = document.getElementById(state === "called" ? "called" : "said");
  if (board.textContent !== said) board.textContent = said;
}

/** What only the script knows: whether the phone vibrates, and whether a call may still come. */
function dress() {
  const kind = vibrates();
  for (const hint of ticket.querySelectorAll("[data-hint]")) {
    hint.hidden = (hint.dataset.hint === "none") !== (kind === "none");
    hint.classList.toggle("p-off", hint.dataset.hint !== kind); // it keeps its room: nothing jumps
  }
  offerSound(["waiting", "held", "no_show"].includes(part().dataset.state));
}

function tellAge() {
  const seconds = Math.round((performance.now() - heard) / 1000);
  const late = !ended() && seconds > pollAfter + LATE_AFTER;
  const unit = age.querySelector(`[data-unit=${seconds < 120 ? "s" : "m"}]`).textContent;
  const words = unit.replace("#", seconds < 120 ? seconds : Math.floor(seconds / 60));
  for (const span of age.querySelectorAll("[data-age]")) span.textContent = words;
  age.querySelector("[data-fresh]").hidden = !ended();
  if (ended()) age.querySelector("[data-at]").textContent = part().dataset.ended;
  age.querySelector("[data-ago='0']").hidden = ended() || late || seconds >= 5;
  age.querySelector("[data-ago='1']").hidden = ended() || late || seconds < 5;
  age.querySelector("[data-late]").hidden = !late;
  age.classList.toggle("p-upd--late", late);
}

/** Keep the screen on while waiting; browsers allow it only on secure pages. */
async function stayAwake() {
  if (document.hidden || ended() || (lock && !lock.released)) return;
  lock = await navigator.wakeLock?.request("screen").catch(() => null);
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  stayAwake();
  if (!ended()) poll();
});
addEventListener("online", () => !ended() && poll());
addEventListener("click", dress);
onPress((html) => {
  etag = null;
  heard = performance.now();
  show(html);
});
dress();
tellAge();
stayAwake();
setInterval(tellAge, 1000);
if (!ended()) timer = setTimeout(poll, pollAfter * 1000);
