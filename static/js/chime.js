// Two rising notes: the sound of a call, on the board and on the phone.

const NOTES = [
  { pitch: 659.25, at: 0, length: 0.55 }, // E5
  { pitch: 880, at: 0.3, length: 0.6 }, // A5
];
const LOUDNESS = 0.5;
const ATTACK_SECONDS = 0.03;
const AGAIN_SECONDS = 1.6;

/**
 * Ring so many times if the browser lets us; `context` is an AudioContext or nothing, `out` what it
 * rings into. Returns when it is over, in the context's time.
 */
export function chime(context, times = 1, out = context?.destination) {
  if (context?.state !== "running") return 0;
  const start = context.currentTime + 0.02;
  let end = start;
  for (let time = 0; time < times; time += 1) {
    for (const { pitch, at, length } of NOTES) {
      const begin = start + time * AGAIN_SECONDS + at;
      note(out, pitch, begin, length);
      end = begin + length;
    }
  }
  return end;
}

function note(out, pitch, start, length) {
  const { context } = out;
  const volume = context.createGain();
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + ATTACK_SECONDS);
  volume.gain.exponentialRampToValueAtTime(0.001, start + length);
  volume.connect(out);
  const tone = context.createOscillator();
  tone.frequency.value = pitch;
  tone.connect(volume);
  tone.start(start);
  tone.stop(start + length);
}
