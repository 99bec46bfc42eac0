// A clip made ready to keep: its quiet ends cut off, as loud as the others, as 16-bit WAV. Pure functions.

export const RATE = 22_050;
const WINDOW = 220; // 10 ms
const LOUD_WINDOWS = 3; // the click of a key is shorter
const LEFT_AT_ENDS = 660; // 30 ms
const FAINTEST = 0.004; // −48 dBFS: what is never louder is silence
const QUIET = 0.02; // −34 dB below the loudest sample
const LOUDEST = 10 ** (-1 / 20); // −1 dBFS
const MOST_GAIN = 10; // +20 dB: a whisper is not made a roar, nor is the room

const loudest = (samples) => samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);

/** One channel that is the mean of all. */
export function mono(channels) {
  const [first, ...others] = channels;
  return first.map((sample, at) => others.reduce((sum, each) => sum + each[at], sample) / channels.length);
}

/** The part between the first and the last sound, with 30 ms around it; null when all is silent. */
export function trimmed(samples) {
  const limit = Math.max(FAINTEST, loudest(samples) * QUIET);
  let from = null;
  let until = 0;
  let run = 0;
  for (let at = 0; at < samples.length; at += WINDOW) {
    run = loudest(samples.subarray(at, at + WINDOW)) > limit ? run + 1 : 0;
    if (run < LOUD_WINDOWS) continue;
    from ??= at - (LOUD_WINDOWS - 1) * WINDOW;
    until = at + WINDOW;
  }
  if (from === null) return null;
  return samples.slice(Math.max(0, from - LEFT_AT_ENDS), until + LEFT_AT_ENDS);
}

/** As loud as may be, its peak at −1 dBFS. */
export function levelled(samples) {
  const gain = Math.min(MOST_GAIN, LOUDEST / loudest(samples));
  return samples.map((sample) => sample * gain);
}

/** The bytes of a WAV file: one channel, 16 bits, 22 050 samples a second. */
export function wav(samples) {
  const bytes = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, word) => [...word].forEach((sign, n) => bytes.setUint8(at + n, sign.charCodeAt(0)));
  text(0, "RIFF");
  bytes.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); // of this part, in bytes
  bytes.setUint16(20, 1, true); // PCM
  bytes.setUint16(22, 1, true); // channel
  bytes.setUint32(24, RATE, true);
  bytes.setUint32(28, RATE * 2, true); // bytes a second
  bytes.setUint16(32, 2, true); // bytes a sample
  bytes.setUint16(34, 16, true); // bits a sample
  text(36, "data");
  bytes.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, n) => {
    bytes.setInt16(44 + n * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 0x7fff), true);
  });
  return bytes.buffer;
}
