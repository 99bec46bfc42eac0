// The line to the server: the socket with its heartbeat, polling when it is silent, and server time.
// Reconnecting is the socket library's own work, except after a refusal.

const SILENT_MS = 12_000;
const LOST_MS = 15_000;
const POLL_MS = 4_000;
const ASK_AGAIN_MS = 30_000;

export class Connection {
  #address;
  #onBoard;
  #socket;
  #fetching = false;
  #fresh = false; // the first board of a connection counts, whatever its version: a restored database
  #heard = performance.now();
  #beat = performance.now();
  #polled = performance.now();
  #ahead = 0; // server time less this page's own clock
  board;

  constructor(office, board, onBoard) {
    this.#address = `/api/v1/offices/${encodeURIComponent(office)}/board`;
    this.#onBoard = onBoard;
    this.board = board;
    this.#hear(board.generated_at);
    this.#socket = window.io("/board", { query: { office }, transports: ["websocket"] });
    this.#socket.on("connect", () => (this.#fresh = true));
    this.#socket.on("board", (fresh) => this.#take(fresh));
    this.#socket.on("heartbeat", (beat) => this.#hearBeat(beat));
    this.#socket.on("connect_error", () => this.#askAgain());
    this.#socket.on("disconnect", () => this.#askAgain());
  }

  /** Server time in milliseconds; the device's own clock may be wrong. */
  now() {
    return performance.now() + this.#ahead;
  }

  /** Since when the server was not heard, as server time; null while all is well. */
  lostSince() {
    return performance.now() - this.#heard > LOST_MS ? this.#heard + this.#ahead : null;
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
    if (beat.version > this.board.version) this.#fetch();
  }

  #take(board) {
    const [theirs, ours] = [board, this.board];
    const older =
      theirs.version < ours.version ||
      (theirs.version === ours.version &&
        Date.parse(theirs.generated_at) < Date.parse(ours.generated_at));
    if (older && !this.#fresh) return;
    this.#fresh = false;
    this.board = board;
    this.#hear(board.generated_at);
    this.#onBoard(board);
  }

  async #fetch() {
    if (this.#fetching) return;
    this.#fetching = true;
    this.#polled = performance.now();
    const control = new AbortController();
    const giveUp = setTimeout(() => control.abort(), POLL_MS);
    try {
      const answer = await fetch(this.#address, { cache: "no-store", signal: control.signal });
      if (answer.ok) this.#take(await answer.json());
    } catch {
      // still away; the next tick asks again
    } finally {
      clearTimeout(giveUp);
      this.#fetching = false;
    }
  }

  // Refused (a full house) or sent away: the library leaves it to us to come back.
  #askAgain() {
    if (!this.#socket.active) setTimeout(() => this.#socket.connect(), ASK_AGAIN_MS);
  }
}
