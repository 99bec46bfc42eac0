// The microphone: opened once for a sitting, one recording after another.

const VOICE = { channelCount: 1, echoCancellation: false, noiseSuppression: true, autoGainControl: true };

/** Why this page cannot record at all, as the key of a sentence, or null. */
export function obstacle() {
  if (!window.isSecureContext || !navigator.mediaDevices) return "insecure";
  return window.MediaRecorder ? null : "unable";
}

/** Why the microphone was not given, as the key of a sentence. */
export function reason(error) {
  const known = { NotAllowedError: "denied", NotFoundError: "no-microphone", NotReadableError: "busy" };
  return known[error.name] ?? "unable";
}

export class Recorder {
  #audio;
  #stream = null;
  #recorder = null;
  #ear = null;

  constructor(audio) {
    this.#audio = audio;
  }

  /** Ask for the microphone; rejects when it is not given. */
  async open() {
    if (this.#stream?.active) return;
    this.close();
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: VOICE });
    const context = this.#audio();
    this.#ear = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(this.#stream).connect(this.#ear);
  }

  /** Record until `stop`, or for so long at most; resolves with the bytes of the recording. */
  record(milliseconds) {
    const recorder = new MediaRecorder(this.#stream);
    const parts = [];
    const late = setTimeout(() => this.stop(), milliseconds);
    this.#recorder = recorder;
    return new Promise((done, failed) => {
      recorder.ondataavailable = ({ data }) => parts.push(data);
      recorder.onerror = ({ error }) => failed(error);
      recorder.onstop = () => {
        clearTimeout(late);
        done(new Blob(parts).arrayBuffer());
      };
      recorder.start();
    });
  }

  stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  /** How loud it is now, 0 to 1. */
  level() {
    const samples = new Float32Array(this.#ear.fftSize);
    this.#ear.getFloatTimeDomainData(samples);
    return samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  }

  /** Give the microphone back. */
  close() {
    this.stop();
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
  }
}
