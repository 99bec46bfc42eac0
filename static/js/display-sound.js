// The sound before a call. A browser may ask for one tap first; the board works without it.

import { chime } from "./chime.js";

export class Sound {
  #context = null;
  #button;
  #light;

  constructor(button, light) {
    this.#button = button;
    this.#light = light;
    if (!window.AudioContext) return;
    this.#context = new AudioContext();
    this.#context.onstatechange = () => this.#show();
    button.addEventListener("click", () => this.#wake());
    this.#show();
  }

  /** Ring, if the browser lets us; never fails. */
  chime() {
    chime(this.#context);
  }

  async #wake() {
    try {
      await this.#context.resume();
      this.chime();
    } catch {
      // the button stays
    }
    this.#show();
  }

  #show() {
    const on = this.#context.state === "running";
    this.#button.hidden = on;
    this.#light.hidden = !on;
  }
}
