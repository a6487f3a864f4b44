// One task: its state, what can be decided, its text, runs, logs and changes.
import { answers, fill } from "/people.js";
import { CLASSES, ask, by, count, glyph, make, outcomeClass, send, span, usd, when } from "/dom.js";

export class Detail {
  constructor(box, world, { open, close }) {
    Object.assign(this, { box, world, open, close, name: null, opener: null, page: null, stream: null, shown: null, token: 0 });
  }

  show(name) {
    if (name && !this.name) this.opener = document.activeElement;
    this.stop();
    this.name = name;
    this.page = null;
    this.shown = null;
    this.box.hidden = !name;
    if (!name) { this.box.replaceChildren(); return; }
    this.head = make("div");
    this.need = make("div");
    this.body = make("div", {}, make("p", { class: "soft" }, "…"));
    this.box.replaceChildren(this.head, this.need, this.body);
    this.asked = null;
    this.box.scrollTop = 0;
    this.render();
    this.load();
    if (matchMedia("(max-width: 800px)").matches) this.box.querySelector(".close")?.focus();
  }

  stop() { this.stream?.close(); this.stream = null; }

  changed(names) {
    if (this.name && names.has(this.name)) { this.render(); this.load(); }
  }

  async load() {
    const token = ++this.token;
    try {
      const page = await ask("/api/task", { task: this.name });
      if (token !== this.token) return;
      this.page = page;
      this.renderBody();
    } catch (error) {
      if (token === this.token) this.body.replaceChildren(make("p", {}, error.message));
    }
  }

  render() {
    const task = this.world.tasks.get(this.name);
    if (!task) { this.head.replaceChildren(make("p", {}, "This task is gone."), this.closer()); return; }
    const typed = this.head.querySelector("textarea")?.value;
    const choice = this.head.querySelector("form")?.dataset.act;
    this.head.replaceChildren(
      make("header", {}, make("h2", {}, task.title), make("p", { class: "soft" }, task.title === task.task ? task.kind : `${task.task} · ${task.kind}`), this.closer()),
      make("p", { class: "state" }, glyph(task), " ", make("b", { class: `word c-${task.class}` }, CLASSES[task.class][1]),
        task.run ? make("span", {}, " for ", make("span", { "data-since": task.since }, "")) : null),
      // The buttons below say the same.
      ...task.notes.filter((note) => !note.startsWith("needs you: ")).map((note) => make("p", { class: "soft" }, note)), this.actions(task));
    this.needs();
    if (choice && this.decisions(task).some(([act]) => act === choice)) this.form(choice, typed);
  }

  // What there is to look at, where the task waits for a person.
  needs() {
    const need = (this.world.head?.people ?? []).find((one) => one.task === this.name);
    const key = JSON.stringify(need ?? null);
    if (key === this.asked) return;
    this.asked = key;
    if (!need) { this.need.replaceChildren(); return; }
    const seen = make("div", { class: "evidence" }), place = make("div", {}, answers(need.answers));
    this.need.replaceChildren(seen, make("details", {}, make("summary", {}, "In a terminal"), place));
    // With what was seen the answers say more exactly what to change.
    fill(seen, this.name).then((full) => { if (full && key === this.asked) place.replaceChildren(answers(full.answers)); });
  }

  closer() {
    return make("button", { class: "close", "aria-label": "close", onclick: () => this.close() }, "✕");
  }

  decisions(task) {
    if (task.run && !task.claimed) return [];
    const all = {
      approve: ["approve", "Approve", "A note (may be left out)"], reject: ["reject", "Send back", "What should be better"],
      complete: ["complete", task.status === "completed" ? "Accept as it is" : "It is done", "What was done (may be left out)"],
      reset: ["reset", "Reset", "Why (may be left out)"],
    };
    if (task.claimed) return [all.complete];
    if (task.status === "awaiting_approval") return [all.approve, all.reject];
    if (task.status === "completed") return task.look === "stale" ? [all.complete, all.reset] : [all.reset];
    if (task.status === "pending" && task.kind !== "manual") return [all.complete];
    return task.status === "pending" ? [all.complete] : [all.complete, all.reset];
  }

