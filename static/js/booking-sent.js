// A step has arrived: what was typed for it is no longer needed on this device.
try {
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("ruko-draft:") && JSON.parse(localStorage.getItem(name)).sent) localStorage.removeItem(name);
  }
} catch {
  // a forbidden storage holds nothing
}
