// A whole call, spoken with the clips as the displays get them: a clip that is missing is heard as a gap.

import { chime } from "./chime.js";
import { said } from "./voice-said.js";
import { audio, hush, load, play } from "./voice-sound.js";

const CLIP_MS = 2_500;
const CHIME_MS = 900;
const AFTER_CHIME_MS = 400;

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
let playing = 0; // the number of the play-through that may go on

export function stopCall() {
  playing += 1;
  hush();
}

/** Speak the clips of that list, marking each; resolves with the words that had no sound, or null when stopped. */
export async function playCall(list, manifest) {
  stopCall();
  const mine = playing;
  const items = [...list.children];
  audio();
  for (const item of items) delete item.dataset.heard;
  const { clips } = await (await fetch(manifest, { signal: AbortSignal.timeout(CLIP_MS) })).json();
  const sounds = items.map(({ dataset }) => (clips[dataset.clip] ? load(clips[dataset.clip], CLIP_MS) : null));
  for (const sound of sounds) sound?.catch(() => {}); // each is awaited in its turn
  const missing = [];
  for (const [n, item] of items.entries()) {
    item.setAttribute("aria-current", "true");
    const heard = await speak(item.dataset.clip, sounds[n], () => mine === playing);
    item.removeAttribute("aria-current");
    if (mine !== playing) return null;
    item.dataset.heard = heard ? "yes" : "no";
    item.querySelector("[data-gap]").hidden = heard;
    if (!heard) missing.push(item.dataset.words);
  }
  return missing;
}

async function speak(name, sound, goesOn) {
  try {
    const buffer = await sound;
    if (!goesOn()) return false;
    if (buffer) await play(buffer);
    else if (name === "chime") {
      chime(audio());
      await wait(CHIME_MS);
    } else return false;
    if (name === "chime") await wait(AFTER_CHIME_MS);
    return true;
  } catch {
    return false;
  }
}

/** What is said when it is over. */
export const verdict = (missing) =>
  missing.length ? said("call-gaps", { words: missing.join(", ") }) : said("call-whole");
