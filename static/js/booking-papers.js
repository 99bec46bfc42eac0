// Sends each chosen file by itself, as soon as it is chosen: over a weak signal one lost file is one file.
// Photos are made smaller first. Without this file the form carries them along.

const box = document.querySelector("[data-papers]");
const chooser = box.querySelector("input[type=file]");
const status = box.querySelector("#papers-sending");
const says = (kind, file, share = "") => box.dataset[kind].replace("#", file.name).replace("@", share);
const LONGEST_EDGE = 3000;
const TRIES = 4;

box.querySelector("[name=add]").hidden = true;

let line = Promise.resolve();
chooser.addEventListener("change", () => {
  for (const file of chooser.files) line = line.then(() => take(file));
  chooser.value = "";
});

async function take(file) {
  try {
    const smaller = await shrink(file);
    if (smaller.size > Number(box.dataset.most)) return complain("large", file);
    await send(smaller, file);
  } catch {
    complain("failed", file);
  }
}

/** A photo at the size of a page; what the browser cannot read goes as it is. */
async function shrink(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type) || file.size < 1_000_000) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_EDGE / Math.max(picture.width, picture.height));
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(picture.width * scale),
      height: Math.round(picture.height * scale),
    });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const drawn = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
    return drawn && drawn.size < file.size ? drawn : file;
  } catch {
    return file;
  }
}

async function send(content, file) {
  for (let n = 1; ; n += 1) {
    try {
      return show(await upload(content, file));
    } catch (error) {
      if (n >= TRIES) throw error;
      status.textContent = says("waiting", file);
      await signal(n * 2000);
    }
  }
}

/** Wait a while, and until there is a line again. */
async function signal(ms) {
  await new Promise((done) => setTimeout(done, ms));
  if (!navigator.onLine) await new Promise((done) => addEventListener("online", done, { once: true }));
}

/** Not fetch, which does not tell how far it is. */
function upload(content, file) {
  return new Promise((done, failed) => {
    const asked = new XMLHttpRequest();
    asked.open("POST", box.dataset.papers);
    asked.upload.onprogress = ({ loaded, total }) => {
      status.textContent = says("sending", file, `${Math.round((loaded / total) * 100)}%`);
    };
    asked.onload = () => (asked.status === 200 ? done(asked.responseText) : failed(new Error(asked.status)));
    asked.onerror = failed;
    const body = new FormData();
    body.append("csrf_token", chooser.form.elements.csrf_token.value);
    body.append("papers", content, file.name);
    asked.send(body);
  });
}

function show(list) {
  const page = new DOMParser().parseFromString(list, "text/html");
  const fresh = page.querySelector("#papers-list");
  if (!fresh) throw new Error("signed out meanwhile, or sent already");
  box.querySelector("#papers-list").replaceWith(fresh);
  status.textContent = "";
}

function complain(kind, file) {
  status.textContent = says(kind, file);
}
