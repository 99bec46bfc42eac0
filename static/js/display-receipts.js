// What this screen told the server of its calls, and what may have got lost on the way.

const KEPT_MS = 60_000; // a dead line is noticed sooner
const MOST = 100;
const AGAIN_MS = 10_000; // nothing answers; a busy database may have let one fall

export class Receipts {
  #send;
  #kept = new Map(); // by seq, in the order in which they were noted

  /** `send` takes a receipt and returns whether there was a line. */
  constructor(send) {
    this.#send = send;
  }

  /** A call is shown, or was `spoken` to its end. */
  note(seq, spoken, now) {
    const before = this.#kept.get(seq);
    if (before && (before.spoken || !spoken)) return;
    this.#kept.delete(seq);
    this.#kept.set(seq, { spoken, sentAt: null, isTwice: false });
    this.#tell(seq, now);
    this.#forget(now);
  }

  /** There is a new line: say again what may be unheard; calls after `newest` are of another database. */
  again(newest, now) {
    this.#forget(now);
    for (const seq of this.#kept.keys()) {
      if (seq > newest) this.#kept.delete(seq);
      else this.#tell(seq, now);
    }
  }

  /** Say each once more after a while. */
  tick(now) {
    for (const [seq, receipt] of this.#kept) {
      if (receipt.isTwice || receipt.sentAt === null || now - receipt.sentAt < AGAIN_MS) continue;
      receipt.isTwice = true;
      this.#tell(seq, now);
    }
  }

  #tell(seq, now) {
    const receipt = this.#kept.get(seq);
    if (this.#send({ seq, shown: true, spoken: receipt.spoken })) receipt.sentAt ??= now;
  }

  #forget(now) {
    for (const [seq, { sentAt }] of this.#kept) {
      const isOld = sentAt !== null && now - sentAt > KEPT_MS;
      if (isOld || this.#kept.size > MOST) this.#kept.delete(seq);
    }
  }
}
