// With the arrow keys the focus walks from cell to cell, to the nearest link on that side.

const week = document.getElementById("week");

const SIDES = {
  ArrowUp: (from, to) => [from.top - to.bottom, across(from.left, from.right, to.left, to.right)],
  ArrowDown: (from, to) => [to.top - from.bottom, across(from.left, from.right, to.left, to.right)],
  ArrowLeft: (from, to) => [from.left - to.right, across(from.top, from.bottom, to.top, to.bottom)],
  ArrowRight: (from, to) => [to.left - from.right, across(from.top, from.bottom, to.top, to.bottom)],
};
const EDGE = 4; // neighbours may touch
const ASIDE = 4; // what lies beside the way counts as so much farther

function across(start, end, otherStart, otherEnd) {
  return Math.max(0, otherStart - end, start - otherEnd);
}

week.addEventListener("keydown", (event) => {
  const side = SIDES[event.key];
  const cell = event.target.closest("td, th");
  if (!side || !cell || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const from = cell.getBoundingClientRect();
  let best;
  for (const link of cell.closest("table").querySelectorAll("a")) {
    const [ahead, beside] = side(from, link.closest("td, th").getBoundingClientRect());
    const far = ahead + ASIDE * beside;
    if (ahead > -EDGE && (!best || far < best.far)) best = { link, far };
  }
  if (!best) return;
  event.preventDefault();
  best.link.focus();
  best.link.scrollIntoView({ block: "nearest", inline: "nearest" });
});
