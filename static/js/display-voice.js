// Speaks a sentence: the chime and the clips of a call, one after another without a gap.

import { chime } from "./chime.js";
import { pause } from "./in-time.js";

const AFTER_CHIME = 0.4; // seconds, like all of the sound's time
const BETWEEN_CLIPS = 0.06;
const BEFORE = { "silakan-menuju": 0.3 }; // a new sentence
const SOON = 0.03;
const FADE = 0.02;
const LOOK_MS = 250;
const STILL_MS = 1_000; // a running context whose time does not go on has lost its loudspeaker

export class Voice {
  #sound;
  #clips;
  #onTrouble;
  #sentence = null; // { out, sources, isOver }

  constructor(sound, clips, onTrouble) {
    this.#sound = sound;
    this.#clips = clips;
    this.#onTrouble = onTrouble;
  }

  /** Speak the clips of a sentence; always resolves: with whether it was heard to its end. */
  async say(names) {
    this.stop();
    if (this.#sound.state !== "on") return false;
    const { context } = this.#sound;
    const out = context.createGain();
    out.connect(this.#sound.out);
    const sentence = { context, out, sources: [], isOver: false };
    this.#sentence = sentence;
    try {
      return await this.#isHeard(sentence, await this.#play(sentence, names));
    } catch (error) {
      this.#onTrouble("fault", String(error));
      return false;
    } finally {
      hush(sentence);
    }
  }

  /** Break off, if somebody speaks. */
  stop() {
    if (this.#sentence) hush(this.#sentence);
    this.#sentence = null;
  }

  // Each part is put on the context's time line as soon as it is there; returns when the last one ends.
  async #play(sentence, names) {
    const { context, out, sources } = sentence;
    const [first, ...words] = ["chime", ...names.filter((name) => name !== "chime")].map((name) => ({
      name,
      ready: this.#clips.get(name),
    }));
    const put = (buffer, at) => {
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(out);
      source.start(at);
      sources.push(source);
      return at + buffer.duration;
    };
    const recorded = await first.ready;
    if (sentence.isOver) return 0;
    let at = recorded ? put(recorded, context.currentTime + SOON) : chime(context, 1, out);
    at += AFTER_CHIME;
    for (const { name, ready } of words) {
      const buffer = await ready;
      if (sentence.isOver || context.state !== "running") return 0;
      if (!buffer) continue;
      at = put(buffer, Math.max(at + (BEFORE[name] ?? BETWEEN_CLIPS), context.currentTime + SOON));
    }
    return at;
  }

  // By timers and the context's own time: events may never come.
  async #isHeard(sentence, end) {
    const { context } = sentence;
    let [time, moved] = [context.currentTime, performance.now()];
    while (!sentence.isOver && context.state === "running") {
      const left = (end - context.currentTime) * 1000;
      if (left <= 0) return end > 0;
      await pause(Math.min(left + 10, LOOK_MS));
      if (context.currentTime > time) [time, moved] = [context.currentTime, performance.now()];
      else if (performance.now() - moved > STILL_MS) {
        this.#onTrouble("still");
        this.#sound.renew();
        return false;
      }
    }
    return false;
  }
}

// Whatever of it sounds, or would: it fades out at once.
function hush(sentence) {
  if (sentence.isOver) return;
  sentence.isOver = true;
  const { context, out, sources } = sentence;
  const now = context.currentTime;
  out.gain.setTargetAtTime(0, now, FADE);
  for (const source of sources) source.stop(now + 5 * FADE);
  setTimeout(() => out.disconnect(), 10_000 * FADE);
}
