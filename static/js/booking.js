// The chosen hour changes in place: no request, so it also works on a weak signal.
const table = document.querySelector(".a-slots");
const bar = document.querySelector(".a-bar");
const SPRITE = /#.*/;

function dress(slot, chosen) {
  slot.classList.toggle("a-slot--pick", chosen);
  slot.classList.toggle("a-slot--free", !chosen);
  slot.toggleAttribute("aria-current", chosen);
  if (chosen) slot.setAttribute("aria-current", "true");
  const use = slot.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(SPRITE, chosen ? "#check-lg" : "#plus-lg"));
  slot.querySelector("span").textContent = chosen ? bar.dataset.chosen : bar.dataset.free;
}

function choose(slot) {
  table.querySelectorAll(".a-slot--pick").forEach((other) => dress(other, false));
  dress(slot, true);
  const room = document.createElement("b");
  room.textContent = slot.dataset.room;
  const when = document.createElement("span");
  when.className = "rk-num";
  when.textContent = `${bar.dataset.day}, ${slot.dataset.hours}`;
  bar.querySelector(".a-what").replaceChildren(room, when);
  const on = bar.querySelector(".rk-btn");
  on.href = slot.dataset.next;
  on.hidden = false;
  bar.classList.remove("a-bar--none");
  history.replaceState(null, "", slot.href.replace(SPRITE, ""));
}

table?.addEventListener("click", (event) => {
  const slot = event.target.closest("a[data-next]");
  if (!slot || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(slot);
});

const strip = document.querySelector(".a-strip");
const current = strip?.querySelector("[aria-current]");
if (current) strip.scrollLeft = current.offsetLeft - current.offsetWidth;
