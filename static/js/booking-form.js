// Makes one step of a request easier and safer; each step works without it.
// What is typed is kept on this device until its step has arrived, whatever happens to the line.

const form = document.querySelector("#step");
const offline = document.querySelector("#offline");
const { draft, step } = form.dataset;
const key = `ruko-draft:${draft}:${step}`;

// ── What was typed ────────────────────────────────────────────────────────────────────────────

const typed = () => [...form.elements].filter((field) => field.name && /^(text|tel|number|radio|select-one|textarea)$/.test(field.type));

const read = (name) => JSON.parse(localStorage.getItem(name)) ?? {};

function keep(sent = false) {
  const values = {};
  for (const field of typed()) {
    if (field.type !== "radio") values[field.name] = field.value;
    else if (field.checked) values[field.name] = field.value;
  }
  localStorage.setItem(key, JSON.stringify({ values, sent }));
}

function restore() {
  const { values = {} } = read(key);
  for (const field of typed()) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.type === "radio") field.checked = field.value === value;
    else if (field.value !== value) field.value = value;
  }
}

/** A step whose next page is here has arrived; the first page is nobody's next one. */
function forgetSent() {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("ruko-draft:") && name !== key && read(name).sent) localStorage.removeItem(name);
  }
}

/** A full or forbidden storage, or one that holds something else: the page itself still works. */
function attempt(work) {
  try {
    work();
  } catch {
    // nothing is kept then
  }
}

if (draft) {
  if (!("refused" in form.dataset)) attempt(restore);
  form.addEventListener("input", () => attempt(keep));
  form.addEventListener("change", () => attempt(keep));
}
if (!draft?.endsWith("/new")) attempt(forgetSent);

// ── Sending ───────────────────────────────────────────────────────────────────────────────────

let pressed = false;
form.addEventListener("submit", (event) => {
  if (!navigator.onLine) {
    event.preventDefault();
    offline.hidden = false;
    offline.scrollIntoView({ block: "center" });
    return;
  }
  if (pressed) return event.preventDefault();
  pressed = true;
  setTimeout(() => (pressed = false), 5000); // a lost answer may be asked for again
  if (draft) attempt(() => keep(true));
});
addEventListener("pageshow", () => (pressed = false));
addEventListener("online", () => (offline.hidden = true));
addEventListener("offline", () => (offline.hidden = false));

// ── The kind of problem suggests its bidang, until somebody chooses another ───────────────────

const { category, bidang, attendees } = form.elements;
if (category && bidang) {
  const usual = () => form.querySelector("[name=category]:checked")?.dataset.bidang ?? "";
  let suggested = usual();
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "category") return;
    if (!bidang.value || bidang.value === suggested) bidang.value = usual();
    suggested = usual();
    attempt(keep);
  });
}

// ── How many come ─────────────────────────────────────────────────────────────────────────────

for (const button of form.querySelectorAll("[data-step]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const most = Number(attendees.max) || Infinity;
    const wanted = (Number(attendees.value) || 0) + Number(button.dataset.step);
    attendees.value = Math.min(Math.max(wanted, 1), most);
    attempt(keep);
  });
}

// ── How long the time is kept; told only when it becomes short ────────────────────────────────

const held = document.querySelector(".a-held[data-left]");
if (held) {
  const count = held.querySelector("[data-count]");
  const ends = performance.now() + Number(held.dataset.left) * 1000;
  const tick = () => {
    const left = Math.ceil((ends - performance.now()) / 60_000);
    if (left <= 0) {
      held.querySelector("[data-kept]").hidden = true;
      held.querySelector("[data-over]").hidden = false;
      return clearInterval(clock);
    }
    const said = left > 3 ? "" : left === 1 ? count.dataset.one : count.dataset.many.replace("#", left);
    if (count.textContent !== said) count.textContent = said;
  };
  const clock = setInterval(tick, 1000);
  tick();
}
