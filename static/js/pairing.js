// An unpaired screen: presses "show the code" by itself, and asks whether the code was approved.

const CHECK_MS = 3_000;
const AGAIN_MS = 60_000;
const ANSWER_MS = 10_000;

const form = document.querySelector("form[data-ask], form[data-check]");
const checks = "check" in form.dataset;
let leaving = false; // somebody pressed a button: its answer counts, not ours
addEventListener("submit", () => {
  leaving = true;
});

/** Send the form in the background; an answer that leads elsewhere is followed. */
async function press() {
  const body = new URLSearchParams(new FormData(form));
  if (checks) body.set("quiet", "1");
  let wait = checks ? CHECK_MS : AGAIN_MS;
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(form.action, { method: "POST", body, signal });
    if (leaving) return;
    if (answer.redirected) return location.replace(answer.url);
    if (answer.status === 403) return setTimeout(() => location.reload(), AGAIN_MS); // too old
    if (!answer.ok) wait = AGAIN_MS; // too many screens ask
  } catch {
    // the server is away; the button stays
  }
  setTimeout(press, wait);
}

press();
