// What the board shows at a moment, from the server's JSON. Pure; display/picture.py says the same
// for the first picture of a page.

const STAYS_MS = 10 * 60_000; // a call stays in the house after its visitor has left the counter
const SHOWN_NUMBERS = 2;
const AGENDA_ENTRIES = 4;

/** The parts of the board; `current` is the call that is being announced, or null. */
export function picture(board, say, now, current) {
  const call = current ?? lastCall(board, now);
  return {
    scene: scene(board, current),
    call,
    words: call ? null : idle(board, say, now),
    rows: board.bidang.map((bidang) => row(bidang, board, say, now, call)),
    agenda: agenda(board, say, now),
    messages: board.announcements,
    opens: opens(board, say),
    why: early(board, say) ?? board.holiday,
  };
}

/** The office's wall clock as a Date whose UTC parts are the local ones; `like` carries the offset. */
export function wall(now, like) {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(like) ?? [0, "+", 0, 0];
  return new Date(now + Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000);
}

/** 09.05, of a moment with the office's offset. */
export const hour = (moment, say) => moment.slice(11, 16).replace(":", say.colon);

/** Senin, 23 November; with its year if asked for. */
export function longDate(date, { year = false } = {}) {
  const part = (options) =>
    new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: "UTC", ...options }).format(date);
  const day = `${part({ weekday: "long" })}, ${date.getUTCDate()} ${part({ month: "long" })}`;
  return year ? `${day} ${date.getUTCFullYear()}` : day;
}

// The board goes to sleep only when the last visitor is served.
function scene(board, current) {
  const busy = current || board.bidang.some((each) => each.serving.length || each.waiting);
  return board.state === "closed" && !busy ? "closed" : "open";
}

// The newest call, while somebody may still look for it.
function lastCall(board, now) {
  const call = board.last_call;
  if (!call) return null;
  const wanted =
    board.state === "open"
      ? now < Date.parse(call.called_at) + STAYS_MS ||
        board.bidang.some((each) => each.serving.some(({ ticket }) => ticket === call.ticket))
      : board.calls.some(({ seq }) => seq === call.seq);
  return wanted ? call : null;
}

// The house without a number: a greeting, the break, or the next opening.
function idle(board, say, now) {
  if (board.state === "break") {
    return { title: [say.break], lines: [[say.resumes, { time: clock(board.opens_at, say) }]] };
  }
  if (board.state === "closed") {
    const why = early(board, say);
    return { title: [say.closed], lines: [opens(board, say), ...(why ? [[why, {}]] : [])] };
  }
  const hours = wall(now, board.generated_at).getUTCHours();
  const greeting = say.greetings[(hours >= 11) + (hours >= 15) + (hours >= 18)];
  return {
    title: [greeting, say.enter],
    lines: [[board.message || say.take, {}], [say.here, {}]],
  };
}

function opens(board, say) {
  if (!board.opens_at) return [board.message ?? "", {}];
  const date = longDate(new Date(`${board.opens_at.slice(0, 10)}T00:00Z`));
  return [say.opens, { date, time: clock(board.opens_at, say) }];
}

// Why the day was closed early.
function early(board, say) {
  return board.closure ? say.early.replace("{reason}", () => board.closure) : null;
}

// The latest two numbers; the one that is called comes first and is the gold one.
function row(bidang, board, say, now, call) {
  const isCalled = ({ ticket }) => call?.bidang === bidang.code && ticket === call.ticket;
  const serving = [...bidang.serving].sort((a, b) => isCalled(b) - isCalled(a));
  const latest = serving.slice(0, SHOWN_NUMBERS);
  return {
    letter: bidang.letter,
    name: bidang.short_name,
    now: serving.find(isCalled)?.ticket ?? null,
    numbers: latest.map(({ ticket }) => ticket),
    places: latest.map(({ place }) => place.replace(/^Loket /, "")),
    more: serving.length - latest.length,
    ...rest(bidang, board, say, now),
    waiting: bidang.waiting,
    estimate: estimate(bidang, board, say),
  };
}

// The word in place of a number, and until when a break at the bidang's places lasts.
function rest(bidang, board, say, now) {
  if (board.state !== "open" || !bidang.breaks.length) {
    return { ready: say.ready[board.state], back: "" };
  }
  const ahead = bidang.breaks.map((each) => each.back_at).filter((at) => at && Date.parse(at) > now);
  const back = ahead.length ? say.back.replace("{time}", hour(ahead.sort()[0], say)) : "";
  return { ready: say.rest, back };
}

function estimate(bidang, board, say) {
  if (board.state === "open" && bidang.full) return say.full;
  if (board.state !== "open" || !bidang.estimate_minutes) return "–";
  const [low, high] = bidang.estimate_minutes;
  return high === 0 ? say.straight : say.minutes.replace("{range}", `${low}–${high}`);
}

// The rooms' appointments that are not over; the server sends them by start, so running ones first.
function agenda(board, say, now) {
  const letters = Object.fromEntries(board.bidang.map(({ code, letter }) => [code, letter]));
  return board.agenda
    .filter((entry) => Date.parse(entry.ends_at) > now)
    .slice(0, AGENDA_ENTRIES)
    .map((entry) => ({
      time: `${hour(entry.starts_at, say)}–${hour(entry.ends_at, say)}`,
      now: Date.parse(entry.starts_at) <= now,
      village: entry.village_name,
      room: entry.room_name,
      letter: letters[entry.bidang] ?? "",
    }));
}

function clock(moment, say) {
  return moment ? `${hour(moment, say)} ${say.zone}` : "–";
}
