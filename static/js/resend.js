// A press that met a busy system is sent again by itself; without this file its button does it.
const form = document.querySelector("[data-resend]");
const waiting = setTimeout(() => form.requestSubmit(), Number(form.dataset.resend) * 1000);
form.addEventListener("submit", () => clearTimeout(waiting));
