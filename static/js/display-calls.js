// Which call is announced, in order and once: rows with a rising `seq`, above the last one finished.
// Pure: the time comes from outside, and somebody else speaks.

const ALONE_MS = 12_000;
const HURRIED_MS = 5_000; // while others wait
const REST_MS = 2_000; // before a sentence is repeated
const LONGEST_MS = 60_000; // a sentence that has no end by then has got lost
const TRIES = 3; // of a sentence that is broken off

export class Calls {
  #finished;
  #spoken;
  #last; // the newest call that is finished
  #newest = 0; // the newest that the server has told of
  #open = []; // the calls of the latest board that this screen announces
  #turn = null; // the call on the card, and how far its announcement is

  /** Those in line behind the current one, oldest first. */
  queued = [];

  /** Both memories have get() and set(seq): the last call finished and the last one spoken, over a reload. */
  constructor(finished, spoken) {
    this.#finished = finished;
    this.#spoken = spoken;
    this.#last = finished.get();
  }

  get current() {
    return this.#turn?.call ?? null;
  }

  /**
   * Hear a board; `shows` says whether this screen announces a bidang. A first start does not replay
   * the past; a seq that fell is another database.
   */
  hear(board, shows = () => true) {
    if (this.#last === null || board.seq < Math.max(this.#last, this.#newest)) this.#beginAnew(board.seq);
    this.#newest = board.seq;
    this.#open = board.calls.filter(({ bidang }) => shows(bidang));
    if (this.#turn && !(shows(this.current.bidang) && isWanted(this.current, board))) this.#end();
    this.queued = this.#open.filter(({ seq }) => seq > this.#last && seq !== this.current?.seq);
    // What this screen left to others is past, also when its zone grows.
    if (!this.#turn && !this.queued.length) this.#finish(Math.max(this.#last, ...board.calls.map(({ seq }) => seq)));
  }

  /**
   * Go on: who is on the card now. `now` is steady time, `serverNow` the server's; `able` whether a
   * sentence would be heard, and `repeats` how often it is said again while nobody newer waits.
   */
  tick(now, serverNow, { able = false, repeats = 0 } = {}) {
    this.queued = this.queued.filter((call) => isOpen(call, serverNow));
    if (this.#turn && this.#isOver(now, able, repeats)) this.#end();
    if (!this.#turn && this.queued.length) this.#begin(this.queued.shift(), now);
  }

  /** Whether the call on the card is to be spoken now; then say so with `speaks` and `spoke`. */
  isToBeSpoken(now, repeats) {
    const turn = this.#turn;
    if (!turn || turn.speaking !== null) return false;
    if (!turn.said) return turn.tries < TRIES;
    return this.#isToBeRepeated(repeats) && now - turn.saidAt >= REST_MS;
  }

  /** Its sentence begins. */
  speaks(now) {
    this.#turn.speaking = now;
    this.#turn.tries += 1;
  }

  /** The sentence of that call is over; `heard` if it was spoken to the end. */
  spoke({ seq }, heard, now) {
    if (this.current?.seq !== seq) return;
    this.#turn.speaking = null;
    if (!heard) return;
    this.#turn.said += 1;
    this.#turn.saidAt = now;
    this.#spoken.set(seq);
    this.#finish(seq);
  }

  /** Sound was allowed by hand: announce the open call that the card still shows, if it was never spoken. */
  revive(call, now, serverNow) {
    const open = this.#open.some(({ seq }) => seq === call?.seq) && isOpen(call, serverNow);
    if (this.#turn || !open || call.seq <= this.#spoken.get()) return;
    this.#begin(call, now);
  }

  #begin(call, now) {
    this.#turn = { call, since: now, speaking: null, tries: 0, said: 0, saidAt: 0 };
  }

  #isOver(now, able, repeats) {
    const { since, speaking, tries, said } = this.#turn;
    if (speaking !== null) return now - speaking > LONGEST_MS;
    if (able && !said && tries < TRIES) return false; // its sentence comes first
    if (able && this.#isToBeRepeated(repeats)) return false;
    return now - since >= (this.queued.length ? HURRIED_MS : ALONE_MS);
  }

  // While its visitor is still looked for.
  #isToBeRepeated(repeats) {
    const { call, said } = this.#turn;
    const isLookedFor = this.#open.some(({ seq }) => seq === call.seq);
    return said > 0 && said <= repeats && isLookedFor && !this.queued.length;
  }

  #end() {
    this.#finish(this.current.seq);
    this.#turn = null;
  }

  #finish(seq) {
    if (seq <= this.#last) return;
    this.#last = seq;
    this.#finished.set(seq);
  }

  #beginAnew(seq) {
    this.#turn = null;
    this.#last = seq;
    this.#finished.set(seq);
    this.#spoken.set(seq);
  }
}

const isOpen = ({ expires_at }, serverNow) => Date.parse(expires_at) > serverNow;

// Not taken back or missed meanwhile: it is an open call, or somebody is at a place with that number
// and was not called to another place since.
function isWanted(call, board) {
  if (board.calls.some(({ seq }) => seq === call.seq)) return true;
  if (board.calls.some(({ ticket, seq }) => ticket === call.ticket && seq < call.seq)) return false; // a recall, undone
  const moved = board.calls.some(({ ticket, place }) => ticket === call.ticket && place !== call.place);
  const isThere = board.bidang.some(({ serving }) => serving.some(({ ticket }) => ticket === call.ticket));
  return isThere && !moved;
}

/**
 * A window's memory of one number; a new window begins with what another one of its browser knew.
 * A screen that may not keep anything knows it as long as its page.
 */
export function memoryOf(key) {
  let kept = null;
  try {
    kept = sessionStorage.getItem(key) ?? localStorage.getItem(key);
  } catch {
    // the page's own memory does
  }
  let value = kept === null || Number.isNaN(Number(kept)) ? null : Number(kept);
  return {
    get: () => value,
    set(fresh) {
      value = fresh;
      try {
        sessionStorage.setItem(key, String(fresh));
        localStorage.setItem(key, String(fresh));
      } catch {
        // kept in the page alone
      }
    },
  };
}
