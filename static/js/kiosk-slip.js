// How the visitor's slip is doing: asked again while that may change. The number is valid without it.

const state = document.getElementById("slip-state");
const ASK_AGAIN_AFTER = 1_500;

async function follow() {
  if (!state.querySelector("[data-open]")) return;
  try {
    const answer = await fetch(state.dataset.url, { signal: AbortSignal.timeout(5_000) });
    if (answer.ok && !answer.redirected) {
      const news = await answer.text();
      if (news.trim() !== state.innerHTML.trim()) state.innerHTML = news;
    }
  } catch {
    // The page's own words stay true: the number is valid, and its QR code leads to it.
  }
  setTimeout(follow, ASK_AGAIN_AFTER);
}
setTimeout(follow, ASK_AGAIN_AFTER);
