// A USB or Bluetooth scanner types as fast as it reads and ends with Enter, wherever the focus is.

import { press } from "./kiosk-press.js";

const { dataset } = document.getElementById("next");
const FAST = 100; // milliseconds between two characters; no finger types like that
const CODE = /(^|[^A-Z0-9])[ACDEFGHJKMNPQRTVWXY2-9]{8}$/i;

// Scanners press the keys of an American keyboard. Where this tablet has another layout, what it
// reads from those keys is not what was scanned, but which keys they were still tells it.
const KEYS = { Slash: "/?", Semicolon: ";:", Minus: "-_", Period: ".>", Equal: "=+", Digit7: "7&" };

function american({ code, shiftKey }) {
  const key = KEYS[code] ?? /^(?:Key|Digit|Numpad)(\w)$/.exec(code)?.[1] ?? "";
  return key[shiftKey ? 1 : 0] ?? key;
}

let typed = "";
let pressed = "";
let last = 0;

function scanned() {
  const readings = [typed, pressed];
  return (
    readings.find((text) => text.includes("://")) ?? readings.find((text) => CODE.test(text)) ?? typed
  );
}

document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key === "Shift") return;
    if (event.timeStamp - last > FAST) typed = pressed = "";
    last = event.timeStamp;
    if (event.key.length === 1 || event.key === "Dead") {
      typed += event.key.length === 1 ? event.key : "";
      pressed += american(event);
    } else if (event.key === "Enter" && pressed.length >= 8) {
      event.preventDefault(); // and nothing that has the focus is pressed
      const text = scanned();
      typed = pressed = "";
      press(dataset.arrive, [["code", text]]);
    }
  },
  { capture: true },
);
