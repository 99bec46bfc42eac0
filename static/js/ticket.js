// The ticket on a phone: asks how it stands, sooner near the turn, and never passes off old news as new.

const LATE_AFTER = 20; // seconds after the moment when an answer was due
const PATTERN = [400, 150, 400, 150, 800];

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
  try {
    const answer = await fetch(ticket.dataset.source, {
      headers: etag ? { "If-None-Match": etag } : {},
      cache: "no-store",
      signal: AbortSignal.timeout(10_000),
    });
    if (answer.status === 200) {
      etag = answer.headers.get("ETag");
      show(await answer.text());
    }
    if (answer.status === 200 || answer.status === 304) heard = performance.now();
    pollAfter = Number(answer.headers.get("Poll-After") ?? pollAfter);
  } catch {
    // no line: the age below tells
  }
  tellAge();
  if (!ended()) timer = setTimeout(poll, pollAfter * 1000);
}

function show(html) {
  const before = part().dataset.state;
  ticket.innerHTML = html;
  const { state, look, title, said } = part().dataset;
  document.title = title;
  document.body.className = look ? `rk-phone rk-phone--${look}` : "rk-phone";
  document.querySelector("meta[name=theme-color]").content = look === "call" ? "#F4B93A" : "#F6F7F3";
  hint();
  const board = document.getElementById(state === "called" ? "called" : "said");
  if (board.textContent !== said) board.textContent = said;
  if (state === "called" && before !== "called") navigator.vibrate?.(PATTERN);
}

/** Whether this phone can vibrate: never, after a touch, or now. */
function hint() {
  const active = navigator.userActivation?.hasBeenActive ?? true;
  const kind = !navigator.vibrate ? "none" : active ? "ready" : "tap";
  for (const span of ticket.querySelectorAll("[data-hint]")) span.hidden = span.dataset.hint !== kind;
}

function tellAge() {
  const seconds = Math.round((performance.now() - heard) / 1000);
  const late = !ended() && seconds > pollAfter + LATE_AFTER;
  const unit = age.querySelector(`[data-unit=${seconds < 120 ? "s" : "m"}]`).textContent;
  const words = unit.replace("#", seconds < 120 ? seconds : Math.floor(seconds / 60));
  for (const span of age.querySelectorAll("[data-age]")) span.textContent = words;
  age.querySelector("[data-fresh]").hidden = !ended();
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
addEventListener("click", hint);
hint();
tellAge();
stayAwake();
setInterval(tellAge, 1000);
if (!ended()) timer = setTimeout(poll, pollAfter * 1000);
