// The stream of states: opened, lost, opened again. Knows how it stands with the server, nothing of what is shown.
import { ask } from "/dom.js";

/** The server says something at least every 20 seconds: after so much silence it is not there. */
const SILENCE = 50_000;
const SOON = 1_000, SELDOM = 15_000;

/**
 * Listens until the page closes. `take(message, whole)` gets what comes; `stand(how, heard)` how it stands:
 * `live`, `lost` (and when something was heard last, if ever), `locked` (no token is valid here) or `full` (too many pages are open).
 */
export function listen(take, stand) {
  let stream = null, heard = 0, wait = SOON, timer = 0, lost = false, met = false, asked = false;

  function open() {
    clearTimeout(timer);
    stream?.close();
    heard = Date.now();
    stream = new EventSource("/api/events");
    const on = (name, act) => stream.addEventListener(name, (event) => { heard = Date.now(); act(event); });
    on("whole", (event) => {
      [wait, lost, met] = [SOON, false, true];
      stand("live");
      take(JSON.parse(event.data), true);
    });
    on("change", (event) => take(JSON.parse(event.data), false));
    on("breath", () => {});
    // A new stream begins with everything.
    on("resync", open);
    stream.onerror = () => {
      // Whoever comes without a token has lost nothing: ask why before anything is said.
      if (met || asked) return again();
      asked = true;
      stream.close();
      stream = null;
      attempt();
    };
  }

  function again() {
    stream?.close();
    stream = null;
    if (!lost) stand("lost", met ? new Date(heard) : null);
    lost = true;
    clearTimeout(timer);
    timer = setTimeout(attempt, wait);
    wait = Math.min(SELDOM, wait * 2);
  }

  // A stream does not tell why it was refused: ask for something small first.
  async function attempt() {
    try {
      await ask("/api/open");
      open();
    } catch (error) {
      if (error.status === 401) return stand("locked");
      if (error.status === 429) stand("full");
      again();
    }
  }

  function now() {
    if (!lost) return;
    wait = SOON;
    clearTimeout(timer);
    attempt();
  }

  setInterval(() => { if (stream && Date.now() - heard > SILENCE) again(); }, 10_000);
  // Who comes back to the page does not wait for the next attempt.
  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) now(); });
  open();
}
