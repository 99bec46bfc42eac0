// Puts a picture on the page: text only, never markup from data. templates/display/ draws the same.

import { Slides } from "./display-slides.js";

const SWAP_MS = 12_000; // one message at a time where motion is unwanted
const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * A drawer of pictures onto `root`; each part is touched only when it changed, and one that cannot
 * be drawn stays as it was and leaves the others alone: `onTrouble(name, error)`.
 */
export function drawer(root, say, onTrouble = (name, error) => console.error(name, error)) {
  const seen = new Map();
  const at = (name) => root.querySelector(`[data-${name}]`);
  const card = (name) => root.querySelector(`[data-card="${name}"]`);
  const text = (name, value) => (at(name).textContent = value);
  const fitted = (name, value, ...most) => {
    text(name, value);
    at(name).className = size(value, ...most);
  };
  const slides = new Slides(at("slides"), [card("words"), card("call")], `/${root.dataset.office}/display/slides/`);

  function when(name, value, draw) {
    const key = JSON.stringify(value);
    if (seen.get(name) === key) return;
    seen.set(name, key);
    try {
      draw(value);
    } catch (error) {
      onTrouble(name, error);
    }
  }

  function drawScene(scene) {
    root.dataset.scene = scene;
    for (const part of root.querySelectorAll("[data-in]")) part.hidden = part.dataset.in !== scene;
  }

  function drawCall({ call, isNew, lost }) {
    card("call").hidden = !call;
    card("words").hidden = Boolean(call);
    if (!call) return;
    card("call").classList.toggle("d-call--stale", lost);
    text("kind", lost ? say.known : (say[call.kind] ?? say.first));
    at("number").replaceChildren(number(call.ticket));
    at("number").classList.toggle("long", call.ticket.length > 5);
    fitted("place", call.place, 14, 20);
    fitted("bidang", call.bidang_name, 33, 60);
    fitted("village", call.village_name ?? "", 30, 30);
    // Set last and anew for each call, so that the pulses begin again.
    card("call").classList.remove("d-call--new");
    if (!isNew || lost) return;
    void card("call").offsetWidth;
    card("call").classList.add("d-call--new");
  }

  function drawQueue({ calls, more }) {
    at("queued").hidden = !calls.length;
    at("queued").replaceChildren(...queue(calls, more, say));
  }

  function drawWords(words) {
    if (!words) return;
    at("title").replaceChildren(...words.title.map((line) => el("span", {}, line)));
    at("lines").replaceChildren(...words.lines.map((line) => el("p", { className: isLong(line[0]) ? "long" : "" }, ...filled(line))));
  }

  function drawAgenda(entries) {
    at("agenda").hidden = !entries.length;
    at("agenda-none").hidden = Boolean(entries.length);
    at("agenda").replaceChildren(...entries.map((entry) => agendaEntry(entry, say)));
  }

  function drawMessages(messages) {
    for (const loop of at("messages").children) {
      loop.replaceChildren(...messages.map((message) => el("span", { className: size(message, 120) }, message)));
    }
  }

  function drawTurn(turn) {
    [...at("messages").firstElementChild.children].forEach((message, place, all) => {
      message.classList.toggle("is-on", turn !== null && place === turn % all.length);
    });
  }

  return {
    picture(view, { current, lost, now }) {
      when("scene", view.scene, drawScene);
      when("call", { call: view.call, isNew: Boolean(current), lost }, drawCall);
      when("queued", lost ? { calls: [], more: 0 } : view.queued, drawQueue);
      when("words", view.words, drawWords);
      when("slides", view.slides, (list) => slides.take(list));
      slides.turn(now, view.scene === "open" && view.free && !lost);
      when("rows", lost ? view.rows.map((each) => ({ ...each, now: null })) : view.rows, (rows) =>
        at("rows").replaceChildren(...rows.map(row)),
      );
      when("agenda", view.agenda, drawAgenda);
      when("messages", view.messages, drawMessages);
      when("turn", still.matches ? Math.floor(now / SWAP_MS) : null, drawTurn);
      when("opens", view.opens, (line) => at("opens").replaceChildren(...filled(line)));
      when("why", view.why, (why) => {
        at("why").hidden = !why;
        at("why").classList.toggle("long", isLong(why ?? ""));
        text("why", why ?? "");
      });
    },
    time: (clock) => when("time", clock, () => text("time", clock)),
    date: (date) => when("date", date, () => text("date", date)),
    /** Say a call to those who do not see it; null: it is over. */
    say: (call) =>
      text("said", call ? say.said.replace(/\{(\w+)\}/g, (_, name) => ({ ...call, bidang: call.bidang_name })[name]) : ""),
    lost: (since) =>
      when("lost", since, () => {
        if (since) root.dataset.lost = "";
        else delete root.dataset.lost;
        at("away").hidden = !since;
        text("since", since ?? "");
      }),
    /** Walk a few pixels, against burn-in. */
    shift: (step) => when("shift", step, () => (root.dataset.shift = step)),
  };
}

