// A clip on its way to the server. What has not arrived stays in this page and is sent again.

import { Failure, said } from "./voice-said.js";

const ANSWER_MS = 20_000;
const REFUSED = [413, 422]; // the clip itself is not taken: sending it again is of no use
const ASK_AGAIN = [401, 403]; // perhaps the page has outlived its token

const token = document.querySelector("meta[name=csrf-token]");
const news = document.getElementById("news");
const unsent = new Map();

const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");
const row = (name) => document.getElementById(`clip-${name}`);

export const isUnsent = (name) => unsent.has(name);

/** Say at its row how it went; a clip that has not arrived can be sent again from there. */
export function tell(name, sentence, isBad = true) {
  const line = row(name).querySelector("[data-said]");
  line.classList.toggle("rk-err", isBad);
  line.textContent = sentence;
  news.textContent = sentence && `${row(name).dataset.words}: ${sentence}`; // a row's own line is not there before
  row(name).querySelector('[data-act="send"]')?.toggleAttribute("hidden", !isUnsent(name));
}

/**
 * Keep it under that name; resolves with a sentence that says so.
 * Rejects with a `Failure`, after which `isUnsent` tells whether it waits.
 */
export async function keep(name, file) {
  unsent.set(name, file);
  try {
    await deliver(name, file);
    return said("kept", { seconds: row(name).dataset.seconds });
  } catch (error) {
    tell(name, error.message);
    throw error;
  }
}

/** Send what waits under that name once more. */
export const keepAgain = (name) => keep(name, unsent.get(name));

async function deliver(name, file) {
  let answer;
  let page;
  try {
    answer = await send(row(name).dataset.keep, file);
    page = await read(answer);
  } catch {
    throw new Failure(said("unsent"));
  }
  if (answer.ok && page.getElementById(`clip-${name}`)) {
    if (unsent.get(name) === file) unsent.delete(name);
    return show(page, name);
  }
  if (REFUSED.includes(answer.status)) unsent.delete(name);
  const reason = page.querySelector(".rk-err, .rk-msg p")?.textContent.trim();
  throw new Failure(isUnsent(name) && reason ? `${reason} ${said("waits")}` : (reason ?? said("unsent")));
}

async function send(address, file) {
  for (let tries = 1; ; tries += 1) {
    const body = new FormData();
    body.append("csrf_token", token.content);
    body.append("file", file, "clip.wav");
    const options = { method: "POST", body, signal: AbortSignal.timeout(ANSWER_MS) };
    const answer = await fetch(address, options);
    if (tries > 1 || !ASK_AGAIN.includes(answer.status)) return answer;
    const page = await read(await fetch(address, { signal: AbortSignal.timeout(ANSWER_MS) }));
    token.content = page.querySelector("meta[name=csrf-token]")?.content ?? "";
  }
}

/** Show what the server now says of that clip and of all of them. */
function show(page, name) {
  for (const id of ["head", `clip-${name}`]) {
    const [old, fresh] = [document, page].map((each) => each.getElementById(id));
    const place = old.contains(document.activeElement) && document.activeElement.dataset.act;
    old.replaceWith(fresh);
    if (place) fresh.querySelector(`[data-act="${place}"]`)?.focus();
  }
  for (const word of document.querySelectorAll(`[data-clip="${name}"] [data-gap]`)) word.hidden = true;
}

addEventListener("beforeunload", (event) => {
  if (unsent.size) event.preventDefault();
});
