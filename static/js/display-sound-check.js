// The panel behind the sound light: what the sound is like, and a tone to hear it.

const NAMES = 8; // of missing clips; the rest is a number
const OPEN_MS = 120_000; // a board is for the waiting room

export class SoundTest {
  #panel;
  #words;
  #light;
  #allow;
  #seen = "";
  #closing = 0;

  /** `play` rings once and resolves with whether it could. */
  constructor(root, play) {
    this.#light = root.querySelector("[data-light]");
    this.#allow = root.querySelector("[data-allow]");
    this.#panel = root.querySelector("[data-sound-test]");
    this.#words = JSON.parse(this.#panel.dataset.words);
    this.#light.addEventListener("click", () => this.open());
    this.#at("close").addEventListener("click", () => this.#panel.close());
    this.#at("tone").addEventListener("click", async () => this.#answer(await play()));
    this.#panel.addEventListener("close", () => clearTimeout(this.#closing));
  }

  get isOpen() {
    return this.#panel.open;
  }

  open() {
    if (!this.isOpen) this.#panel.showModal();
    this.#say("test-said", "");
    this.#stay();
  }

  /** A sentence about what went wrong; its kind is a word of the page. */
  sentence(kind, values = {}) {
    return filled(this.#words[kind], values);
  }

  /** The light, and the panel if it is open. */
  draw(facts) {
    const key = JSON.stringify(facts);
    if (key === this.#seen) return;
    this.#seen = key;
    const { state, volume, missing, trouble } = facts;
    this.#allow.hidden = state !== "blocked";
    this.#light.hidden = state === "blocked";
    this.#light.dataset.light = state;
    this.#light.querySelector("[data-light-said]").textContent = this.#words[state];
    this.#say("test-state", this.#words[state]);
    this.#say("test-volume", `${volume}%`);
    this.#say("test-clips", missing.length ? this.#missing(missing) : this.#words.whole);
    this.#say("test-trouble", trouble ? this.sentence("trouble", trouble) : this.#words.calm);
  }

  #missing(all) {
    const names = all.slice(0, NAMES).join(", ") + (all.length > NAMES ? ", …" : "");
    return this.sentence("missing", { count: all.length, names });
  }

  #answer(rang) {
    const isMute = this.#panel.querySelector("[data-test-volume]").textContent === "0%";
    this.#say("test-said", this.#words[rang && isMute ? "muted" : rang ? "rang" : "unheard"]);
    this.#stay();
  }

  #stay() {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.#panel.close(), OPEN_MS);
  }

  #at(name) {
    return this.#panel.querySelector(`[data-${name}]`);
  }

  #say(name, text) {
    this.#at(name).textContent = text;
  }
}

function filled(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
