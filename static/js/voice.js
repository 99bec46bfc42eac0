// The page of the board's voice: listen, record, upload, try a whole call. Without this it is links and forms.

import { playCall, stopCall, verdict } from "./voice-call.js";
import { keep, keepAgain, tell } from "./voice-keep.js";
import { obstacle } from "./voice-recorder.js";
import { Failure, said, seconds } from "./voice-said.js";
import { audio, clipOf, decode, load, play } from "./voice-sound.js";

const LOAD_MS = 5_000;
const MOST_BYTES = 10 * 1024 * 1024; // of a file before it is read; what is kept is far smaller

const page = document.getElementById("voice");
const file = document.getElementById("file");
const call = document.getElementById("call");
const callSaid = document.getElementById("call-said");
const { longest, manifest } = page.dataset;
const session = file && (await import("./voice-session.js")); // who only looks on has no recording card
let choices = 0; // of a call; the answer to an earlier one is not shown
let uploading = null; // the clip that a file is being chosen for

const buttonOf = (id, act) => document.querySelector(`#${CSS.escape(id)} [data-act="${act}"]`);
const rowOf = (name) => document.getElementById(`clip-${name}`);
const clipIn = ({ dataset: { name, words, label, group } }) => ({ name, words, label, group });

/** Do that for a clip, once at a time, and say at its row how it goes. */
async function working(name, meanwhile, job) {
  if (rowOf(name).getAttribute("aria-busy") === "true") return;
  rowOf(name).setAttribute("aria-busy", "true");
  tell(name, said(meanwhile), false);
  try {
    tell(name, (await job()) ?? "", false);
  } catch (error) {
    tell(name, error instanceof Failure ? error.message : said("failed"));
  } finally {
    rowOf(name).removeAttribute("aria-busy");
  }
}

async function upload(name, chosen) {
  if (chosen.size > MOST_BYTES) throw new Failure(said("too-large"));
  let sound;
  try {
    sound = await decode(await chosen.arrayBuffer());
  } catch {
    throw new Failure(said("no-sound", { file: chosen.name }));
  }
  const clip = clipOf(sound);
  if (!clip) throw new Failure(said("silent-file"));
  if (clip.milliseconds > Number(longest)) {
    throw new Failure(said("too-long", { seconds: seconds(clip.milliseconds) }));
  }
  const kept = await keep(name, clip.file);
  play(clip.buffer);
  return kept;
}

async function listen(address) {
  audio();
  try {
    await play(await load(address, LOAD_MS));
  } catch {
    throw new Failure(said("not-heard"));
  }
}

async function tryCall(button) {
  if (button.getAttribute("aria-pressed") === "true") return stopCall();
  button.setAttribute("aria-pressed", "true");
  callSaid.textContent = said("plays");
  try {
    const missing = await playCall(document.getElementById("call-clips"), manifest);
    callSaid.textContent = missing ? verdict(missing) : "";
  } catch {
    callSaid.textContent = said("not-heard");
  }
  button.setAttribute("aria-pressed", "false");
}

/** Show the sentence of the call that is chosen now. */
async function chooseCall() {
  const form = call.querySelector("form");
  if (!form.reportValidity()) return;
  stopCall();
  choices += 1;
  const mine = choices;
  const address = `${form.action.split("#")[0]}?${new URLSearchParams(new FormData(form))}`;
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(LOAD_MS) });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== choices) return;
    document.getElementById("call-clips").replaceWith(fresh.getElementById("call-clips"));
    callSaid.textContent = "";
  } catch {
    if (mine === choices) callSaid.textContent = said("no-answer");
  }
}

/** All clips that no recording speaks yet, or every one of them when there are none. */
function inOrder() {
  const wanted = [...page.querySelectorAll("[data-wanted]")];
  const open = wanted.filter(({ dataset }) => dataset.wanted === "open");
  return (open.length ? open : wanted).map(clipIn);
}

const acts = {
  sequence: () => session.openSession(inOrder(), () => page.querySelector('[data-act="sequence"]').focus()),
  record: (_, row) => session.openSession([clipIn(row)], () => buttonOf(row.id, "record").focus()),
  listen: (button, row) => working(row.dataset.name, "plays", () => listen(button.href)),
  send: (_, { dataset: { name } }) => working(name, "working", () => keepAgain(name)),
  upload(_, row) {
    uploading = row.dataset.name;
    file.click();
  },
  call: tryCall,
};

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || event.ctrlKey || event.metaKey || button.closest("dialog")) return;
  event.preventDefault();
  if (button.dataset.act !== "call") stopCall();
  acts[button.dataset.act](button, button.closest("[data-name]"));
});

call?.addEventListener("change", chooseCall);
call?.addEventListener("submit", (event) => {
  event.preventDefault();
  chooseCall();
});

file?.addEventListener("change", () => {
  const [chosen] = file.files;
  const name = uploading;
  file.value = ""; // the same file may be chosen again
  if (chosen) working(name, "working", () => upload(name, chosen));
});

const hindered = obstacle();
if (hindered && file) {
  document.getElementById("obstacle").hidden = false;
  document.getElementById("why").textContent = said(hindered);
}
page.dataset.microphone = hindered ? "no" : "yes";
page.dataset.live = "";
