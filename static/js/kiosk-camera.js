// Reads QR pictures from the tablet's camera; nothing of them is kept or sent. Loaded only where a camera is.

const LOOKS_PER_SECOND = 5;
const vendor = new URL("../vendor/", import.meta.url);

/** The browser's own reader, else one that comes with RUKO. */
async function reader() {
  const formats = ["qr_code"];
  const own = await globalThis.BarcodeDetector?.getSupportedFormats().catch(() => []);
  if (own?.includes("qr_code")) return new globalThis.BarcodeDetector({ formats });
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = resolve;
    script.onerror = reject;
    script.src = new URL("barcode-detector.js", vendor);
    document.head.append(script);
  });
  const { BarcodeDetector, prepareZXingModule } = globalThis.BarcodeDetectionAPI;
  const overrides = { locateFile: (name) => new URL(name, vendor).href };
  await prepareZXingModule({ overrides, fireImmediately: true });
  return new BarcodeDetector({ formats });
}

/** Show the camera in `video` and hand each QR that it sees to `found`; throws without a camera. */
export async function scan(video, ready, found) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  addEventListener("pagehide", () => stream.getTracks().forEach((track) => track.stop()));
  video.srcObject = stream;
  await video.play();
  const detector = await reader();
  ready();
  const look = async () => {
    const [qr] = await detector.detect(video).catch(() => []);
    if (qr?.rawValue) found(qr.rawValue);
    setTimeout(look, 1000 / LOOKS_PER_SECOND);
  };
  look();
}
