// The runs over time: a row for each task, a bar for each attempt.
import { GLYPHS, ask, by, count, draw, make, outcomeClass, span, when } from "/dom.js";
import { paced } from "/pace.js";

const ROW = 22, NAMES = 190, HEAD = 26;
/** Room for the words beside the last bar. */
const BESIDE = 76;
const OUTCOMES = { running: GLYPHS.in_progress, completed: GLYPHS.completed, awaiting_approval: GLYPHS.awaiting_approval, failed: GLYPHS.failed, retry: GLYPHS.failed };
/** Of all that happens between two readings, in milliseconds: reading and drawing everything is dear. */
const APART = 500, SELDOM = 5_000, SHARE = 10;

export class Timeline {
  constructor(world, open) {
    Object.assign(this, { world, open, runs: [], earlier: 0, zoom: 1, chosen: null, stamp: 0, timer: null, free: 0, read: false, at: null });
    this.paint = paced(() => { if (!by("timeline").hidden) this.bars(); }, SELDOM);
    by("wider").addEventListener("click", () => this.scale(1.6));
    by("narrower").addEventListener("click", () => this.scale(1 / 1.6));
    by("whole").addEventListener("click", () => { this.zoom = 1; this.bars(); });
    by("orchestration").addEventListener("change", (event) => { this.chosen = event.target.value; this.zoom = 1; this.bars(); });
    by("bars").addEventListener("scroll", () => this.hold());
    by("bars").addEventListener("keydown", (event) => this.step(event));
    let width = 0;
    new ResizeObserver(() => { if (by("bars").clientWidth !== width) { width = by("bars").clientWidth; this.paint(); } }).observe(by("bars"));
  }

  scale(factor) {
    const box = by("bars");
    const middle = (box.scrollLeft + box.clientWidth / 2) / this.zoom;
    this.zoom = Math.min(200, Math.max(1, this.zoom * factor));
    this.bars();
    box.scrollLeft = middle * this.zoom - box.clientWidth / 2;
    // Nobody looks for bars in rows that seem empty.
    const view = box.getBoundingClientRect(), rows = [...box.querySelectorAll(".run")].map((bar) => [bar, bar.getBoundingClientRect()])
      .filter(([, r]) => r.bottom > view.top + HEAD && r.top < view.bottom);
    if (rows.length && !rows.some(([, r]) => r.right > view.left + this.labels && r.left < view.right)) box.scrollLeft += rows[0][1].left - view.left - this.labels - 40;
  }

  /** The names and the times stay in sight while the bars move. */
  hold() {
    const box = by("bars");
    for (const [name, x, y] of [["column", box.scrollLeft, 0], ["scale", 0, box.scrollTop], ["corner", box.scrollLeft, box.scrollTop]]) {
      box.querySelector(`.${name}`)?.setAttribute("transform", `translate(${x} ${y})`);
    }
  }

