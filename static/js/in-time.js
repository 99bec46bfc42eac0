// Waiting that always ends.

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** What the promise gives, or undefined when it fails or takes longer. */
export function inTime(milliseconds, promise) {
  return Promise.race([promise.catch(() => undefined), pause(milliseconds)]);
}

/** A request that is given up in time; `read` takes what is needed of an answer that is all right. */
export async function ask(address, { within, read, ...request }) {
  const control = new AbortController();
  const giveUp = setTimeout(() => control.abort(), within);
  try {
    const answer = await fetch(address, { ...request, signal: control.signal });
    if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
    return await read(answer);
  } finally {
    clearTimeout(giveUp);
  }
}
