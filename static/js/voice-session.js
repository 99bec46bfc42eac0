// The recording card: one clip after another, with one key. Starts, stops, plays it back, keeps it, goes on.
// What could not be sent stays in the page; one may go on meanwhile.

import { isUnsent, keep, keepAgain } from "./voice-keep.js";
import { reason, Recorder } from "./voice-recorder.js";
import { Failure, said } from "./voice-said.js";
import { audio, clipOf, decode, hush, load, play } from "./voice-sound.js";

const SHORTEST_MS = 300; // a second tap meant nothing else
const LEVEL_MS = 60;
const LOAD_MS = 5_000;

const dialog = document.getElementById("session");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
const act = (name) => dialog.querySelector(`[data-act="${name}"]`);
const main = act("main");
const longest = dialog.dataset.longest - 500; // a recorder does not stop at once
const recorder = new Recorder(audio);

let clips = [];
let at = 0;
let state = "ready"; // ready, asking, recording, working, sending, kept, unsent
let startedAt = 0;
let fresh = null; // the sound recorded last, for listening again
let turn = 0; // grows with each clip looked at: an answer that comes late changes nothing here

const isIdle = () => ["ready", "kept", "unsent"].includes(state);
const row = () => document.getElementById(`clip-${clips[at].name}`);
const isRecorded = () => Boolean(row().dataset.seconds);

/** Open the card with those clips: `{ name, words, label, group }`; `goBack` is for afterwards. */
export function openSession(those, goBack) {
  clips = those;
  dialog.addEventListener("close", goBack, { once: true });
  dialog.showModal();
  look(0);
}

function look(index) {
  at = index;
  turn += 1;
  fresh = null;
  hush();
  const { name, words, label, group } = clips[at];
  part("words").textContent = words;
  part("label").textContent = label;
  part("step").textContent = said("step", { n: at + 1, all: clips.length, group });
  part("progress").max = clips.length;
  complain("");
  if (isUnsent(name)) enter("unsent", said("waits"));
  else if (isRecorded()) enter("ready", said("recorded", row().dataset));
  else enter("ready", said("ready", { words }));
  main.focus();
}

function enter(next, sentence) {
  state = next;
  dialog.dataset.state = next;
  part("state").textContent = sentence;
  part("progress").value = at + (next === "kept" ? 1 : 0);
  const last = at === clips.length - 1;
  for (const label of main.children) {
    const of = label.dataset.of.split(" ");
    label.hidden = !of.includes(next === "kept" && last ? "last" : next);
  }
  able(main, !["asking", "working", "sending"].includes(next));
  const leaves = isIdle() || next === "sending"; // what is on its way arrives without being watched
  able(act("back"), leaves && at > 0);
  able(act("skip"), leaves && !last);
  able(act("again"), isIdle() && fresh);
  able(act("hear"), isIdle() && (fresh || isRecorded()));
}

const able = (button, is) => button.setAttribute("aria-disabled", String(!is));

function complain(sentence) {
  part("trouble").textContent = sentence;
  part("problem").hidden = !sentence;
}

async function begin() {
  const mine = turn;
  hush();
  complain("");
  enter("asking", said("asking"));
  let recording;
  try {
    await recorder.open();
    if (mine !== turn) return recorder.close();
    recording = recorder.record(longest);
  } catch (error) {
    if (mine !== turn) return recorder.close();
    complain(said(reason(error)));
    return enter("ready", said("not-recorded"));
  }
  startedAt = performance.now();
  enter("recording", said("recording"));
  showLevel();
  await finish(recording, mine);
}

function showLevel() {
  if (state !== "recording") return;
  part("level").value = recorder.level();
  setTimeout(showLevel, LEVEL_MS);
}

async function finish(recording, mine) {
  try {
    const bytes = await recording;
    if (mine !== turn) return;
    enter("working", said("working"));
    const clip = bytes.byteLength ? clipOf(await decode(bytes)) : null;
    if (mine !== turn) return;
    if (!clip) throw new Failure(said("silent"));
    fresh = clip.buffer;
    play(fresh);
    await deliver(keep(clips[at].name, clip.file));
  } catch (error) {
    if (mine !== turn) return;
    complain(error instanceof Failure ? error.message : said("failed"));
    enter("ready", said("not-recorded"));
  }
}

async function deliver(sending) {
  const { name } = clips[at];
  const mine = turn;
  enter("sending", said("working"));
  try {
    const kept = await sending;
    if (mine === turn) enter("kept", kept);
  } catch (error) {
    if (mine !== turn) return;
    complain(error.message);
    enter(isUnsent(name) ? "unsent" : "ready", said("not-kept"));
  }
}

function again() {
  complain("");
  deliver(keepAgain(clips[at].name));
}

const acts = {
  main() {
    if (state === "ready") begin();
    else if (state === "recording") acts.stop();
    else if (state === "unsent") again();
    else if (state === "kept") acts.skip();
  },
  stop() {
    if (performance.now() - startedAt > SHORTEST_MS) recorder.stop();
  },
  again: begin,
  async hear() {
    const mine = turn;
    try {
      const sound = fresh ?? (await load(row().querySelector('[data-act="listen"]').href, LOAD_MS));
      if (mine === turn && isIdle()) play(sound);
    } catch {
      if (mine === turn) complain(said("not-heard"));
    }
  },
  back: () => look(at - 1),
  skip: () => (at < clips.length - 1 ? look(at + 1) : dialog.close()),
  close: () => dialog.close(),
};

dialog.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-act]");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  acts[button.dataset.act]();
  if (button.dataset.act !== "hear") main.focus();
});
dialog.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter") event.preventDefault(); // a held key presses once
  const name = { ArrowLeft: "back", ArrowRight: "skip" }[event.key];
  if (!name || event.repeat || act(name).getAttribute("aria-disabled") === "true") return;
  event.preventDefault();
  acts[name]();
});
dialog.addEventListener("close", () => {
  turn += 1;
  state = "ready";
  hush();
  recorder.close();
});
