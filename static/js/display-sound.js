// Two notes before a call. A browser may ask for one tap first; the board works without sound.

const NOTES = [
  { pitch: 659.25, at: 0, length: 0.55 }, // E5
  { pitch: 880, at: 0.3, length: 0.6 }, // A5
];
const LOUDNESS = 0.5;
const ATTACK_SECONDS = 0.03;

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
    if (this.#context?.state !== "running") return;
    const start = this.#context.currentTime + 0.02;
    for (const { pitch, at, length } of NOTES) this.#note(pitch, start + at, length);
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

  #note(pitch, start, length) {
    const volume = this.#context.createGain();
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + ATTACK_SECONDS);
    volume.gain.exponentialRampToValueAtTime(0.001, start + length);
    volume.connect(this.#context.destination);
    const tone = this.#context.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start(start);
    tone.stop(start + length);
  }
}
