// The page of an appointment: a keypad of the letters that codes have, and the camera where there is one.

import { press } from "./kiosk-press.js";

const field = document.getElementById("code");
const { form } = field;
const keys = document.querySelector(".k-keys");

// 1. The keypad

keys.hidden = false;
field.inputMode = "none"; // the tablet's own keyboard would cover ours
if (field.getAttribute("aria-invalid") === "true") field.select(); // the next key begins anew

keys.addEventListener("click", (event) => {
  const key = event.target.closest("button");
  if (!key) return;
  const { selectionStart: from, selectionEnd: to } = field;
  if ("erase" in key.dataset) {
    field.setRangeText("", from === to ? Math.max(0, from - 1) : from, to, "end");
  } else if (field.value.length - (to - from) < Number(keys.dataset.length)) {
    field.setRangeText(key.value, from, to, "end");
  }
});
document.addEventListener("keydown", (event) => {
  const typing = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey;
  if (typing && event.target !== field) field.focus(); // does nothing while the camera's page stands
});

// 2. The camera

const video = document.querySelector(".k-cam video");
let seen = field.value; // refused already; it may still be held up
let looking = false;

function show(view) {
  form.dataset.view = view;
  const [first] = view === "keys" ? [field] : form.querySelectorAll("[data-go=keys]");
  first.focus();
  if (view === "keys") field.select();
}

/** What the camera does, or why there is none; one of the sentences on the page. */
function tell(state) {
  for (const part of form.querySelectorAll("[data-camera-is]")) {
    part.hidden = part.dataset.cameraIs !== state;
  }
}

function found(picture) {
  const text = picture.replace(/[\0\r\n]+/g, " "); // as a field keeps it: one line, and no NUL
  if (text === seen || form.dataset.view !== "camera") return;
  seen = text;
  press(form.getAttribute("action"), [["code", text], ["by", "camera"]]);
}

async function look() {
  show("camera");
  if (looking) return;
  looking = true;
  tell("starting");
  try {
    const { scan } = await import("./kiosk-camera.js");
    await scan(video, () => tell("ready"), found);
  } catch (error) {
    for (const way of form.querySelectorAll("[data-go=camera]")) way.hidden = true;
    show("keys");
    tell(error.name === "NotAllowedError" ? "forbidden" : "missing");
  }
}

if (!isSecureContext) tell("insecure");
else if (!navigator.mediaDevices) tell("missing");
else {
  for (const way of form.querySelectorAll("[data-go]")) {
    way.hidden = false;
    way.addEventListener("click", () => (way.dataset.go === "camera" ? look() : show("keys")));
  }
  if (form.dataset.first === "camera") look();
}
