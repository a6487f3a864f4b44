// The overview: how many tasks stand how, what needs people, what runs, what to type next.
import { CLASSES, about, by, count, hide, make, news, say, since, span, usd } from "/dom.js";
import { People } from "/people.js";

const COUNTS = { total: "total", completed: "completed", running: "running", need_you: "needs_you", failed: "failed", stopped: "stopped", ready: "ready", blocked: "blocked", unknown: "unknown" };
const ENDS = { 0: "everything is completed", 1: "something failed or stopped", 3: "something waits", 129: "its terminal closed", 130: "interrupted", 143: "ended from outside" };

/** How the latest orchestration stands, in words. */
export const ending = (one) => one.deserted ? "its orchestrator is gone" : one.ended_at === null ? "running" : one.cancelled && [1, 3].includes(one.exit) ? "cancelled" : ENDS[one.exit] ?? `exit code ${one.exit}`;

export class Overview {
  constructor(world, tasks, open, act) {
    Object.assign(this, { world, tasks, open, cards: new Map(), buttons: new Map() });
    this.people = new People(by("people"), world, act);
    this.other = { landed: news(), latest: news(), next: news() };
  }

  draw(changed) {
    const { head } = this.world;
    hide(by("known"), false);
    this.counts(head.counts);
    this.people.show(head.people);
    if (this.other.landed(head.not_landed)) landed(head.not_landed);
    if (this.other.latest([head.orchestrations[0], head.spent_today_usd])) latest(this.world, head.orchestrations[0], head.spent_today_usd);
    if (this.other.next(head.next)) next(head.next);
    this.running();
    this.tasks.draw(changed);
  }

  counts(all) {
    const keys = Object.keys(COUNTS).filter((key) => key === "total" || key === "completed" || all[key]);
    for (const key of keys) {
      const name = COUNTS[key];
      if (!this.buttons.has(key)) {
        const number = make("b"), word = make("span");
        const only = key === "total" ? "" : name;
        this.buttons.set(key, { number, word, only, button: make("button", { class: `c-${name}`, onclick: () => { this.tasks.only(only); this.counts(this.world.head.counts); } }, number, word) });
      }
      const { number, word, only, button } = this.buttons.get(key);
      say(number, String(all[key]));
      const noun = key === "total" ? (all.total === 1 ? "task" : "tasks") : name === "needs_you" && all[key] > 1 ? "need you" : CLASSES[name][1];
      say(word, `${noun}${key === "completed" && all.stale ? ` (${all.stale} stale)` : ""}`);
      const pressed = String(this.tasks.filter.class === only);
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
    place(by("counts"), keys.map((key) => this.buttons.get(key).button));
  }

  running() {
    const live = this.world.order.map((name) => this.world.tasks.get(name)).filter((task) => task.run);
    const cards = new Map();
    for (const task of live) {
      const key = JSON.stringify(task), known = this.cards.get(task.task);
      cards.set(task.task, known?.key === key ? known : { key, element: this.card(task) });
    }
    this.cards = cards;
    place(by("running"), [...cards.values()].map((card) => card.element));
    hide(by("idle"), live.length > 0);
  }

  card(task) {
    return make("li", { class: "c-running" },
      make("button", { class: "link", onclick: () => this.open(task.task) }, task.title),
      make("p", { class: "soft" }, `${task.title === task.task ? "" : `${task.task} · `}${task.attempts > 1 ? `attempt ${task.attempts} · ` : ""}`,
        since(this.world, task.since), ` of about ${about(task.expected_s)}`),
      ...(task.cost_usd ? [`cost ${usd(task.cost_usd)}`] : []).concat(task.notes).map((note) => make("p", { class: "soft" }, note)));
  }
}

/** Puts these into a list, and touches it only if they are others than before. */
function place(list, wanted) {
  const there = list.children;
  if (there.length === wanted.length && wanted.every((one, i) => there[i] === one)) return;
  const focus = document.activeElement;
  list.replaceChildren(...wanted);
  if (focus && list.contains(focus)) focus.focus({ preventScroll: true });
}

function landed(all) {
  by("landed-box").hidden = !all.length;
  by("landed").replaceChildren(...all.map((one) => make("li", {},
    make("p", {}, make("b", {}, one.branch), ` has ${count(one.commits, "commit", "commits")} that ${one.commits === 1 ? "is" : "are"} not in ${one.not_in}`),
    make("p", {}, make("code", {}, one.command)))));
}

function latest(world, one, today) {
  by("latest-box").hidden = !one;
  if (!one) return;
  const took = one.ended_at === null ? since(world, one.started_at) : span((Date.parse(one.ended_at) - Date.parse(one.started_at)) / 1000);
  const cost = one.cost_usd === null ? "" : ` · ${one.cost_at_least ? "at least " : ""}${usd(one.cost_usd)}`;
  by("latest").replaceChildren(make("code", {}, one.command), ` · ${ending(one)} · `, took, `${cost}${today !== null && today !== one.cost_usd ? ` · ${usd(today)} spent today` : ""}`);
}

function next(all) {
  by("next-box").hidden = !all.length;
  by("next").replaceChildren(...all.map((one) => make("li", {}, make("code", {}, one.command), make("div", { class: "soft" }, one.why))));
}