  actions(task) {
    const decisions = this.decisions(task);
    this.place = make("div", { "aria-live": "polite" });
    const main = task.class === "needs_you" ? 0 : -1;
    return make("div", {}, make("div", { class: "group" }, ...decisions.map(([act, word], i) =>
      make("button", { class: i === main ? "main" : undefined, onclick: () => this.form(act) }, `${word}…`))), this.place);
  }

  form(act, typed) {
    const task = this.world.tasks.get(this.name);
    const found = task && this.decisions(task).find(([name]) => name === act);
    // It was settled meanwhile.
    if (!found) return;
    const [, word, asks] = found;
    const explain = {
      approve: "Its work goes onto the branch, and what waits for it may start.",
      reject: "It is attempted again, with your words.",
      complete: "It counts as done, by hand, and what waits for it may start.",
      reset: "It counts as never run. Files and commits stay.",
    };
    const text = asks === null ? null : make("textarea", { maxlength: 2000, "aria-label": asks, placeholder: asks, required: act === "reject" });
    const submit = make("button", { class: "main", type: "submit" }, word);
    const form = make("form", { "data-act": act, onsubmit: (event) => { event.preventDefault(); this.decide(act, text?.value, submit); } },
      make("p", {}, explain[act]), text, make("div", { class: "group" }, submit, make("button", { type: "button", onclick: () => this.place.replaceChildren() }, "Cancel")));
    if (text && typed) text.value = typed;
    this.place.replaceChildren(form);
    (text ?? submit).focus();
  }

  async decide(act, note, button) {
    button.disabled = true;
    const name = this.name;
    let answer;
    try { answer = await send(`/api/${act}`, note ? { task: name, note } : { task: name }); }
    catch (error) { answer = { ok: false, said: error.message }; }
    if (name !== this.name) return;
    this.place.replaceChildren(make("p", { class: `said word c-${answer.ok ? "completed" : "failed"}`, role: answer.ok ? "status" : "alert" }, answer.said.trim() || (answer.ok ? "done" : `refused (${answer.status})`)));
  }

