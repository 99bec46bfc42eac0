// Pictures between calls: in turns with what the house shows. One that is not there is passed over.

const TURN_MS = 12_000;

export class Slides {
  #frame;
  #cards;
  #address;
  #shown = null;
  #turn = null;

  /** `cards` are what the pictures stand in front of. */
  constructor(frame, cards, address) {
    this.#frame = frame;
    this.#cards = cards;
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
    const turn = Math.floor(now / TURN_MS);
    if (turn !== this.#turn) this.#askAgain(turn);
    this.#show(ready[(turn % (ready.length + 1)) - 1] ?? null);
  }

  // What could not be had, in an outage perhaps, is asked for with each turn.
  #askAgain(turn) {
    this.#turn = turn;
    for (const each of this.#frame.children) if (each.complete && !each.naturalWidth) each.src = each.src;
  }

  #show(image) {
    if (image === this.#shown) return;
    this.#shown = image;
    for (const each of this.#frame.children) each.classList.toggle("is-on", each === image);
    this.#frame.classList.toggle("is-on", image !== null);
    for (const card of this.#cards) card.classList.toggle("is-behind", image !== null);
  }
}
