// Loaded once, when the request arrived: its draft is no longer needed.
try {
  sessionStorage.removeItem(`ruko-draft:${document.querySelector("[data-sent]").dataset.sent}`);
} catch {
  // a forbidden storage holds no draft
}
