// What the office set for this screen: { zone, volume, repeats, quiet, page }.

/** Whether it does not speak when the wall shows that time ("09:05"); ruko/displays.py says the same. */
export function isSilent({ volume, quiet }, clock) {
  if (volume === 0) return true;
  if (!quiet) return false;
  const [from, until] = quiet;
  return from <= until ? from <= clock && clock < until : clock >= from || clock < until;
}
