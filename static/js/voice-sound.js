// Sound in this page: read from any file the browser knows, made ready to keep, and played from memory.

import { levelled, mono, RATE, trimmed, wav } from "./voice-wav.js";

const WATCHDOG_MS = 500;

let context;
let playing;

/** The page's audio; to be asked for at a press, before which a browser gives none. */
export function audio() {
  context ??= new AudioContext();
  if (context.state === "suspended") context.resume();
  return context;
}

/** The sound in those bytes at the clips' rate; rejects for what is no sound. */
export async function decode(bytes) {
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes);
}

/** A clip of that sound: `{ buffer, milliseconds, file }`, or null when it is silent. */
export function clipOf(sound) {
  const channels = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  const spoken = trimmed(mono(channels));
  if (!spoken) return null;
  const samples = levelled(spoken);
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE });
  buffer.copyToChannel(samples, 0);
  const file = new Blob([wav(samples)], { type: "audio/wav" });
  return { buffer, milliseconds: buffer.duration * 1000, file };
}

export function hush() {
  playing?.stop();
  playing = null;
}

/** Play it alone; resolves when it has ended or was hushed, and at the latest soon after. */
export function play(buffer) {
  hush();
  const source = new AudioBufferSourceNode(audio(), { buffer });
  source.connect(context.destination);
  source.start();
  playing = source;
  return new Promise((ended) => {
    source.onended = ended;
    setTimeout(ended, buffer.duration * 1000 + WATCHDOG_MS);
  });
}

/** The sound at that address; rejects when it does not come in time or cannot be read. */
export async function load(url, within) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(within) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return decode(await answer.arrayBuffer());
}
