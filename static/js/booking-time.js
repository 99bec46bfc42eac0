// Says the chosen time beside the button, where it stays in sight.
const form = document.querySelector("#step");
const bar = form.querySelector(".a-bar");
const what = bar?.querySelector(".a-what");
const first = [...(what?.childNodes ?? [])];

function say() {
  const chosen = form.querySelector("[name=when]:checked");
  if (!chosen) return what.replaceChildren(...first);
  const where = chosen.closest("fieldset").querySelector("legend b")?.textContent ?? chosen.parentNode.querySelector(".a-time").textContent;
  const name = document.createElement("b");
  name.textContent = where;
  const when = document.createElement("span");
  when.className = "rk-num";
  when.textContent = `${bar.dataset.day}, ${hours(chosen)}`;
  what.replaceChildren(name, when);
}

/** From the first hour to the end of the last one. */
function hours(chosen) {
  if (chosen.value === "visit") {
    const { visit_start: start, visit_end: end } = form.elements;
    return `${start.selectedOptions[0].text}–${end.selectedOptions[0].text}`;
  }
  const count = Number(form.querySelector("[name=hours]:checked")?.value ?? 1);
  const cards = [...chosen.closest("fieldset").querySelectorAll(".a-time")];
  const at = cards.indexOf(chosen.parentNode.querySelector(".a-time"));
  const [start] = cards[at].textContent.split("–");
  const [, end] = (cards[at + count - 1] ?? cards[at]).textContent.split("–");
  return `${start}–${end}`;
}

if (bar) {
  form.addEventListener("change", ({ target }) => {
    if (target.name.startsWith("visit_")) {
      form.querySelector("[name=when][value=visit]").checked = true;
      const { visit_start: start, visit_end: end } = form.elements;
      if (target === start && end.value <= start.value) end.selectedIndex = start.selectedIndex; // the end of that hour
    }
    say();
  });
  addEventListener("pageshow", say);
}
