// What the board shows at a moment, from the server's JSON. Pure; display/picture.py says the same
// for the first picture of a page.

const STAYS_MS = 10 * 60_000; // a call stays in the house after its visitor has left the counter
const SHOWN_NUMBERS = 2;
const AGENDA_ENTRIES = 4;
const QUEUED_CALLS = 2;

/**
 * The parts of the board. `current` is the call that is being announced, `queued` those in line
 * behind it, `before` the call of the picture before this one.
 */
export function picture(told, say, now, { current = null, queued = [], settings = {}, before = null } = {}) {
  const board = narrowed(whole(told), settings.zone);
  const call = current ?? lastCall(board, now, before);
  return {
    scene: scene(board, current),
    call,
    queued: queue(current ? queued : []),
    words: call ? null : idle(board, say, now),
    slides: board.slides,
    free: !current && !board.calls.length, // nobody is looked for: pictures have their turn
    rows: whatCanBeTold(board.bidang, (bidang) => row(bidang, board, say, now, call)),
    agenda: agenda(board, say, now),
    messages: board.announcements,
    opens: opens(board, say),
    why: early(board, say) ?? board.holiday,
  };
}

/** Whether a screen of that zone (codes; empty: all) has to do with a bidang. */
export function showing(board, zone = []) {
  const known = zone.filter((code) => board.bidang.some((each) => each.code === code));
  return (bidang) => !known.length || known.includes(bidang);
}

/** The board with all that it may say: another edition of the server may leave out some of it. */
export function whole(board) {
  return {
    ...{ state: "open", opens_at: null, message: null, closure: null, holiday: null, last_call: null },
    ...board,
    calls: list(board.calls),
    bidang: list(board.bidang).map((each) => ({
      ...{ letter: "", short_name: each.name, waiting: 0, full: false, estimate_minutes: null },
      ...each,
      serving: list(each.serving),
      breaks: list(each.breaks),
    })),
    agenda: list(board.agenda),
    announcements: list(board.announcements),
    slides: list(board.slides),
  };
}

const list = (told) => (Array.isArray(told) ? told : []);

function narrowed(board, zone) {
  const shows = showing(board, zone);
  return {
    ...board,
    calls: board.calls.filter(({ bidang }) => shows(bidang)),
    last_call: board.last_call && shows(board.last_call.bidang) ? board.last_call : null,
    bidang: board.bidang.filter(({ code }) => shows(code)),
    letters: Object.fromEntries(board.bidang.map(({ code, letter }) => [code, letter])),
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

// The newest call, while somebody may still look for it. A zone's screen is not told its own newest
// one when another bidang has called since, so the one that it showed counts too.
function lastCall(board, now, before) {
  const isServed = ({ ticket }) => board.bidang.some((each) => each.serving.some((one) => one.ticket === ticket));
  const isWanted = (call) =>
    board.state === "open"
      ? now < Date.parse(call.called_at) + STAYS_MS || isServed(call)
      : board.calls.some(({ seq }) => seq === call.seq);
  const told = [board.last_call, ...board.calls, before && isServed(before) ? before : null];
  return told.filter((call) => call && isWanted(call)).sort((a, b) => b.seq - a.seq)[0] ?? null;
}

// Those still in line: the next two, and how many more.
function queue(calls) {
  const next = calls.slice(0, QUEUED_CALLS);
  return {
    calls: next.map(({ ticket, place }) => ({ ticket, place })),
    more: calls.length - next.length,
  };
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
  const entries = whatCanBeTold(board.agenda, (entry) => ({
    ends: Date.parse(entry.ends_at),
    time: `${hour(entry.starts_at, say)}–${hour(entry.ends_at, say)}`,
    now: Date.parse(entry.starts_at) <= now,
    village: entry.village_name,
    room: entry.room_name,
    letter: board.letters[entry.bidang] ?? "",
  }));
  return entries
    .filter(({ ends }) => ends > now)
    .slice(0, AGENDA_ENTRIES)
    .map(({ ends, ...entry }) => entry);
}

// One entry that this edition does not understand hides itself alone.
function whatCanBeTold(list, tell) {
  return list.flatMap((each) => {
    try {
      return [tell(each)];
    } catch {
      return [];
    }
  });
}

function clock(moment, say) {
  return moment ? `${hour(moment, say)} ${say.zone}` : "–";
}
