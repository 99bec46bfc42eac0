// Two rising notes: the sound of a call, on the board and on the phone.

const NOTES = [
  { pitch: 659.25, at: 0, length: 0.55 }, // E5
  { pitch: 880, at: 0.3, length: 0.6 }, // A5
];
const LOUDNESS = 0.5;
const ATTACK_SECONDS = 0.03;
const AGAIN_SECONDS = 1.6;

/** Ring so many times if the browser lets us; `context` is an AudioContext or nothing. */
export function chime(context, times = 1) {
  if (context?.state !== "running") return;
  const start = context.currentTime + 0.02;
  for (let time = 0; time < times; time += 1) {
    for (const { pitch, at, length } of NOTES) {
      note(context, pitch, start + time * AGAIN_SECONDS + at, length);
    }
  }
}

function note(context, pitch, start, length) {
  const volume = context.createGain();
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + ATTACK_SECONDS);
  volume.gain.exponentialRampToValueAtTime(0.001, start + length);
  volume.connect(context.destination);
  const tone = context.createOscillator();
  tone.frequency.value = pitch;
  tone.connect(volume);
  tone.start(start);
  tone.stop(start + length);
}
