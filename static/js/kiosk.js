// The kiosk's pages, improved: they never leave for a server that does not answer, a lost answer is
// asked for again with the same request key, and an abandoned page goes back to the start by itself.

const next = document.getElementById("next");
const { dataset } = next;
const ANSWER_WITHIN = 10_000;
const TRY_AGAIN_AFTER = 5_000;
const TOUCHED = "kiosk-touched"; // this tab's visitor may have changed language or text

// 1. Going on

const failed = document.getElementById("failed");
let busy = false;
let retry = 0;

async function reach(url, options = {}) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ANSWER_WITHIN) });
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  return answer;
}

/** Take a step that asks the server; when it does not answer, say so and take the same step again. */
async function attempt(step) {
  if (busy) return;
  busy = true;
  clearTimeout(retry);
  document.getElementById("retry").setAttribute("aria-busy", "true");
  try {
    await step();
  } catch {
    busy = false;
    document.getElementById("retry").removeAttribute("aria-busy");
    document.getElementById("retry").onclick = () => attempt(step);
    retry = setTimeout(() => attempt(step), TRY_AGAIN_AFTER);
    showFailure();
  }
}

function showFailure() {
  if (!failed.hidden) return;
  for (const part of failed.parentElement.children) part.hidden = part !== failed;
  document.getElementById("retry").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  attempt(async () => {
    await reach(link.href);
    location.assign(link.href);
  });
});

for (const form of document.querySelectorAll("form[data-sure]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { submitter } = event;
    const fields = new URLSearchParams(new FormData(form, submitter));
    attempt(async () => {
      const answer = await reach(form.action, { method: "POST", body: fields });
      if (answer.redirected) {
        location.replace(answer.url);
        return;
      }
      // Refused, and nothing was done: the browser asks once more and shows the page that says why.
      if (submitter?.name) {
        const field = Object.assign(document.createElement("input"), {
          type: "hidden", name: submitter.name, value: submitter.value,
        });
        form.append(field);
      }
      form.submit();
    });
  });
}

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // an old page, perhaps with an old request key
});

// 2. Going back by itself

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

function leave() {
  if (refresh && !sessionStorage.getItem(TOUCHED)) return wind();
  attempt(async () => {
    await reach(dataset.start);
    sessionStorage.removeItem(TOUCHED);
    next.submit();
  });
}

function tick() {
  const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  for (const part of document.querySelectorAll("[data-left]")) part.textContent = left;
  ring?.setAttribute("stroke-dashoffset", Math.round(151 * (1 - left / span)));
  if (left <= ask && ask && !dialog.open && !busy) dialog.showModal();
  if (left === 0 && !busy) leave();
}

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => {
    sessionStorage.setItem(TOUCHED, "1");
    if (!counted && !dialog.open) wind();
  });
}
dialog.addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => wind());
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
      setTimeout(look, TRY_AGAIN_AFTER);
    }
  };
  setTimeout(look, refresh * 1000);
}

// 3. The keypad of a booking's code

const keys = document.querySelector(".k-keys");
if (keys) {
  const field = document.getElementById("code");
  keys.hidden = false;
  field.inputMode = "none"; // the tablet's own keyboard would cover ours
  if (field.getAttribute("aria-invalid") === "true") field.select(); // the next key begins anew
  keys.addEventListener("click", (event) => {
    const key = event.target.closest("button");
    if (!key) return;
    const { selectionStart: from, selectionEnd: to } = field;
    if ("erase" in key.dataset) {
      field.setRangeText("", from === to ? Math.max(0, from - 1) : from, to, "end");
    } else if (field.value.length - (to - from) < Number(keys.dataset.length)) {
      field.setRangeText(key.value, from, to, "end");
    }
  });
  document.addEventListener("keydown", (event) => {
    // A scanner types as fast as it reads, wherever the focus is.
    if (event.key.length === 1 && event.key !== " " && event.target !== field) field.focus();
  });
}
