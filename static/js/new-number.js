// The form for a number at the counter: only an official has a village, and a service its bidang.

const form = document.getElementById("new-number");
const official = form.querySelector("[data-official]");
const service = form.elements.service;

function fit() {
  official.hidden = form.elements.visitor.value !== "village_official";
  const bidang = form.elements.bidang.value;
  for (const group of service.querySelectorAll("optgroup")) {
    group.hidden = group.disabled = Boolean(bidang) && group.dataset.bidang !== bidang;
  }
  if (service.selectedOptions[0]?.closest("optgroup")?.disabled) service.value = "";
}

form.addEventListener("change", fit);
fit();
