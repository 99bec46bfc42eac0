// An unpaired screen: presses "show the code" by itself, and asks whether the code was approved.
// By itself once per tab, and anew after being revoked: a page that somebody left open must not use
// up the office's codes, so one that has run out is renewed by the button.

const CHECK_MS = 3_000;
const AGAIN_MS = 60_000;
const ANSWER_MS = 10_000;
const ASKED = "pairing-asked";

const form = document.querySelector("form[data-ask], form[data-check]");
const { ask } = form.dataset; // as what, and since when revoked
const checks = ask === undefined;
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
    if (answer.redirected) {
      if (!checks) sessionStorage.setItem(ASKED, ask);
      return location.replace(answer.url);
    }
    if (answer.status === 403) return setTimeout(() => location.reload(), AGAIN_MS); // too old
    if (!answer.ok) wait = AGAIN_MS; // too many screens ask
  } catch {
    // the server is away; the button stays
  }
  setTimeout(press, wait);
}

if (checks || sessionStorage.getItem(ASKED) !== ask) press();
