// The recorded or generated words, as sound: which there are, loaded when a call needs them.

import { ask, inTime } from "./in-time.js";

const READY_MS = 2_500; // a sentence waits no longer for any of its clips
const LOAD_MS = 6_000; // a slow clip is ready for the next sentence
const LIST_MS = 4_000;

export class Clips {
  #address;
  #decode;
  #onTrouble;
  #urls = {};
  #lacking = [];
  #failed = new Set();
  #sounds = new Map(); // by address: a promise of its sound
  #asked = 0; // how often the list was asked for; the last answer counts
  #list = null; // a promise while it is on its way
  #isListed = false;
  #isStale = true;

  /** `decode` makes sound of bytes; `onTrouble(kind, name)` hears what could not be had. */
  constructor(address, decode, onTrouble) {
    this.#address = address;
    this.#decode = decode;
    this.#onTrouble = onTrouble;
  }

  /** Names that have no sound here. */
  get missing() {
    return [...new Set([...this.#lacking, ...this.#failed])].sort();
  }

  /** Ask which clips there are, anew; never fails. */
  refresh() {
    const turn = (this.#asked += 1);
    this.#isStale = true;
    const isLast = () => turn === this.#asked;
    this.#list = ask(this.#address, { within: LIST_MS, cache: "no-cache", read: (answer) => answer.json() })
      .then((list) => isLast() && this.#take(list))
      .catch(() => isLast() && this.#onTrouble("list"))
      .then(() => (isLast() ? (this.#list = null) : this.#list)); // who waits, waits for the newer one
    return this.#list;
  }

  /** Begin to load what a sentence needs. */
  prepare(names) {
    for (const name of names) this.#get(name);
  }

  /** The sound of a clip, or undefined where there is none in time; never fails. */
  get(name) {
    return inTime(READY_MS, this.#get(name));
  }

  async #get(name) {
    const list = this.#isStale ? (this.#list ?? this.refresh()) : null;
    if (!this.#isListed) await list; // else the older list does until then
    const url = this.#urls[name];
    if (!url) return undefined;
    if (!this.#sounds.has(url)) this.#sounds.set(url, this.#load(name, url));
    return this.#sounds.get(url);
  }

  async #load(name, url) {
    try {
      const bytes = await ask(url, { within: LOAD_MS, read: (answer) => answer.arrayBuffer() });
      const sound = await inTime(LOAD_MS, this.#decode(bytes));
      if (!sound) throw new Error("not a sound");
      this.#failed.delete(name);
      return sound;
    } catch {
      this.#sounds.delete(url); // the next call tries again
      if (this.#urls[name] === url) this.#failed.add(name);
      this.#onTrouble("clip", name);
      return undefined;
    }
  }

  #take({ clips, missing }) {
    const known = new Set(Object.values(clips));
    this.#lacking = [...missing];
    this.#urls = clips;
    [this.#isListed, this.#isStale] = [true, false];
    for (const url of this.#sounds.keys()) if (!known.has(url)) this.#sounds.delete(url);
    this.#failed.clear();
  }
}
