// A soft sound when a visitor calls for help; only where the browser allows it (after a touch or key).

const NOTES = [523.25, 659.25]; // C5, E5
const NOTE_SECONDS = 0.35;
const VOLUME = 0.12;

let audio;

function allow() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, allow, { once: true, passive: true });
}

/** Ring twice, softly. */
export function ring() {
  if (audio?.state !== "running") return;
  NOTES.forEach((frequency, index) => {
    const begin = audio.currentTime + index * NOTE_SECONDS;
    const tone = new OscillatorNode(audio, { frequency });
    const loudness = new GainNode(audio, { gain: 0 });
    loudness.gain.setValueAtTime(0, begin);
    loudness.gain.linearRampToValueAtTime(VOLUME, begin + 0.03);
    loudness.gain.exponentialRampToValueAtTime(0.001, begin + NOTE_SECONDS * 2);
    tone.connect(loudness).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + NOTE_SECONDS * 2);
  });
}
