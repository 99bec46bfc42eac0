// The desk's letter keys: on or off, and which letter does what; kept in this browser.

const KEPT_AS = "ruko-desk-keys";
const desk = document.getElementById("desk");
const chooser = document.getElementById("keys");
const form = chooser?.querySelector("form");
const fields = form ? [...form.querySelectorAll(".m-letters input")] : [];
const error = form?.querySelector(".rk-err");

let kept = read();

function read() {
  try {
    return { on: true, letters: {}, ...JSON.parse(localStorage.getItem(KEPT_AS)) };
  } catch {
    return { on: true, letters: {} };
  }
}

const letterOf = (key) => kept.letters[key] ?? key;

/** Show the chosen letters on the buttons. */
export function label() {
  desk.dataset.keys = kept.on ? "on" : "off";
  for (const kbd of desk.querySelectorAll("kbd[data-letter]")) {
    kbd.textContent = letterOf(kbd.dataset.letter);
  }
}

/** The button that a pressed key stands for. */
function buttonOf(pressed) {
  return [...desk.querySelectorAll("[data-key]")].find(
    (button) => letterOf(button.dataset.key) === pressed.toUpperCase() && button.checkVisibility(),
  );
}

/** Act on letters, unless something is typed or `isBusy()`. */
export function listen(typesInto, isBusy) {
  if (!form) return;
  const opener = document.getElementById("set-keys");
  opener.hidden = false;
  opener.addEventListener("click", () => {
    fill(kept);
    chooser.showModal();
  });
  document.addEventListener("keydown", (event) => {
    if (!kept.on || chooser.open || isBusy() || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || typesInto(event.target)) return;
    const button = buttonOf(event.key);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  label();
}

function fill({ on, letters }) {
  form.elements.on.checked = on;
  for (const field of fields) field.value = letters[field.name] ?? field.name;
  mark([]);
}

function mark(wrong) {
  error.hidden = !wrong.length;
  for (const field of fields) {
    if (wrong.includes(field)) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
  wrong[0]?.focus();
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const values = fields.map((field) => field.value.trim().toUpperCase());
  const wrong = fields.filter(
    (_, i) => !/^[A-Z0-9]$/.test(values[i]) || values.indexOf(values[i]) !== values.lastIndexOf(values[i]),
  );
  mark(wrong);
  if (wrong.length) return;
  kept = {
    on: form.elements.on.checked,
    letters: Object.fromEntries(fields.map((field, i) => [field.name, values[i]])),
  };
  localStorage.setItem(KEPT_AS, JSON.stringify(kept));
  label();
  chooser.close();
});
form?.elements.reset.addEventListener("click", () => fill({ on: true, letters: {} }));
form?.elements.close.addEventListener("click", () => chooser.close());
