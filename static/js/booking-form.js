// Keeps what was typed over a lost connection; the page works without it.
const form = document.querySelector("#wish");
const offline = document.querySelector("#offline");
const key = `ruko-draft:${form.dataset.draft}`;
const NAMES = ["village", "category", "bidang", "topic", "attendees", "leader", "phone"];

function keep() {
  const draft = Object.fromEntries(NAMES.map((name) => [name, form.elements[name]?.value ?? ""]));
  try {
    sessionStorage.setItem(key, JSON.stringify(draft));
  } catch {
    // a full or forbidden storage: the form itself still works
  }
}

function restore() {
  let draft = {};
  try {
    draft = JSON.parse(sessionStorage.getItem(key)) ?? {};
  } catch {
    return;
  }
  for (const name of NAMES) {
    const field = form.elements[name];
    if (field && !field.value && draft[name]) field.value = draft[name];
  }
}

restore();
form.addEventListener("input", keep);
form.addEventListener("change", keep);

// The kind of problem suggests its section, until somebody chooses another.
const { category, bidang, attendees } = form.elements;
let suggested = category.selectedOptions[0]?.dataset.bidang;
category.addEventListener("change", () => {
  const usual = category.selectedOptions[0]?.dataset.bidang;
  if (!bidang.value || bidang.value === suggested) bidang.value = usual ?? "";
  suggested = usual;
});

for (const button of form.querySelectorAll("[data-step]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const most = Number(attendees.max) || Infinity;
    const wanted = (Number(attendees.value) || 0) + Number(button.dataset.step);
    attendees.value = Math.min(Math.max(wanted, 1), most);
    keep();
  });
}

form.addEventListener("submit", (event) => {
  keep();
  if (navigator.onLine) return;
  event.preventDefault();
  offline.hidden = false;
  offline.scrollIntoView({ block: "center" });
});
addEventListener("online", () => (offline.hidden = true));
addEventListener("offline", () => (offline.hidden = false));
