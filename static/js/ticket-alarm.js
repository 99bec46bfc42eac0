// What makes a visitor look up: the phone vibrates, and rings where a tap has allowed it.

import { chime } from "./chime.js";

const PATTERN = [400, 150, 400, 150, 800];
const RINGS = 3;

const button = document.getElementById("sound");
let context = null;
let wanted = false;

export function alarm() {
  navigator.vibrate?.(PATTERN);
  chime(context, RINGS);
}

/** Whether this phone can vibrate: never, after a touch, or now. */
export function vibrates() {
  if (!navigator.vibrate) return "none";
  return (navigator.userActivation?.hasBeenActive ?? true) ? "ready" : "tap";
}

/** Offer the sound while a call may come. */
export function offerSound(mayCome) {
  button.hidden = !window.AudioContext || !mayCome;
}

// Made at the tap: before it no browser lets a page ring.
async function toggle() {
  wanted = !(wanted && context.state === "running");
  context ??= Object.assign(new AudioContext(), { onstatechange: draw });
  await (wanted ? context.resume() : context.suspend()).catch(() => {});
  if (wanted) chime(context);
  draw();
}

function draw() {
  const on = wanted && context.state === "running";
  button.querySelector("[data-on]").hidden = !on;
  button.querySelector("[data-off]").hidden = on;
}

button.addEventListener("click", toggle);
document.addEventListener("visibilitychange", () => {
  if (wanted && !document.hidden) context.resume().catch(() => {}); // a locked screen silences it
});
