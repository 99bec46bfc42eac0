// Loads the page anew when the server has another edition of it: at a quiet moment, and not in circles.

import { ask } from "./in-time.js";

const AGAIN_MS = 10 * 60_000;
const ANSWER_MS = 8_000;
const KEY = "ruko-reloaded";

export class Reload {
  #isAsking = false;

  /** `edition` is the one that this page runs. */
  constructor(edition) {
    this.edition = edition;
  }

  /** `served` is the server's edition; `refused` says that the page is of no use any more. */
  tick(served, { quiet, refused }) {
    const isOld = served !== undefined && served !== this.edition;
    if (quiet && (isOld || refused) && !this.#isAsking && isLongAgo()) this.#reload();
  }

  // Only to a page that is there: nobody stands beside a TV to press reload.
  async #reload() {
    this.#isAsking = true;
    try {
      await ask(location.href, { within: ANSWER_MS, cache: "no-store", read: (answer) => answer.text() });
      sessionStorage.setItem(KEY, String(Date.now()));
      location.reload();
    } catch {
      this.#isAsking = false; // the next tick tries again
    }
  }
}

// Two servers may have two editions. The clock of the device may jump, so what counts is the distance.
function isLongAgo() {
  try {
    const last = sessionStorage.getItem(KEY);
    return last === null || Math.abs(Date.now() - Number(last)) > AGAIN_MS;
  } catch {
    return false; // what cannot be remembered would go round in circles
  }
}
