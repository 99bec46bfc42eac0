// A picture that is too large is told before it is sent: on a slow line that saves minutes.
const input = document.querySelector("input[data-most-bytes]");

input.addEventListener("change", () => {
  const [file] = input.files;
  const tooLarge = file && file.size > Number(input.dataset.mostBytes);
  input.setCustomValidity(tooLarge ? input.dataset.tooLarge : "");
  input.reportValidity();
});
