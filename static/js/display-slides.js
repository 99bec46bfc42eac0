// Pictures between calls: in turns with the words in the house. One that is not there is passed over.

const TURN_MS = 12_000;

export class Slides {
  #frame;
  #words;
  #address;
  #shown = null;

  /** `words` is the card that the pictures stand in front of. */
  constructor(frame, words, address) {
    this.#frame = frame;
    this.#words = words;
    this.#address = address;
  }

  /** The board's pictures: [{ picture, text }]. */
  take(list) {
    this.#frame.replaceChildren(
      ...list.map(({ picture, text }) => {
        const image = new Image();
        image.alt = text;
        image.src = this.#address + encodeURIComponent(picture);
        return image;
      }),
    );
    this.#show(null);
  }

  /** Show whose turn it is; nothing while the card is needed. Every screen of the office agrees. */
  turn(now, isFree) {
    this.#frame.hidden = !isFree;
    const ready = isFree ? [...this.#frame.children].filter((each) => each.complete && each.naturalWidth) : [];
    const turn = Math.floor(now / TURN_MS) % (ready.length + 1);
    this.#show(ready[turn - 1] ?? null);
  }

  #show(image) {
    if (image === this.#shown) return;
    this.#shown = image;
    for (const each of this.#frame.children) each.classList.toggle("is-on", each === image);
    this.#frame.classList.toggle("is-on", image !== null);
    this.#words.classList.toggle("is-behind", image !== null);
  }
}