  renderBody() {
    const { settings, prerequisites, dependents, runs, text } = this.page;
    // What is being read stays as it is.
    const open = new Set([...this.body.querySelectorAll("details[open]")].map((one) => one.dataset.part));
    const first = this.shown === null;
    const fold = (part, title, ...children) => make("details", { "data-part": part, open: first ? part === "text" || part === "runs" : open.has(part) }, make("summary", {}, title), ...children);
    const names = (list) => make("p", { class: "names" }, ...list.map((other) => make("button", { class: "link", onclick: () => this.open(other) },
      `${this.world.tasks.has(other) ? `${CLASSES[this.world.tasks.get(other).class][0]} ` : ""}${other}`)));
    const rows = [
      ["written in", settings.file], ["worker", settings.worker], ["runs", command(settings.command)], ["verify", settings.verify.map(command).join("; ")],
      ["owns", settings.owns.join(", ")], ["inputs", settings.inputs.join(", ")], ["takes", `about ${span(settings.expected_s)}`], ["retries", String(settings.retries)],
      ["timeout", settings.timeout_s ? span(settings.timeout_s) : null], ["model", settings.model], ["budget", settings.budget_usd ? `${settings.budget_usd} USD` : null],
      ["priority", settings.priority ? String(settings.priority) : null],
    ].filter(([, value]) => value);
    const kept = new Map([...this.body.querySelectorAll("[data-run]")].map((one) => [one.dataset.run, one.querySelector(".pane")]));
    const cards = runs.slice().reverse().map((run) => this.card(run, kept.get(run.run)));
    this.body.replaceChildren(
      prerequisites.length ? make("div", {}, make("h3", {}, "Needs"), names(prerequisites)) : "",
      dependents.length ? make("div", {}, make("h3", {}, "Needed by"), names(dependents)) : "",
      text === null ? "" : fold("text", "Task", make("pre", {}, text.trim())),
      fold("runs", count(runs.length, "run", "runs"), ...cards),
      fold("settings", "Settings", make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))));
    const latest = runs.at(-1);
    if (latest && this.shown !== latest.run) {
      this.shown = latest.run;
      this.log(latest, cards[0].querySelector(".pane"));
    } else this.shown ??= "";
  }

  card(run, kept) {
    const pane = kept ?? make("div", { class: "pane" });
    const left = run.git ?? {};
    const checks = (run.checks ?? []).map((check) => make("li", {}, `${check.exit_code === 0 ? "✓" : "✗"} ${command(check.command)}${check.took_ms === undefined ? "" : ` · ${span(check.took_ms / 1000)}`}`));
    const spent = run.spent ?? run.agent?.spent;
    const cost = spent?.cost_usd ?? null, tokens = spent ? Object.values(spent.tokens ?? {}).filter(Number.isFinite).reduce((a, b) => a + b, 0) : 0;
    return make("div", { class: `run c-${outcomeClass(run.outcome)}`, "data-run": run.run },
      make("p", {}, make("b", { class: "word" }, run.outcome.replaceAll("_", " ")), ` · attempt ${run.attempt} · ${when(run.started_at)}`,
        run.took_ms === null ? "" : ` · ${span(run.took_ms / 1000)}`, cost === null ? "" : ` · ${spent.at_least ? "at least " : ""}${usd(cost)}`, tokens ? ` · ${tokens.toLocaleString()} tokens` : ""),
      make("p", { class: "soft" }, [run.stop_reason?.replaceAll("_", " "), run.message].filter(Boolean).join(": ")),
      checks.length ? make("ul", {}, ...checks) : null,
      left.integrated ?? left.checkpoint ? make("p", {}, "commit ", make("code", {}, (left.integrated ?? left.checkpoint).slice(0, 12)), left.changed?.length ? ` · ${count(left.changed.length, "file", "files")}` : "") : null,
      left.outside?.length ? make("p", {}, `outside of what it owns: ${left.outside.join(", ")}`) : null,
      make("div", { class: "group" },
        make("button", { onclick: () => this.log(run, pane) }, "Log"),
        left.checkpoint ? make("button", { onclick: () => this.changes(run, pane) }, "Changes") : null,
        make("button", { onclick: () => this.prompt(run, pane) }, "Prompt")),
      pane);
  }

  log(run, pane) {
    this.stop();
    const pre = make("pre", { tabindex: "0", "aria-label": `log of run ${run.run}` });
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
      while (pre.childNodes.length > 600) pre.firstChild.remove();
      if (below) pre.scrollTop = pre.scrollHeight;
    });
    stream.addEventListener("end", () => { stream.close(); if (!pre.childNodes.length) { pre.remove(); note.textContent = "It left no output."; } });
    stream.addEventListener("trouble", (event) => { stream.close(); note.textContent = JSON.parse(event.data); });
    stream.onerror = () => { stream.close(); note.textContent = "The connection was lost."; };
  }

  async fetched(path, run, pane, empty, fill) {
    this.stop();
    try {
      const text = await ask(path, { run: run.run });
      if (!text) pane.replaceChildren(make("p", { class: "soft" }, empty));
      else { const pre = make("pre", { tabindex: "0" }); fill(pre, text); pane.replaceChildren(pre); }
    } catch (error) { pane.replaceChildren(make("p", {}, error.message)); }
  }

  changes(run, pane) {
    return this.fetched("/api/run/diff", run, pane, "It changed nothing.", (pre, text) => {
      for (const line of text.split("\n")) {
        const kind = /^(diff |index |--- |\+\+\+ )/.test(line) ? "file" : line.startsWith("@@") ? "hunk" : line.startsWith("+") ? "add" : line.startsWith("-") ? "del" : null;
        pre.append(kind ? make("span", { class: kind }, line) : line, "\n");
      }
    });
  }

  prompt(run, pane) {
    return this.fetched("/api/run/prompt", run, pane, "Its worker was given no prompt.", (pre, text) => pre.append(text));
  }
}

function command(line) {
  if (line === null || line === undefined) return null;
  return Array.isArray(line) ? line.join(" ") : typeof line === "string" ? line : JSON.stringify(line);
}
