// What needs people: a card for each, with what there is to look at and what to type. Texts are texts, never HTML.
import { about, ask, coded, command, count, make, span, usd } from "/dom.js";

/** So many cards look for their evidence by themselves. */
const EAGER = 6;
const VERBS = { do: "To be done by a person", approve: "Awaits your approval", decide: "Needs a decision" };

const ACTS = { do: [["complete", "It is done…"]], approve: [["approve", "Approve…"], ["reject", "Send back…"]], decide: [] };

export class People {
  constructor(list, world, open) { Object.assign(this, { list, world, open, shown: "", cards: new Map() }); }

  show(all) {
    const text = JSON.stringify(all);
    if (text === this.shown) return;
    this.shown = text;
    const cards = new Map();
    all.forEach((need, i) => {
      const state = this.world.tasks.get(need.task)?.class ?? "needs_you";
      const key = `${state} ${JSON.stringify(need)}`, known = this.cards.get(need.task);
      cards.set(need.task, known?.key === key ? known : { key, element: this.card(need, state, i < EAGER) });
    });
    this.cards = cards;
    const focus = document.activeElement;
    this.list.replaceChildren(...[...cards.values()].map((card) => card.element));
    if (!all.length) this.list.append(make("li", { class: "empty" }, "Nothing needs you."));
    if (focus && this.list.contains(focus)) focus.focus();
  }

  card(need, state, eager) {
    const pane = make("div", { class: "evidence" });
    // What could not be read is asked for again with the next news.
    const load = async () => { if (await fill(pane, need.task) === undefined) { this.cards.delete(need.task); this.shown = ""; } };
    if (eager) load();
    else pane.append(make("button", { class: "link", onclick: load }, "Show what there is to look at"));
    return make("li", { class: `c-${need.ask === "decide" ? state : "needs_you"}` },
      make("button", { class: "link", onclick: () => this.open(need.task) }, need.title),
      need.title === need.task ? null : make("p", { class: "soft id" }, need.task),
      make("p", {}, headline(need)),
      ...need.because.map((why) => make("p", { class: "why" }, ...coded(why))),
      pane,
      make("div", { class: "group", hidden: !ACTS[need.ask].length }, ...ACTS[need.ask].map(([act, word]) => make("button", { onclick: () => this.open(need.task, act) }, word))),
      make("details", { open: need.ask === "decide" }, make("summary", {}, "In a terminal"), answers(need.answers)));
  }
}

function headline(need) {
  const held = need.holds_up ? ` · holds ${count(need.holds_up, "task", "tasks")} up, about ${about(need.work_s)} of work` : "";
  return VERBS[need.ask] + held;
}

/** The same answers in a terminal. */
export function answers(all) {
  return make("dl", { class: "answers" }, ...all.flatMap((one) => [make("dt", {}, make("code", {}, one.command)), make("dd", {}, one.does)]));
}

/** What there is to look at, into a place that was made for it. `null`: the task needs nobody; `undefined`: nobody knows. */
export async function fill(place, task) {
  try {
    const need = await ask("/api/evidence", { task });
    place.replaceChildren(...(need ? parts(need.evidence ?? {}) : []));
    // What went wrong stands at the end.
    for (const log of place.querySelectorAll("pre")) log.scrollTop = log.scrollHeight;
    return need;
  } catch (error) {
    place.replaceChildren(make("p", { class: "soft" }, error.message));
    return undefined;
  }
}

function parts(seen) {
  const found = [];
  if (seen.summary) found.push(make("p", { class: "said" }, seen.summary));
  else for (const text of paragraphs(seen.asked ?? [])) found.push(make("p", { class: "soft" }, ...coded(text)));
  const items = [
    ...(seen.risks ?? []).map((risk) => ["risk", `Risk: ${risk}`]),
    ...(seen.outside ?? []).map((path) => ["bad", `${path} is not the task’s to change`]),
    ...(seen.conflict ? [["bad", `Conflict in ${seen.conflict.files.join(", ")}${seen.conflict.others.length ? ` with ${seen.conflict.others.join(", ")}` : ""}`]] : []),
    ...(seen.checks ?? []).map((check) => [check.passed ? "good" : "bad", `${check.passed ? "✓" : "✗"} ${command(check.command)} · ${span(check.took_ms / 1000)}`]),
  ];
  if (items.length) found.push(make("ul", { class: "signs" }, ...items.map(([kind, text]) => make("li", { class: kind }, text))));
  if (seen.diff?.length) found.push(difference(seen.diff));
  if (seen.log?.length) found.push(make("pre", { tabindex: "0", role: "group", "aria-label": "last lines of its log" }, seen.log.join("\n")));
  const rest = [seen.tree ? `its work is in ${seen.tree}` : null, seen.spent?.cost_usd ? `cost ${usd(seen.spent.cost_usd)}` : null].filter(Boolean);
  if (rest.length) found.push(make("p", { class: "soft" }, rest.join(" · ")));
  return found;
}

// Lines that a writer has wrapped run on; lists stay lists.
function paragraphs(lines) {
  const found = [];
  for (const line of lines) {
    if (found.length && !/^\s*([-*+#>|…]|```|\d+[.)])/.test(line)) found[found.length - 1] += ` ${line.trim()}`;
    else found.push(line);
  }
  return found;
}

function difference(diff) {
  const sum = (key) => diff.reduce((all, file) => all + (file[key] ?? 0), 0);
  const files = diff.slice(0, 8).map((file) => make("li", {}, make("span", { class: "add" }, file.added === null ? "" : `+${file.added} `), make("span", { class: "del" }, file.removed === null ? "" : `−${file.removed} `), file.path));
  if (diff.length > 8) files.push(make("li", { class: "soft" }, `and ${diff.length - 8} more`));
  return make("details", { class: "diff" }, make("summary", {}, `Changed ${count(diff.length, "file", "files")}, +${sum("added")} −${sum("removed")}`), make("ul", {}, ...files));
}
