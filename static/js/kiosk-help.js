// The kiosk's bar: calls the staff without leaving the page, and tells the office that it is alive.

const ALIVE_MS = 60_000;
const LOOK_MS = 4_000;
const CALM_MS = 30_000; // somebody is coming: after a while the button returns
const ANSWER_MS = 10_000;
const SENT = "kiosk-alive";

const bar = document.querySelector("[data-help]");
const { alive: aliveUrl, now: nowUrl, start, failed } = bar.dataset;
const page = document.querySelector("[data-help-page]");
let timer = 0;

async function ask(url, options = {}) {
  const answer = await fetch(url, { ...options, signal: AbortSignal.timeout(ANSWER_MS) });
  if (answer.status === 403) location.assign(start); // revoked: the start page says so
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer;
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-help]");
  if (!fresh) return location.assign(start); // the page's session is over
  if (page && fresh.dataset.help !== bar.dataset.help) return location.reload();
  if (fresh.dataset.help !== bar.dataset.help) {
    const focused = bar.contains(document.activeElement);
    bar.dataset.help = fresh.dataset.help;
    bar.replaceChildren(...fresh.childNodes);
    if (focused) document.getElementById("content").focus({ preventScroll: true });
  }
  lookLater();
}

function lookLater() {
  clearTimeout(timer);
  const wait = { asked: LOOK_MS, coming: CALM_MS }[bar.dataset.help];
  if (wait) timer = setTimeout(look, wait);
}

async function look() {
  try {
    show(await (await ask(nowUrl)).text());
  } catch {
    lookLater(); // the pages themselves say when the server is away
  }
}

bar.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await ask(form.action, { method: "POST", body, keepalive: true });
    if (answer.url !== form.action) return location.assign(start); // the page was too old
    show(await answer.text());
  } catch {
    button.lastChild.textContent = failed;
  } finally {
    button.removeAttribute("aria-busy");
  }
});

async function tellAlive() {
  sessionStorage.setItem(SENT, Date.now());
  setTimeout(tellAlive, ALIVE_MS);
  const token = document.querySelector("meta[name=csrf-token]").content;
  try {
    await ask(aliveUrl, { method: "POST", headers: { "X-CSRFToken": token } });
  } catch {
    // away; the next minute tries again
  }
}

// The start page loads anew every minute: what counts is when this tab last told, not this page.
const ago = Date.now() - Number(sessionStorage.getItem(SENT));
setTimeout(tellAlive, ago >= 0 && ago < ALIVE_MS ? ALIVE_MS - ago : 0);
lookLater();
