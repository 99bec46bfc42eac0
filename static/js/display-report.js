// What a paired screen tells about itself: at the start, when it changes, and once a minute.

import { ask } from "./in-time.js";

const EVERY_MS = 60_000;
const LEAST_MS = 2_000;
const ANSWER_MS = 5_000;
const LONGEST = 200;
const FORBIDDEN = 403;

export class Report {
  #address;
  #token;
  #onSettings;
  #told = null;
  #toldTrouble = "";
  #trouble = "";
  #at = 0; // the first one waits until the sound has settled
  #isTelling = false;

  /** Whether this page may tell no more: it is no display of the office now, or it is too old. */
  isRefused = false;

  /** `onSettings(settings, askedAt)` hears the answer. */
  constructor(address, token, onSettings) {
    this.#address = address;
    this.#token = token;
    this.#onSettings = onSettings;
  }

  /** Something went wrong; the same again is told with the next minute's report. */
  trouble(sentence) {
    this.#trouble = sentence.slice(0, LONGEST);
  }

  tick(now, facts) {
    const told = JSON.stringify(facts);
    const isNews = told !== this.#told || (this.#trouble && this.#trouble !== this.#toldTrouble);
    if (!this.#isTelling && now - this.#at > (isNews ? LEAST_MS : EVERY_MS)) this.#tell(facts, told, now);
  }

  async #tell(facts, told, now) {
    const trouble = this.#trouble;
    this.#isTelling = true;
    this.#at = now;
    try {
      const settings = await ask(this.#address, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.#token },
        body: JSON.stringify({ ...facts, trouble }),
        within: ANSWER_MS,
        read: (answer) => answer.json(),
      });
      this.#told = told;
      this.#toldTrouble = trouble || this.#toldTrouble;
      if (this.#trouble === trouble) this.#trouble = "";
      this.#onSettings(settings, now);
    } catch (error) {
      this.isRefused = error.status === FORBIDDEN; // else it is away; the next turn tells it
    } finally {
      this.#isTelling = false;
    }
  }
}
