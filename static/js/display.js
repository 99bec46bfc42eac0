// The board: hears the server, announces calls in order, draws. Each part has its own module.

import { Calls, memoryOf } from "./display-calls.js";
import { Connection } from "./display-connection.js";
import { drawer } from "./display-draw.js";
import { longDate, picture, wall } from "./display-picture.js";
import { Sound } from "./display-sound.js";

const TICK_MS = 500;
const SHIFT_MS = 10 * 60_000;
const SHIFTS = 5;

const root = document.querySelector(".d-board");
const say = { ...JSON.parse(root.dataset.words), zone: root.dataset.zoneName };
const office = root.dataset.office;

const draw = drawer(root, say);
const sound = new Sound(root.querySelector(".d-sound"), root.querySelector(".d-light"));
const calls = new Calls(memoryOf(office));
const first = JSON.parse(root.dataset.board);
const line = new Connection(office, first, (board) => {
  calls.hear(board);
  tick();
});

function tick() {
  line.tick();
  const now = line.now();
  const begun = calls.tick(performance.now());
  if (begun) {
    sound.chime();
    draw.say(begun);
  }
  const since = line.lostSince();
  const current = calls.current;
  draw.picture(picture(line.board, say, now, current), { current, lost: since !== null, now });
  draw.lost(since && clock(since));
  draw.time(clock(now));
  draw.date(longDate(wall(now, line.board.generated_at), { year: true }));
  draw.shift(String(Math.floor(now / SHIFT_MS) % SHIFTS));
}

function clock(moment) {
  return wall(moment, line.board.generated_at).toISOString().slice(11, 16).replace(":", say.colon);
}

calls.hear(first);
tick();
setInterval(tick, TICK_MS);
