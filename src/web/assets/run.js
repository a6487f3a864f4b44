// The runs of one task: a card for each, and in it its log as it grows, what it changed, what it was asked.
import { ask, coded, command, count, make, outcomeClass, span, usd, when } from "/dom.js";

/** Pieces of a log that stay on the page. */
const PIECES = 600;
/** Lines of a difference that are coloured: each is an element. */
const COLOURED = 5_000;

export class Runs {
  constructor() { Object.assign(this, { cards: new Map(), stream: null, broken: null }); }

  stop() { this.stream?.close(); this.stream = this.broken = null; }

  /** The cards, the latest first. What is open in one stays open. */
  show(runs) {
    const cards = new Map(runs.map((run) => {
      const pane = this.cards.get(run.run)?.pane ?? make("div", { class: "pane" });
      return [run.run, { pane, element: this.card(run, pane) }];
    }));
    const latest = runs.at(-1);
    if (latest && !this.cards.has(latest.run)) this.log(latest, cards.get(latest.run).pane);
    this.cards = cards;
    return [...cards.values()].map((card) => card.element).reverse();
  }

  /** A log whose connection was lost goes on. */
  again() { this.broken?.(); }

  card(run, pane) {
    const left = run.git ?? {}, commit = left.integrated ?? left.checkpoint;
    const checks = (run.checks ?? []).map((check) => make("li", {}, `${check.exit_code === 0 ? "✓" : "✗"} ${command(check.command)}${check.took_ms === undefined ? "" : ` · ${span(check.took_ms / 1000)}`}`));
    const spent = run.spent ?? run.agent?.spent, cost = spent?.cost_usd ?? null;
    const tokens = spent ? Object.values(spent.tokens ?? {}).filter(Number.isFinite).reduce((a, b) => a + b, 0) : 0;
    return make("div", { class: `run c-${outcomeClass(run.outcome)}` },
      make("p", {}, make("b", { class: "word" }, run.outcome.replaceAll("_", " ")), ` · attempt ${run.attempt} · ${when(run.started_at)}`,
        run.took_ms === null ? "" : ` · ${span(run.took_ms / 1000)}`, cost === null ? "" : ` · ${spent.at_least ? "at least " : ""}${usd(cost)}`, tokens ? ` · ${tokens.toLocaleString()} tokens` : ""),
      make("p", { class: "soft" }, ...coded([run.stop_reason?.replaceAll("_", " "), run.message].filter(Boolean).join(": "))),
      checks.length ? make("ul", {}, ...checks) : null,
      commit ? make("p", {}, "commit ", make("code", {}, commit.slice(0, 12)), left.changed?.length ? ` · ${count(left.changed.length, "file", "files")}` : "") : null,
      left.outside?.length ? make("p", {}, `outside of what it owns: ${left.outside.join(", ")}`) : null,
      make("div", { class: "group" },
        choice("log", "Log", pane, () => this.log(run, pane)),
        left.checkpoint ? choice("diff", "Changes", pane, () => this.changes(run, pane)) : null,
        choice("prompt", "Prompt", pane, () => this.prompt(run, pane))),
      pane);
  }

  log(run, pane) {
    this.stop();
    shows(pane, "log");
    const pre = make("pre", { tabindex: "0", role: "group", "aria-label": `log of run ${run.run}` });
    const note = make("p", { class: "soft" });
    pane.replaceChildren(pre, note);
    let file = null;
    const stream = this.stream = new EventSource(`/api/run/follow?${new URLSearchParams({ run: run.run })}`);
    stream.addEventListener("piece", (event) => {
      const piece = JSON.parse(event.data);
      const below = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 30;
      if (piece.file !== file) { file = piece.file; pre.append(make("span", { class: "hunk" }, `${pre.childNodes.length ? "\n" : ""}${file}\n`)); }
      if (piece.skipped) pre.append(make("span", { class: "hunk" }, `… ${piece.skipped} bytes before\n`));
      pre.append(piece.text);
      while (pre.childNodes.length > PIECES) pre.firstChild.remove();
      if (below) pre.scrollTop = pre.scrollHeight;
    });
    stream.addEventListener("end", () => { stream.close(); if (!pre.childNodes.length) { pre.remove(); note.textContent = "It left no output."; } });
    stream.addEventListener("trouble", (event) => { stream.close(); note.textContent = JSON.parse(event.data); });
    stream.onerror = () => {
      stream.close();
      note.textContent = "The connection was lost.";
      this.broken = () => this.log(run, pane);
    };
  }

  async fetched(path, run, pane, empty, fill) {
    this.stop();
    shows(pane, path.split("/").at(-1));
    try {
      const text = await ask(path, { run: run.run });
      if (!text) { pane.replaceChildren(make("p", { class: "soft" }, empty)); return; }
      const pre = make("pre", { tabindex: "0", role: "group", "aria-label": `${path.split("/").at(-1)} of run ${run.run}` });
      fill(pre, text);
      pane.replaceChildren(pre);
    } catch (error) { pane.replaceChildren(make("p", {}, error.message)); }
  }

  changes(run, pane) {
    return this.fetched("/api/run/diff", run, pane, "It changed nothing.", (pre, text) => {
      const lines = text.trimEnd().split("\n");
      for (const line of lines.slice(0, COLOURED)) {
        const kind = /^(diff |index |--- |\+\+\+ )/.test(line) ? "file" : line.startsWith("@@") ? "hunk" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : null;
        pre.append(kind ? make("span", { class: kind }, line) : line, "\n");
      }
      pre.append(lines.slice(COLOURED).join("\n"));
    });
  }

  prompt(run, pane) {
    return this.fetched("/api/run/prompt", run, pane, "Its worker was given no prompt.", (pre, text) => pre.append(text));
  }
}

const choice = (name, word, pane, act) => make("button", { "data-shows": name, "aria-pressed": String(pane.dataset.shows === name), onclick: act }, word);

/** Marks the button above a pane whose text stands in it. */
function shows(pane, name) {
  pane.dataset.shows = name;
  for (const button of pane.parentElement?.querySelectorAll("button[data-shows]") ?? []) button.setAttribute("aria-pressed", String(button.dataset.shows === name));
}
