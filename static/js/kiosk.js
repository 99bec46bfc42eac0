// The kiosk's pages, improved: they never leave for a server that does not answer.

import "./kiosk-idle.js";
import { attempt, reach, send } from "./kiosk-line.js";
import { giveUp, press, settleOutstanding } from "./kiosk-press.js";
import "./kiosk-scanner.js";

settleOutstanding();

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  attempt(async () => {
    await giveUp();
    await reach(link.href);
    location.assign(link.href);
  });
});

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const { target: form, submitter } = event;
  const given = new FormData(form); // older browsers leave the pressed button's answer out
  if (submitter?.name) given.set(submitter.name, submitter.value);
  const fields = [...given].filter(([name]) => name !== "csrf_token" && name !== "request_key");
  if ("sure" in form.dataset) press(form.getAttribute("action"), fields);
  else
    attempt(async () => {
      const answer = await send(form.action, fields);
      location.replace(answer.url);
    });
});

document.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // an old page; its numbers and times are old too
});

// The screen stays on where the browser allows it (with HTTPS); hidden pages lose that right.
async function stayAwake() {
  if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen");
}
for (const [target, moment] of [[document, "visibilitychange"], [window, "load"]]) {
  target.addEventListener(moment, () => stayAwake().catch(() => {}));
}