  /** One stop for the tabulator; arrows go from bar to bar. */
  step(event) {
    const by_ = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key], here = event.target.closest(".run");
    if (!by_ || !here) return;
    event.preventDefault();
    const all = [...by("bars").querySelectorAll(".run")], next = all[all.indexOf(here) + by_];
    if (!next) return;
    here.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    this.at = next.dataset.run;
    next.focus({ preventScroll: true });
    const box = by("bars"), view = box.getBoundingClientRect(), r = next.getBoundingClientRect();
    if (r.top < view.top + HEAD) box.scrollTop += r.top - view.top - HEAD - ROW;
    if (r.bottom > view.bottom) box.scrollTop += r.bottom - view.bottom + ROW;
    if (r.right < view.left + this.labels || r.left > view.right - BESIDE) box.scrollLeft += r.left - view.left - this.labels - 40;
  }

  /** Reads the runs again, unless nothing has changed. */
  draw(changed) {
    if (this.timer || (this.read && !changed.size)) return;
    const wait = Math.max(0, this.free - performance.now());
    this.timer = setTimeout(() => { this.timer = null; if (!by("timeline").hidden) this.load(); else this.read = false; }, wait);
  }

  /** What runs grows with the time. */
  tick() { if (this.runs.some((run) => run.took_ms === null)) this.paint(); }

  async load() {
    const stamp = ++this.stamp, began = performance.now();
    let found;
    try { found = await ask("/api/timeline"); } catch (error) {
      // What was read before still tells more.
      if (!this.runs.length) by("bars").replaceChildren(make("p", { class: "soft" }, error.message));
      this.read = false;
      return;
    }
    const now = performance.now();
    this.free = now + Math.min(SELDOM, Math.max(APART, (now - began) * SHARE));
    this.read = true;
    if (stamp !== this.stamp) return;
    this.runs = found.runs;
    this.earlier = found.earlier;
    for (const run of this.runs) run.orchestration ??= "claimed";
    const ids = [...new Set(this.runs.map((run) => run.orchestration))].sort().reverse();
    if (this.chosen === null || (this.chosen !== "all" && !ids.includes(this.chosen))) this.chosen = ids[0] ?? "all";
    const select = by("orchestration");
    const known = new Map((this.world.head?.orchestrations ?? []).map((one) => [one.id, one]));
    const key = ids.join();
    if (select.dataset.key !== key) {
      select.dataset.key = key;
      select.replaceChildren(...ids.map((id) => make("option", { value: id }, known.has(id) ? `${when(known.get(id).started_at)} · ${known.get(id).command}` : id === "claimed" ? "claimed, outside of any orchestration" : id)), make("option", { value: "all" }, "all"));
    }
    select.value = this.chosen;
    this.paint();
  }

  bars() {
    const box = by("bars");
    if (!this.read) return;
    const runs = this.runs.filter((run) => this.chosen === "all" || run.orchestration === this.chosen);
    if (!runs.length) { box.replaceChildren(make("p", { class: "soft" }, "Nothing has run yet. What runs is shown here, each attempt as a bar.")); by("span").textContent = ""; return; }
    const now = Date.now() + this.world.skew;
    const bars = runs.map((run) => {
      const start = Date.parse(run.start);
      return { run, start, end: run.took_ms === null ? Math.max(now, start) : start + run.took_ms };
    });
    const first = Math.min(...bars.map((bar) => bar.start)), last = Math.max(...bars.map((bar) => bar.end), first + 1);
    const names = [...new Set(bars.map((bar) => bar.run.task))];
    const labels = this.labels = box.clientWidth < 600 ? 124 : NAMES;
    const width = Math.max(120, (box.clientWidth - labels - BESIDE) * this.zoom);
    const x = (time) => labels + ((time - first) / (last - first)) * width;
    const total = labels + width + BESIDE - 4, height = HEAD + names.length * ROW + 8;
    const svg = draw("svg", { width: total, height, role: "group", "aria-label": `${count(runs.length, "run", "runs")} of ${count(names.length, "task", "tasks")}` });
    const column = draw("g", { class: "column" }), scale = draw("g", { class: "scale" }), corner = draw("g", { class: "corner" });
    column.append(draw("rect", { class: "back", x: 0, y: HEAD, width: labels - 4, height: height - HEAD }));
    names.forEach((name, i) => {
      if (i % 2) for (const [part, width] of [[svg, total], [column, labels - 4]]) part.append(draw("rect", { class: "stripe", x: 0, y: HEAD + i * ROW, width, height: ROW }));
    });
    scale.append(draw("rect", { class: "back", x: 0, y: 0, width: total, height: HEAD - 6 }));
    corner.append(draw("rect", { class: "back", x: 0, y: 0, width: labels - 4, height: HEAD - 6 }));
    const step = stepOf((last - first) / 1000 / Math.max(3, width / 110));
    for (let s = 0; s * 1000 <= last - first; s += step) {
      const at = x(first + s * 1000);
      svg.append(draw("line", { class: "tick", x1: at, x2: at, y1: HEAD - 6, y2: height }));
      scale.append(draw("text", { class: "tick-text", x: at + 3, y: 14 }, s ? `+${brief(s)}` : "0"));
    }
    const row = new Map(names.map((name, i) => [name, i]));
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `11px ${getComputedStyle(box).fontFamily}`;
    const fits = (text) => pen.measureText(text).width <= labels - 14;
    // The end of a name tells more than its folders.
    const shown = (name) => { let from = 0; while (from < name.length && !fits(from ? `…${name.slice(from)}` : name)) from++; return from ? `…${name.slice(from)}` : name; };
    for (const [name, i] of row) {
      const text = draw("text", { class: "names", x: 8, y: HEAD + i * ROW + 15 }, shown(name));
      text.append(draw("title", {}, name));
      text.addEventListener("click", () => this.open(name));
      column.append(text);
    }
    for (const { run, start, end } of bars) {
      const took = span((end - start) / 1000);
      const words = `${run.task}, attempt ${run.attempt}: ${run.outcome.replaceAll("_", " ")}${run.reason ? `, ${run.reason.replaceAll("_", " ")}` : ""}, ${took}, ${when(run.start)}`;
      const bar = draw("g", { class: `run c-${outcomeClass(run.outcome)} o-${run.outcome}`, tabindex: "-1", role: "button", "aria-label": words, "data-run": run.run });
      bar.append(draw("title", {}, words), draw("rect", { x: x(start), y: HEAD + row.get(run.task) * ROW + 4, width: Math.max(3, x(end) - x(start)), height: ROW - 8 }));
      const act = () => this.open(run.task);
      bar.addEventListener("click", act);
      bar.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); } });
      svg.append(bar);
      // The colour tells nothing that the glyph does not tell too.
      svg.append(draw("text", { class: "tick-text", x: Math.max(x(end), x(start) + 3) + 5, y: HEAD + row.get(run.task) * ROW + 15, "aria-hidden": "true" }, `${OUTCOMES[run.outcome] ?? GLYPHS.stopped} ${took}`));
    }
    svg.append(column, scale, corner);
    const all = [...svg.querySelectorAll(".run")], at = all.find((bar) => bar.dataset.run === this.at) ?? all[0];
    at.setAttribute("tabindex", "0");
    const scroll = [box.scrollLeft, box.scrollTop], held = document.activeElement?.closest?.("#bars .run")?.dataset.run;
    box.replaceChildren(svg);
    [box.scrollLeft, box.scrollTop] = scroll;
    this.hold();
    // What is drawn anew every second does not take the keys away.
    if (held) all.find((bar) => bar.dataset.run === held)?.focus({ preventScroll: true });
    by("span").textContent = `${count(runs.length, "run", "runs")} in ${span((last - first) / 1000)}${this.earlier ? `; ${this.earlier} earlier ones are left out` : ""}`;
  }
}

function stepOf(seconds) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  return steps.find((step) => step >= seconds) ?? Math.ceil(seconds / 86400) * 86400;
}

function brief(s) {
  if (s < 1) return `${s.toFixed(1)}s`;
  if (s < 60) return `${Number(s.toFixed(1))}s`;
  if (s < 3600) return s % 60 ? `${Math.floor(s / 60)}m${Math.round(s % 60)}s` : `${s / 60}m`;
  if (s < 86400) return s % 3600 ? `${Math.floor(s / 3600)}h${Math.round((s % 3600) / 60)}m` : `${s / 3600}h`;
  return `${Math.round(s / 86400)}d`;
}
