// Which call is announced, in order and once: rows with a rising `seq`, above the last one finished.

const ALONE_MS = 12_000;
const LEAST_MS = 8_000; // when another call comes meanwhile
const HURRIED_MS = 5_000; // when others waited already

export class Calls {
  #memory;
  #last;
  #waiting = [];
  #hurried = false;
  #since = 0;
  current = null;

  /** `memory` has get() and set(seq): the last call that this screen finished, over a reload too. */
  constructor(memory) {
    this.#memory = memory;
    this.#last = memory.get();
  }

  /** Hear a board. A first start does not replay the past; a seq that fell is another database. */
  hear(board) {
    if (this.#last === null || board.seq < this.#last) this.#finish(board.seq);
    if (this.current && !isWanted(this.current, board)) this.#end();
    this.#waiting = board.calls.filter(
      ({ seq }) => seq > this.#last && seq !== this.current?.seq,
    );
  }

  /** Go on in time; returns the call whose announcement begins now, else null. */
  tick(now) {
    if (this.current) {
      const least = this.#hurried ? HURRIED_MS : LEAST_MS;
      if (now - this.#since < (this.#waiting.length ? least : ALONE_MS)) return null;
      this.#end();
    }
    if (!this.#waiting.length) return null;
    this.current = this.#waiting.shift();
    this.#hurried = this.#waiting.length > 0;
    this.#since = now;
    return this.current;
  }

  #end() {
    this.#finish(this.current.seq);
    this.current = null;
  }

  #finish(seq) {
    this.#last = seq;
    this.#memory.set(seq);
  }
}

// Taken back (or missed) meanwhile: it is no open call, and nobody is at a place with that number.
function isWanted(call, board) {
  return (
    board.calls.some(({ seq }) => seq === call.seq) ||
    board.bidang.some(({ serving }) => serving.some(({ ticket }) => ticket === call.ticket))
  );
}

/** The browser's memory; a screen that may not keep anything starts anew each time. */
export function memoryOf(office) {
  const key = `ruko-announced-${office}`;
  return {
    get() {
      try {
        const kept = localStorage.getItem(key);
        return kept === null ? null : Number(kept);
      } catch {
        return null;
      }
    },
    set(seq) {
      try {
        localStorage.setItem(key, String(seq));
      } catch {
        // kept in the page alone
      }
    },
  };
}
