// Announces: puts calls on the card one after another, has them spoken, and keeps the receipts.

import { Calls, memoryOf } from "./display-calls.js";

export class Announcer {
  #calls;
  #voice;
  #clips;
  #receipts;
  #onChange;
  #shown = null;
  #prepared = 0;

  /** `onChange` asks for the next tick at once. */
  constructor(office, { voice, clips, receipts, onChange }) {
    this.#calls = new Calls(memoryOf(`ruko-announced-${office}`), memoryOf(`ruko-spoken-${office}`));
    this.#voice = voice;
    this.#clips = clips;
    this.#receipts = receipts;
    this.#onChange = onChange;
  }

  /** The call that is announced now, or null. */
  get current() {
    return this.#calls.current;
  }

  get queued() {
    return this.#calls.queued;
  }

  /** A board; `shows` says which bidang this screen announces, `speaks` whether it has a voice now. */
  hear(board, { shows, speaks }) {
    this.#calls.hear(board, shows);
    if (board.seq < this.#prepared) this.#prepared = 0;
    const fresh = this.queued.filter(({ seq }) => seq > this.#prepared);
    if (speaks) for (const { speech = [] } of fresh) this.#clips.prepare(speech);
    this.#prepared = Math.max(this.#prepared, ...fresh.map(({ seq }) => seq));
  }

  /** Go on; returns the call whose announcement begins now, else null. */
  tick(serverNow, { able, repeats }) {
    const now = performance.now();
    this.#calls.tick(now, serverNow, { able, repeats });
    const call = this.current;
    const isNew = (call?.seq ?? null) !== this.#shown;
    if (isNew) {
      this.#shown = call?.seq ?? null;
      this.#voice.stop();
      if (call) this.#receipts.note(call.seq, false, now);
    }
    if (able && this.#calls.isToBeSpoken(now, repeats)) this.#speak(call);
    return isNew ? call : null;
  }

  /** Sound was allowed by hand: the call on the card is spoken, if it still may be and was not. */
  revive(call, serverNow) {
    this.#calls.revive(call, performance.now(), serverNow);
  }

  async #speak(call) {
    this.#calls.speaks(performance.now());
    const heard = await this.#voice.say(call.speech ?? []);
    const now = performance.now();
    this.#calls.spoke(call, heard, now);
    if (heard) this.#receipts.note(call.seq, true, now);
    this.#onChange();
  }
}
