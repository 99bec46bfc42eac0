// The kiosk's line to the server: a step is taken once the server answers, and until then it is tried again.

const ANSWER_WITHIN = 10_000;
const TRY_AGAIN_AFTER = 5_000;

const retry = document.getElementById("retry");
const failed = document.getElementById("failed");
let again = null; // the step that waits for the line
let timer = 0;

/** Whether a step is being taken at this moment. */
export let busy = false;

export async function reach(url, options = {}) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ANSWER_WITHIN) });
  if (answer.status >= 500) throw new Error(`status ${answer.status}`);
  return answer;
}

/** The form's token; the page that answers a stale one brings a fresh one. */
const token = document.querySelector("meta[name=csrf-token]");

/** Send a form's fields; `home` is where the server leads those whose page outlived its session. */
export async function send(url, fields, home) {
  for (let tries = 1; ; tries += 1) {
    const body = new URLSearchParams([...fields, ["csrf_token", token.content]]);
    const answer = await reach(url, { method: "POST", body });
    if (tries > 1 || !answer.redirected || answer.url !== home) return answer;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    token.content = page.querySelector("meta[name=csrf-token]").content;
  }
}

/** Take a step that asks the server; when it does not answer, say so and take the same step again. */
export async function attempt(step) {
  if (busy) return;
  busy = true;
  again = step;
  clearTimeout(timer);
  retry.setAttribute("aria-busy", "true");
  document.body.dataset.busy = "";
  try {
    await step();
  } catch {
    busy = false;
    retry.removeAttribute("aria-busy");
    delete document.body.dataset.busy;
    timer = setTimeout(() => attempt(step), TRY_AGAIN_AFTER);
    showFailure();
  }
}

function showFailure() {
  const focus = failed.hidden;
  for (const part of failed.parentElement.children) part.hidden = part !== failed;
  if (focus) retry.focus();
}

/** What the page says while the server does not answer: of a `step`, a `number`, a `visit`, or of who has `gone`. */
export function say(kind) {
  failed.dataset.of = kind;
}

retry.addEventListener("click", () => again && attempt(again));
addEventListener("online", () => again && attempt(again));
