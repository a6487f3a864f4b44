// One task: its state, what can be decided, what it needs, its text, runs and settings.
import { CLASSES, GLYPHS, about, ask, coded, command, count, glyph, make, news, since, span } from "/dom.js";
import { Decision } from "/decision.js";
import { answers, fill } from "/people.js";
import { Runs } from "/run.js";

export class Detail {
  constructor(box, world, { open, close }) {
    Object.assign(this, { box, world, open, close, name: null, opener: null, token: 0 });
  }

  /** `keys`: they go where the task is; without, they stay where one is going through several. */
  show(name, keys) {
    if (name && !this.name) this.opener = document.activeElement;
    this.runs?.stop();
    this.name = name;
    this.box.hidden = !name;
    if (!name) { this.box.replaceChildren(); return; }
    Object.assign(this, { head: make("div"), need: make("div"), body: make("div", {}, make("p", { class: "soft" }, "…")), decision: null, runs: new Runs(), unfolded: new Set(["text", "runs"]), filled: false });
    this.other = { state: news(), need: news(), page: news() };
    this.box.replaceChildren(this.head, this.need, this.body);
    this.box.scrollTop = 0;
    this.render();
    this.load();
    if (keys) this.box.focus({ preventScroll: true });
  }

  changed(names) {
    if (!this.name || !names.has(this.name)) return;
    this.render();
    this.load();
    this.runs.again();
  }

  /** Opens the form for an answer. */
  form(act) { this.decision?.form(act); }

  async load() {
    const token = ++this.token;
    try {
      const page = await ask("/api/task", { task: this.name });
      const near = [...page.prerequisites, ...page.dependents].map((other) => this.world.tasks.get(other)?.class);
      if (token === this.token && this.other.page([page, near])) this.fill(page);
    } catch (error) {
      if (token === this.token && !this.filled) this.body.replaceChildren(make("p", {}, error.message));
    }
  }

  render() {
    const task = this.world.tasks.get(this.name);
    if (!task) { this.head.replaceChildren(make("header", {}, make("p", {}, "This task is gone."), this.closer())); return; }
    this.needs();
    if (!this.other.state(task)) return;
    const focus = document.activeElement;
    if (this.decision) this.decision.show(task);
    else this.decision = new Decision(task);
    this.head.replaceChildren(
      make("header", {}, make("h2", {}, task.title), make("p", { class: "soft" }, task.title === task.task ? task.kind : `${task.task} · ${task.kind}`), this.closer()),
      make("p", { class: "state" }, glyph(task), " ", make("b", { class: `word c-${task.class}` }, CLASSES[task.class][1]),
        task.run ? make("span", {}, " for ", since(this.world, task.since)) : null),
      // The buttons below say the same.
      ...task.notes.filter((note) => !note.startsWith("needs you: ")).map((note) => task.status === "unknown" ? `The repository \`${task.repository}\` cannot be read: ${note}. \`runr check\` says what is wrong.` : note).map((note) => make("p", { class: "soft" }, ...coded(note))), this.decision.element);
    if (this.head.contains(focus)) focus.focus({ preventScroll: true });
  }

  /** What there is to look at, where the task waits for a person. */
  needs() {
    const need = (this.world.head?.people ?? []).find((one) => one.task === this.name) ?? null;
    if (!this.other.need(need)) return;
    if (!need) { this.need.replaceChildren(); return; }
    const seen = make("div", { class: "evidence" }), place = make("div", {}, answers(need.answers));
    this.need.replaceChildren(seen, make("details", { open: need.ask === "decide" }, make("summary", {}, "In a terminal"), place));
    // With what was seen the answers say more exactly what to change.
    fill(seen, this.name).then((full) => { if (full === undefined) this.other.need = news(); if (full) place.replaceChildren(answers(full.answers)); });
  }

  closer() {
    return make("button", { class: "close", "aria-label": "close", onclick: () => this.close() }, "✕");
  }

  fill({ task, settings, prerequisites, dependents, runs, text }) {
    this.filled = true;
    // What is being read stays as it is.
    const fold = (part, title, ...children) => make("details", { open: this.unfolded.has(part), ontoggle: ({ target }) => this.unfolded[target.open ? "add" : "delete"](part) }, make("summary", {}, title), ...children);
    const names = (title, list) => list.length ? make("div", {}, make("h3", {}, title), make("p", { class: "names" }, ...list.map((other) => make("button", { class: "link", onclick: () => this.open(other) },
      `${this.world.tasks.has(other) ? `${GLYPHS[this.world.tasks.get(other).status] ?? "○"} ` : ""}${other}`)))) : "";
    const read = [...this.body.querySelectorAll("pre")].map((pre) => [pre, pre.scrollTop]), focus = document.activeElement;
    // Of a task whose file cannot be read only its neighbours are known.
    const unknown = this.world.tasks.get(this.name)?.status === "unknown";
    this.body.replaceChildren(
      names("Needs", prerequisites), names("Needed by", dependents),
      task.checks.length ? make("p", { class: "soft" }, ...coded(`Completed by hand after its checks had passed: ${task.checks.map((check) => `\`${command(check.command)}\``).join(", ")}.`)) : "",
      text === null || unknown ? "" : fold("text", "Task", make("pre", {}, text.trim())),
      runs.length ? fold("runs", count(runs.length, "run", "runs"), ...this.runs.show(runs)) : make("p", { class: "soft" }, unknown ? "Whether it has run is not known." : task.source === "manual" ? "There was no run." : "It has not run yet."),
      unknown ? "" : fold("settings", "Settings", make("dl", {}, ...rows(settings).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))));
    for (const [pre, top] of read) if (top) pre.scrollTop = top;
    if (this.body.contains(focus)) focus.focus({ preventScroll: true });
  }
}

const rows = (settings) => [
  ["written in", settings.file], ["worker", settings.worker], ["runs", command(settings.command)], ["verify", settings.verify.map(command).join("; ")],
  ["owns", settings.owns.join(", ")], ["inputs", settings.inputs.join(", ")], ["takes", `about ${about(settings.expected_s)}`], ["retries", String(settings.retries)],
  ["timeout", settings.timeout_s ? span(settings.timeout_s) : null], ["model", settings.model], ["budget", settings.budget_usd ? `${settings.budget_usd} USD` : null],
  ["priority", settings.priority ? String(settings.priority) : null],
].filter(([, value]) => value);
