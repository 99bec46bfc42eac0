// The way to the loudspeaker: one AudioContext, however often the browser takes it away.

import { inTime } from "./in-time.js";

const WAKE_MS = 2_000;
const OPEN_MS = 60_000; // how often a browser without sound is asked whether it has one now

export class Sound {
  #context = null;
  #out = null;
  #volume = 1;
  #isAsking = false;
  #opened = 0;
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
    this.#open();
  }

  /** "on", "blocked" (the browser waits for a tap, or something else has the loudspeaker) or "none". */
  get state() {
    if (!this.#context) return "none";
    return this.#context.state === "running" ? "on" : "blocked";
  }

  get context() {
    return this.#context;
  }

  /** Where everything that sounds is connected to. */
  get out() {
    return this.#out;
  }

  /** From 0 to 1; heard at once. */
  set volume(share) {
    this.#volume = share;
    if (this.#out) this.#out.gain.value = share;
  }

  /** Ask the browser to let us sound, at a tap; resolves with whether it does. */
  async wake() {
    if (!this.#context || this.#context.state === "closed") this.#open();
    await inTime(WAKE_MS, this.#context?.resume() ?? Promise.resolve());
    return this.state === "on";
  }

  /** Now and then: come back by ourselves where the browser allows it. */
  tick() {
    if (this.#context?.state === "closed") this.#open();
    else if (this.state === "blocked") this.#ask();
    else if (this.state === "none" && performance.now() - this.#opened > OPEN_MS) this.#open();
  }

  /** It says that it runs, but its time stands still: take another one. */
  renew() {
    this.#context?.close().catch(() => {});
    this.#open();
    this.#onChange();
  }

  #open() {
    this.#opened = performance.now();
    try {
      this.#context = new AudioContext();
    } catch {
      this.#context = null; // no such thing here, or too many of them
      return;
    }
    const opened = this.#context;
    opened.onstatechange = () => {
      if (opened === this.#context) this.#onChange();
    };
    this.#out = opened.createGain();
    this.#out.gain.value = this.#volume;
    this.#out.connect(opened.destination);
    this.#isAsking = false;
    this.#ask();
  }

  // One question at a time: the browser may leave it open for ever.
  #ask() {
    if (this.#isAsking) return;
    const asked = this.#context;
    const answered = () => {
      if (asked === this.#context) this.#isAsking = false;
    };
    this.#isAsking = true;
    asked.resume().then(answered, answered);
  }
}
