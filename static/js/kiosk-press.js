// One press, one number. The key is made at the press and kept with the choices until the number
// stands on the screen: a lost answer, a reload and a restart ask for the same number again.
// A visitor who gives up takes the press along: its number is given back, or never taken.

import { attempt, say, send } from "./kiosk-line.js";

const { dataset } = document.getElementById("next");
const KEPT = "kiosk-press";
const STANDS_THERE = 5 * 60_000; // after a longer silence, such as a power cut, the visitor has left
const home = new URL(dataset.start, location).href;

/** The press without an answer, or null. */
export function outstanding() {
  return JSON.parse(localStorage.getItem(KEPT));
}

const keep = (press) => localStorage.setItem(KEPT, JSON.stringify(press));
const forget = () => localStorage.removeItem(KEPT);

/** Not randomUUID: on the office's network there is no HTTPS. */
function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Press: `fields` go to `action` once, however often they must be sent. */
export function press(action, fields) {
  const made = { key: newKey(), action, fields };
  attempt(async () => {
    if (outstanding()?.key !== made.key) await giveUp();
    await settle(made);
  });
}

async function settle(made) {
  keep({ ...made, at: Date.now() });
  say(made.action === dataset.arrive ? "visit" : "number");
  const fields = [...made.fields, ["request_key", made.key]];
  const answer = await send(made.action, fields, home);
  if (!answer.redirected) return showRefusal(made.action, fields);
  if (!answer.url.includes("/tickets/")) forget(); // a question is still open; nothing was done
  location.replace(answer.url);
}

/** Nothing was done: the browser asks once more, with the same key, and shows the page that says why. */
function showRefusal(action, fields) {
  const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true });
  const token = document.querySelector("meta[name=csrf-token]").content;
  for (const [name, value] of [...fields, ["csrf_token", token]]) {
    form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  document.body.append(form);
  form.submit();
}

/** Part of leaving a page: a press that is still without an answer must not become a number of nobody. */
export async function giveUp() {
  const made = outstanding();
  if (!made) return say("step");
  keep({ ...made, gone: true });
  say("gone");
  await send(dataset.withdraw, [["request_key", made.key]], home);
  forget();
}

/** What a page does first: the press that an earlier page left without an answer. */
export function settleOutstanding() {
  const made = outstanding();
  if (!made) return;
  if (dataset.settled) forget(); // this page is the answer
  else if (made.gone || Date.now() - made.at > STANDS_THERE) {
    attempt(async () => {
      await giveUp();
      location.replace(home);
    });
  } else attempt(() => settle(made));
}
