// Shows what was typed, for whoever asks for it.
const reveal = document.querySelector("[data-reveal]");
const fields = document.querySelectorAll('input[type="password"]');

reveal.hidden = false;
reveal.querySelector("input").addEventListener("change", (event) => {
  for (const field of fields) field.type = event.target.checked ? "text" : "password";
});
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => {
    for (const field of fields) field.type = "password"; // so that the browser offers to keep it
  });
}
