// The line to the server: the socket with its heartbeat, polling when it is silent, and server time.
// Reconnecting is the socket library's own work, except after a refusal.

import { ask } from "./in-time.js";

const SILENT_MS = 12_000;
const LOST_MS = 15_000;
const POLL_MS = 4_000;
const ASK_AGAIN_MS = 30_000;

export class Connection {
  #address;
  #socket;
  #hears;
  #fetching = false;
  #isNew = true; // the connection: no board was taken since it was made
  #heard = performance.now();
  #beat = performance.now();
  #polled = performance.now();
  #ahead = 0; // server time less this page's own clock
  board;

  /** `hears` has `board`, `settings`, `voice`, and `line` for a new connection after its first board. */
  constructor(office, board, hears) {
    this.#address = `/api/v1/offices/${encodeURIComponent(office)}/board`;
    this.#hears = hears;
    this.board = board;
    this.#hear(board.generated_at);
    this.#socket = window.io("/board", { query: { office }, transports: ["websocket"] });
    this.#socket.on("board", (fresh) => this.#hearBoard(fresh));
    this.#socket.on("heartbeat", (beat) => this.#hearBeat(beat));
    this.#socket.on("settings", (settings) => hears.settings(settings));
    this.#socket.on("voice", () => hears.voice());
    this.#socket.on("connect_error", () => this.#askAgain());
    this.#socket.on("disconnect", () => {
      this.#isNew = true;
      this.#askAgain();
    });
  }

  /** Server time in milliseconds; the device's own clock may be wrong. */
  now() {
    return performance.now() + this.#ahead;
  }

  /** Since when the server was not heard, as server time; null while all is well. */
  lostSince() {
    return performance.now() - this.#heard > LOST_MS ? this.#heard + this.#ahead : null;
  }

  /** Say something if there is a line; returns whether there was. */
  say(event, what) {
    if (!this.#socket.connected) return false;
    this.#socket.emit(event, what);
    return true;
  }

  /** Every second or so: ask for the board while the socket is silent. */
  tick() {
    const now = performance.now();
    const silent = !this.#socket.connected || now - this.#beat > SILENT_MS;
    if (silent && now - this.#polled > POLL_MS) this.#fetch();
  }

  #hear(generatedAt) {
    this.#heard = performance.now();
    this.#ahead = Date.parse(generatedAt) - this.#heard;
  }

  #hearBeat(beat) {
    this.#beat = performance.now();
    this.#hear(beat.generated_at);
    if (beat.version !== this.board.version) this.#fetch();
  }

  // What comes by itself may be late. An older board is asked about: the database may be a restored one.
  #hearBoard(board) {
    if (isOlder(board, this.board)) this.#fetch();
    else this.#take(board);
  }

  #take(board) {
    this.board = board;
    this.#hear(board.generated_at);
    this.#hears.board(board);
    if (!this.#isNew || !this.#socket.connected) return;
    this.#isNew = false;
    this.#hears.line();
  }

  async #fetch() {
    if (this.#fetching) return;
    this.#fetching = true;
    this.#polled = performance.now();
    const ours = this.board;
    try {
      const read = (answer) => answer.json();
      const board = await ask(this.#address, { within: POLL_MS, cache: "no-store", read });
      if (this.board === ours || !isOlder(board, this.board)) this.#take(board); // asked since: it is true
    } catch {
      // still away; the next tick asks again
    } finally {
      this.#fetching = false;
    }
  }

  // Refused (a full house) or sent away: the library leaves it to us to come back.
  #askAgain() {
    if (!this.#socket.active) setTimeout(() => this.#socket.connect(), ASK_AGAIN_MS);
  }
}

function isOlder(theirs, ours) {
  if (theirs.version !== ours.version) return theirs.version < ours.version;
  return Date.parse(theirs.generated_at) < Date.parse(ours.generated_at);
}