const isLong = (line) => line.length > 80;

// How long a text is, in steps. What is too long even then is cut by the sheet.
const SIZES = ["", "long", "longer", "longest"];
const size = (line, ...most) => SIZES[most.filter((letters) => line.length > letters).length];

function el(tag, { className } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function number(code) {
  const parts = code.split("-").flatMap((part, place) => (place ? [hyphen(), part] : [part]));
  return el("span", { className: "rk-no rk-num" }, ...parts);
}

const hyphen = () => el("span", { className: "rk-h" }, "-");

function letter(sign) {
  const made = el("span", { className: "rk-letter" }, sign);
  made.setAttribute("aria-hidden", "true");
  return made;
}

// ["We open again on {date}.", { date: "Monday" }], its values in bold.
function filled([sentence, values]) {
  return sentence
    .split(/\{(\w+)\}/)
    .map((part, place) => (place % 2 ? (part in values ? el("b", {}, values[part]) : `{${part}}`) : part))
    .filter((part) => part !== "");
}

function row(bidang) {
  const two = bidang.numbers.length > 1 ? " two" : "";
  const numbers = bidang.numbers.map((code, place) => {
    const more = bidang.more && place === bidang.numbers.length - 1;
    const className = [code === bidang.now ? "now" : "", size(code, 5)].join(" ").trim();
    return el("div", { className }, number(code), ...(more ? [el("small", {}, `+${bidang.more}`)] : []));
  });
  const places = bidang.places.map((place) => el("div", { className: size(place, 3, 14) }, place));
  const name = el("th", { className: "b" }, el("span", { className: size(bidang.name, 34) }, bidang.name));
  name.scope = "row";
  return el(
    "tr",
    { className: bidang.now ? "is-now" : "" },
    el("td", { className: "l" }, letter(bidang.letter)),
    name,
    el("td", { className: `n${two}` }, ...(numbers.length ? numbers : resting(bidang))),
    el("td", { className: `c o rk-num${two}` }, ...places),
    el(
      "td",
      { className: "r w rk-num" },
      String(bidang.waiting),
      el("small", { className: bidang.estimate.length > 9 ? "long" : "" }, bidang.estimate),
    ),
  );
}

function queue(calls, more, say) {
  if (!calls.length) return [];
  const letters = calls.reduce((sum, { ticket, place }) => sum + ticket.length + place.length, 0);
  const list = el("span", { className: size({ length: letters }, 24) });
  list.append(
    el("i", {}, say.then),
    ...calls.map(({ ticket, place }) => el("b", {}, number(ticket), el("span", {}, `→ ${place}`))),
    ...(more ? [el("em", {}, `+${more}`)] : []),
  );
  return [list];
}

const resting = ({ ready, back }) => [el("i", {}, ready), ...(back ? [el("small", { className: "back" }, back)] : [])];

function agendaEntry(entry, say) {
  return el(
    "li",
    { className: entry.now ? "on" : "" },
    el("p", { className: "t rk-num" }, entry.time, ...(entry.now ? [el("em", {}, `● ${say.now}`)] : [])),
    el("p", { className: `w ${size(entry.village, 16, 19, 23)}`.trim() }, entry.village),
    el(
      "p",
      { className: "x" },
      el("span", { className: size(entry.room, 16) }, entry.room),
      ...(entry.letter ? [letter(entry.letter)] : []),
    ),
  );
}
