// The board: hears the server, announces calls in order, draws. Each part has its own module.

import { chime } from "./chime.js";
import { Announcer } from "./display-announcer.js";
import { Clips } from "./display-clips.js";
import { Connection } from "./display-connection.js";
import { drawer } from "./display-draw.js";
import { longDate, picture, showing, wall, whole } from "./display-picture.js";
import { Receipts } from "./display-receipts.js";
import { Reload } from "./display-reload.js";
import { Report } from "./display-report.js";
import { isSilent } from "./display-settings.js";
import { Sound } from "./display-sound.js";
import { SoundTest } from "./display-sound-check.js";
import { Voice } from "./display-voice.js";

const TICK_MS = 500;
const SHIFT_MS = 10 * 60_000;
const SHIFTS = 5;

const root = document.querySelector(".d-board");
const say = { ...JSON.parse(root.dataset.words), zone: root.dataset.zoneName };
const { office, paired } = root.dataset;
const token = document.querySelector("meta[name=csrf-token]")?.content;
let settings = JSON.parse(root.dataset.settings);
let settingsAt = -Infinity;
let trouble = null;
let view = null;
let said = null;

const sound = new Sound(() => tick());
const clips = new Clips(
  `/${office}/display/voice.json`,
  (bytes) => sound.context.decodeAudioData(bytes),
  (kind, name) => note(kind, { name }),
);
const voice = new Voice(sound, clips, (kind, error) => note(kind, { error }));
const receipts = new Receipts((receipt) => Boolean(paired) && line.say("announced", receipt));
const announcer = new Announcer(office, { voice, clips, receipts, onChange: () => tick() });
const report = new Report(`/${office}/display/report`, token, (fresh, askedAt) => {
  if (askedAt > settingsAt) obey(fresh);
});
const reload = new Reload(settings.page);
const test = new SoundTest(root, async () => (await sound.wake()) && chime(sound.context, 1, sound.out) > 0);
const draw = drawer(root, say, (name, error) => note("fault", { error: `${name}: ${error}` }));
const line = new Connection(office, JSON.parse(root.dataset.board), {
  board: () => hear(),
  settings(fresh) {
    settingsAt = performance.now();
    obey(fresh);
  },
  voice: () => clips.refresh(),
  line() {
    receipts.again(line.board.seq, performance.now());
    clips.refresh();
  },
});

function hear() {
  const board = whole(line.board);
  const speaks = sound.state !== "none" && !isSilent(settings, wallClock(line.now()));
  announcer.hear(board, { shows: showing(board, settings.zone), speaks });
  tick();
}

function obey(fresh) {
  settings = fresh;
  sound.volume = settings.volume / 100;
  hear();
}

function note(kind, values) {
  trouble = { what: test.sentence(kind, values), time: clock(line.now()) };
  report.trouble(trouble.what);
}

function tick() {
  const now = line.now();
  const lost = line.lostSince();
  const silent = isSilent(settings, wallClock(now));
  const able = sound.state === "on" && !silent;
  line.tick();
  sound.tick();
  receipts.tick(performance.now());
  const begun = announcer.tick(now, { able, repeats: settings.repeats });
  if (begun) draw.say((said = begun));
  drawBoard(now, lost);
  if (said && view.call?.seq !== said.seq) draw.say((said = null)); // nobody is sent there any more
  const missing = clips.missing;
  test.draw({ state: sound.state === "on" && silent ? "silent" : sound.state, volume: settings.volume, missing, trouble });
  if (paired) report.tick(performance.now(), { sound: sound.state, page: reload.edition, missing: missing.length });
  const quiet = !announcer.current && !test.isOpen && lost === null;
  reload.tick(settings.page, { quiet, refused: report.isRefused });
}

function drawBoard(now, lost) {
  const { current, queued } = announcer;
  view = picture(line.board, say, now, { current, queued, settings, before: view?.call });
  draw.picture(view, { current, lost: lost !== null, now });
  draw.lost(lost && clock(lost));
  draw.time(clock(now));
  draw.date(longDate(wall(now, line.board.generated_at), { year: true }));
  draw.shift(String(Math.floor(now / SHIFT_MS) % SHIFTS));
}

// The one tap that a browser may ask for.
async function allow() {
  if (!(await sound.wake())) return test.open();
  announcer.revive(view.call, line.now());
  tick();
  if (!announcer.current) chime(sound.context, 1, sound.out);
}

const wallClock = (moment) => wall(moment, line.board.generated_at).toISOString().slice(11, 16);
const clock = (moment) => wallClock(moment).replace(":", say.colon);

root.querySelector("[data-allow]").addEventListener("click", allow);
window.addEventListener("error", ({ message }) => note("fault", { error: message }));
window.addEventListener("unhandledrejection", ({ reason }) => note("fault", { error: String(reason) }));
obey(settings);
setInterval(tick, TICK_MS);
