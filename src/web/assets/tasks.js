// The list of all tasks: a row for each, which of them are shown, and which is chosen.
import { CLASSES, by, glyph, hide, make, say, usd } from "/dom.js";

/** What most tasks say, or another column, is no news in a row. */
const USUAL = ["ready", "no checkpoint", "manual"];

export class Tasks {
  constructor(world, open) {
    Object.assign(this, { world, open, rows: new Map(), filter: { text: "", class: "" }, chosen: null });
    by("class").append(...Object.entries(CLASSES).map(([name, [, word]]) => make("option", { value: name }, word)));
  }

  /** Rows of the tasks that changed; all of them where the plan is another. */
  draw(changed) {
    const { order } = this.world;
    if (this.rows.size !== order.length || order.some((name) => !this.rows.has(name))) {
      this.rows = new Map(order.map((name) => [name, this.row(name)]));
      by("list").replaceChildren(...[...this.rows.values()].map((row) => row.item));
      changed = new Set(order);
      this.choose(this.chosen);
    }
    for (const name of changed) if (this.rows.has(name)) this.fill(name);
    this.sift(changed);
  }

  row(name) {
    const parts = { glyph: make("span", { "aria-hidden": "true" }), name: make("span", { class: "name" }), word: make("span"), why: make("span", { class: "why" }) };
    const button = make("button", { onclick: () => this.open(name) }, ...Object.values(parts));
    return { ...parts, button, item: make("li", {}, button) };
  }

  fill(name) {
    const task = this.world.tasks.get(name), row = this.rows.get(name);
    if (row.shown === task) return;
    row.shown = task;
    const mark = glyph(task);
    if (row.glyph.className !== mark.className) row.glyph.className = mark.className;
    say(row.glyph, mark.textContent);
    say(row.name, task.title === task.task ? task.task : `${task.task} — ${task.title}`);
    if (row.word.className !== `word c-${task.class}`) row.word.className = `word c-${task.class}`;
    say(row.word, CLASSES[task.class][1]);
    say(row.why, [...task.notes.filter((note) => !USUAL.includes(note)), ...(task.cost_usd ? [usd(task.cost_usd)] : [])].join(" · "));
  }

  fits(name) {
    const task = this.world.tasks.get(name), text = this.filter.text.trim().toLowerCase();
    return (!this.filter.class || task.class === this.filter.class) && (!text || `${name} ${task.title} ${task.track ?? ""}`.toLowerCase().includes(text));
  }

  /** The tasks that the filter lets through, in order. */
  names() { return this.world.order.filter((name) => this.fits(name)); }

  only(name) {
    by("class").value = this.filter.class = name;
    this.sift(this.world.order);
  }

  find(text) {
    this.filter.text = text;
    this.sift(this.world.order);
  }

  sift(names) {
    for (const name of names) {
      const item = this.rows.get(name)?.item;
      if (item) hide(item, !this.fits(name));
    }
    hide(by("none"), !this.world.order.length || this.world.order.some((name) => this.rows.get(name)?.item.hidden === false));
    hide(by("no-tasks"), this.world.order.length > 0);
  }

  choose(name) {
    this.rows.get(this.chosen)?.button.removeAttribute("aria-current");
    this.chosen = name;
    const row = this.rows.get(name);
    row?.button.setAttribute("aria-current", "true");
    return row;
  }
}
