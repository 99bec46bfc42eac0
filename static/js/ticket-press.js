// What the visitor decides: sent in the background, and when it failed, said so. Each press carries
// its key, so pressing again is safe. Without this file the same forms and links are pages.

const PATIENCE_MS = 10_000;

const refused = document.getElementById("refused");
const unanswered = document.getElementById("unanswered");
const leaving = document.getElementById("leaving");
const main = document.getElementById("content");

/** Send presses; `show` is given the ticket as the answer tells it. */
export function onPress(show) {
  addEventListener("submit", async (event) => {
    const form = event.target;
    if (!("notDone" in form.dataset)) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      const page = await send(form);
      show(page.getElementById("ticket").innerHTML);
      refused.replaceChildren(...page.getElementById("refused").children);
    } catch {
      const note = unanswered.content.cloneNode(true);
      note.querySelector("b").textContent = form.dataset.notDone;
      refused.replaceChildren(note);
    }
    button.ariaBusy = null;
    leaving.close();
    if (refused.childElementCount) refused.scrollIntoView({ block: "center" });
    else if (document.activeElement === document.body) main.focus({ preventScroll: true });
  });
}

/** The ticket has changed: what was said of an earlier press, or asked, is settled. */
export function settle({ mayLeave }) {
  refused.replaceChildren();
  if (!mayLeave) leaving?.close();
}

async function send(form) {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.getElementById("ticket")) throw new Error(`${answer.status}`);
  return page;
}

function ask() {
  for (const part of document.querySelectorAll("[inert]")) part.inert = false;
  const { version } = document.querySelector(".p-state").dataset;
  leaving.querySelector("[name=request_key]").value = `leave.${version}`;
  leaving.close(); // the page without the script has it open already
  leaving.showModal();
}

if (leaving?.open) ask();
document.addEventListener("click", (event) => {
  const link = event.target.closest("#leave, #stay");
  if (!link) return;
  event.preventDefault();
  if (link.id === "leave") ask();
  else leaving.close();
});
leaving?.addEventListener("close", () => {
  if (!leaving.open) history.replaceState(null, "", document.getElementById("ticket").dataset.home);
});
