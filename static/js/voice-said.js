// The sentences that the page's scripts say; the page brings them in its language.

const sentences = document.getElementById("sentences").content;
const { lang } = document.documentElement;
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const seconds = (milliseconds) => tenths.format(milliseconds / 1000);

/** The sentence of that key, its `{name}`s filled in. */
export function said(key, values = {}) {
  const sentence = sentences.querySelector(`[data-key="${key}"]`).textContent.trim();
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A failure whose message is a sentence for people. */
export class Failure extends Error {}
