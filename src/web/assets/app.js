// The page: takes the stream of states in, keeps overview and graph up to date, hands the rest on.
import { CLASSES, ask, by, count, glyph, make, picture, send, span, usd } from "/dom.js";
import { Detail } from "/detail.js";
import { People } from "/people.js";
import { Timeline } from "/timeline.js";

const world = { head: null, tasks: new Map(), order: [], graph: null, skew: 0 };
let view = "overview", waiting = false, wanted = new Set(), filter = { text: "", class: "" };
const rows = new Map();

const detail = new Detail(by("detail"), world, { open, close: () => open(null) });
const people = new People(by("people"), world, (name, act) => { open(name); if (act) detail.form(act); });
const timeline = new Timeline(world, open);
const viewer = graphViewer(by("picture"), (name) => open(name, "graph"));
viewer.follow((name) => neighbours(name));

// ---- what is seen

function take({ now, head, tasks }, whole) {
  world.skew = Date.parse(now) - Date.now();
  const before = world.head;
  world.head = head;
  if (whole || before?.generation !== head.generation) {
    world.tasks = new Map();
    world.order = [];
  }
  for (const task of tasks) {
    if (!world.tasks.has(task.task)) world.order.push(task.task);
    world.tasks.set(task.task, task);
    wanted.add(task.task);
  }
  if (before && before.generation !== head.generation) world.graph = null;
  soon();
}

function soon() {
  if (waiting) return;
  waiting = true;
  // A hidden page gets no frames, and needs none.
  requestAnimationFrame(() => { waiting = false; render(); });
}

function render() {
  const { head } = world;
  if (!head) return;
  by("project").textContent = head.project;
  by("project").title = head.root;
  document.title = `${head.counts.need_you ? `(${head.counts.need_you}) ` : ""}${head.project} · runr`;
  const line = Object.entries({ completed: "completed", running: "running", failed: "failed", stopped: "stopped", need_you: "need you" })
    .filter(([key]) => head.counts[key]).map(([key, word]) => `${head.counts[key]} ${word}`).join(", ");
  say(by("line"), `${count(head.counts.total, "task", "tasks")}${line ? `: ${line}` : ""}`);
  const trouble = head.damage ?? head.problem;
  by("trouble").hidden = !trouble;
  say(by("trouble"), trouble ?? "");
  const changed = wanted;
  wanted = new Set();
  counts(head.counts);
  people.show(head.people);
  landed(head.not_landed);
  latest(head.orchestrations, head.spent_today_usd);
  running();
  next(head.next);
  list(changed);
  if (view === "graph") graph(changed);
  if (view === "timeline") timeline.refresh();
  detail.changed(changed);
}

function say(element, text) { if (element.textContent !== text) element.textContent = text; }

function counts(all) {
  const keys = { total: "total", completed: "completed", running: "running", need_you: "needs_you", failed: "failed", stopped: "stopped", ready: "ready", blocked: "blocked" };
  const made = Object.entries(keys).filter(([key]) => key === "total" || key === "completed" || all[key]).map(([key, name]) => {
    const word = key === "total" ? (all.total === 1 ? "task" : "tasks") : name === "needs_you" && all[key] > 1 ? "need you" : CLASSES[name][1];
    const extra = key === "completed" && all.stale ? ` (${all.stale} stale)` : "";
    const wanted = key === "total" ? "" : name;
    return make("button", { class: `c-${name}`, "aria-pressed": String(filter.class === wanted), onclick: () => { by("class").value = filter.class = wanted; list(null); counts(all); } },
      make("b", {}, String(all[key])), `${word}${extra}`);
  });
  const active = document.activeElement?.parentElement === by("counts") ? [...by("counts").children].indexOf(document.activeElement) : -1;
  by("counts").replaceChildren(...made);
  if (active >= 0) made[active]?.focus();
}

function landed(all) {
  by("landed-box").hidden = !all.length;
  by("landed").replaceChildren(...all.map((one) => make("li", {},
    make("p", {}, make("b", {}, one.branch), ` has ${count(one.commits, "commit", "commits")} that ${one.commits === 1 ? "is" : "are"} not in ${one.not_in}`),
    make("p", {}, make("code", {}, one.command)))));
}

const ENDS = { 0: "everything is completed", 1: "something failed or stopped", 3: "something waits", 129: "its terminal closed", 130: "interrupted", 143: "ended from outside" };
function latest(all, today) {
  const one = all[0];
  by("latest-box").hidden = !one;
  if (!one) return;
  const state = one.deserted ? "its orchestrator is gone" : one.ended_at === null ? "running" : ENDS[one.exit] ?? `exit code ${one.exit}`;
  const took = one.ended_at === null ? make("span", { "data-since": one.started_at }, "") : span((Date.parse(one.ended_at) - Date.parse(one.started_at)) / 1000);
  const cost = one.cost_usd === null ? "" : ` · ${one.cost_at_least ? "at least " : ""}${usd(one.cost_usd)}`;
  by("latest").replaceChildren(make("code", {}, one.command), ` · ${state} · `, took, `${cost}${today !== null && today !== one.cost_usd ? ` · ${usd(today)} spent today` : ""}`);
}

function running() {
  const live = world.order.map((name) => world.tasks.get(name)).filter((task) => task.run);
  by("running").replaceChildren(...live.map((task) => make("li", { class: "c-running" },
    make("button", { class: "link", onclick: () => open(task.task) }, task.title),
    make("p", { class: "soft" }, `${task.task}${task.attempts > 1 ? ` · attempt ${task.attempts}` : ""} · `,
      make("span", { "data-since": task.since }, ""), ` of about ${span(task.expected_s)}`),
    ...(task.cost_usd ? [`cost ${usd(task.cost_usd)}`] : []).concat(task.notes).map((note) => make("p", { class: "soft" }, note)))));
  if (!live.length) by("running").append(make("li", { class: "empty" }, "Nothing runs."));
  clock();
}

function next(all) {
  by("next-box").hidden = !all.length;
  by("next").replaceChildren(...all.map((one) => make("li", {}, make("code", {}, one.command), make("div", { class: "soft" }, one.why))));
}

function clock() {
  for (const element of document.querySelectorAll("[data-since]")) {
    say(element, span((Date.now() + world.skew - Date.parse(element.dataset.since)) / 1000));
  }
}
setInterval(() => { if (!document.hidden) clock(); }, 1000);

function list(changed) {
  if (changed) {
    if (rows.size && (rows.size !== world.order.length || world.order.some((name) => !rows.has(name)))) rows.clear();
    if (!rows.size) {
      by("list").replaceChildren(...world.order.map((name) => {
        const button = make("button", { onclick: () => open(name) });
        const item = make("li", {}, button);
        rows.set(name, item);
        return item;
      }));
      changed = new Set(world.order);
    }
    for (const name of changed) {
      const task = world.tasks.get(name), button = rows.get(name)?.firstElementChild;
      if (!task || !button) continue;
      // What most tasks say, or another column, is no news here.
      const why = [...task.notes.filter((note) => !["ready", "no checkpoint", "manual"].includes(note)), ...(task.cost_usd ? [usd(task.cost_usd)] : [])].join(" · ");
      button.replaceChildren(glyph(task),
        make("span", { class: "name" }, task.title === task.task ? task.task : `${task.task} — ${task.title}`),
        make("span", { class: `word c-${task.class}` }, CLASSES[task.class][1]), make("span", { class: "why" }, why));
    }
  }
  const text = filter.text.trim().toLowerCase();
  let shown = 0;
  for (const [name, item] of rows) {
    const task = world.tasks.get(name);
    const fits = (!filter.class || task.class === filter.class) && (!text || `${name} ${task.title} ${task.track ?? ""}`.toLowerCase().includes(text));
    item.hidden = !fits;
    shown += fits;
    item.firstElementChild.toggleAttribute("aria-current", false);
    if (name === detail.name) item.firstElementChild.setAttribute("aria-current", "true");
  }
  by("none").hidden = shown > 0;
}

// ---- the graph

function neighbours(name) {
  const found = { needs: [], neededBy: [] };
  const number = world.order.indexOf(name);
  for (const [from, to] of world.graph?.edges ?? []) {
    if (to === number) found.needs.push(world.order[from]);
    if (from === number) found.neededBy.push(world.order[to]);
  }
  return found;
}

let fetching = false;
async function graph(changed) {
  if (!world.graph && !fetching) {
    fetching = true;
    try {
      world.graph = await ask("/api/graph");
      if (world.graph.svg) viewer.show(picture(world.graph.svg));
      else by("picture").replaceChildren(make("p", {}, `${world.graph.why_not}. The list of tasks shows them all.`));
      for (const name of world.order) mark(name);
      if (detail.name) viewer.select(detail.name);
      else viewer.begin(world.order.find((name) => world.tasks.get(name).run) ?? world.order.find((name) => ["failed", "needs_you", "ready"].includes(world.tasks.get(name).class)));
    } catch (error) { failed(error); } finally { fetching = false; }
    return;
  }
  for (const name of changed ?? []) mark(name);
}

const LOOKS = ["completed", "stale", "running", "ready", "pending", "awaiting", "skipped", "stopped", "failed", "unknown"];
function mark(name) {
  const node = viewer.node(name), task = world.tasks.get(name);
  if (!node || !task) return;
  if (!node.classList.contains(task.look)) {
    node.classList.remove(...LOOKS);
    node.classList.add(task.look);
    node.querySelector(":scope > use")?.setAttribute("href", `#${task.glyph}`);
  }
  const title = node.querySelector("title");
  const lines = title.textContent.split("\n");
  const words = [...lines.slice(0, -1), task.words].join("\n");
  if (title.textContent !== words) { title.textContent = words; viewer.label(node); }
}

// ---- moving about

function show(name) {
  view = name;
  for (const other of ["overview", "graph", "timeline"]) by(other).hidden = other !== name;
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  if (name === "graph") {
    graph(new Set(world.order));
    if (world.graph?.svg) viewer.select(detail.name);
  }
  if (name === "timeline") timeline.show();
  if (detail.name) history.replaceState(null, "", `#${name}:${encodeURIComponent(detail.name)}`);
  else history.replaceState(null, "", `#${name}`);
}

function open(name, from) {
  if (name === detail.name) return;
  const back = detail.opener;
  detail.show(name);
  if (from !== "graph" && view === "graph" && world.graph) viewer.select(name);
  list(null);
  history.replaceState(null, "", name ? `#${view}:${encodeURIComponent(name)}` : `#${view}`);
  if (!name) back?.focus?.();
}

for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => show(button.dataset.view));
by("class").append(...Object.entries(CLASSES).map(([name, [, word]]) => make("option", { value: name }, word)));
by("class").addEventListener("change", (event) => { filter.class = event.target.value; list(null); });
by("search").addEventListener("input", (event) => { filter.text = event.target.value; list(null); });
by("find").addEventListener("input", (event) => viewer.find(event.target.value));
by("find").addEventListener("keydown", (event) => { if (event.key === "Enter") { const first = viewer.find(event.target.value); if (first) open(first); } });
by("in").addEventListener("click", () => viewer.zoom(1.25));
by("out").addEventListener("click", () => viewer.zoom(0.8));
by("fit").addEventListener("click", () => viewer.fit());
by("critical").addEventListener("change", (event) => by("picture").classList.toggle("path", event.target.checked));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && !by("help").open) { if (typing) typing.blur(); else if (detail.name) open(null); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (by_) => {
    const shown = world.order.filter((name) => !rows.get(name)?.hidden);
    const at = shown.indexOf(detail.name) + by_;
    const name = shown[Math.max(0, Math.min(shown.length - 1, at))];
    if (name) { open(name); rows.get(name)?.scrollIntoView({ block: "nearest" }); }
  };
  const keys = {
    1: () => show("overview"), 2: () => show("graph"), 3: () => show("timeline"), j: () => step(1), k: () => step(-1),
    "/": () => by(view === "graph" ? "find" : "search").focus(), "?": () => by("help").showModal(),
  };
  if (keys[event.key]) { event.preventDefault(); if (event.key === "/" && view === "timeline") show("overview"); keys[event.key](); }
});

// ---- coming in

function link(state, text) { by("link").dataset.state = state; say(by("link"), text); }
function failed(error) {
  if (error.status === 401) return locked();
  by("trouble").hidden = false;
  say(by("trouble"), error.message);
}
function locked() {
  link("lost", "locked");
  by("trouble").hidden = false;
  say(by("trouble"), "This page is closed to whoever has no token: open the address that `runr dashboard` has printed.");
}

function listen() {
  const stream = new EventSource("/api/events");
  stream.addEventListener("whole", (event) => { link("live", "live"); take(JSON.parse(event.data), true); restore(); });
  stream.addEventListener("change", (event) => take(JSON.parse(event.data), false));
  // Told to begin anew, or the server has gone: a new stream starts with everything.
  const again = () => {
    stream.close();
    link("lost", "connection lost");
    setTimeout(async () => {
      try { await ask("/api/timeline"); listen(); } catch (error) { if (error.status === 401) locked(); else again(); }
    }, 1500);
  };
  stream.addEventListener("resync", () => { stream.close(); listen(); });
  stream.onerror = again;
}

let start = null;
function restore() {
  if (start === null) return;
  const [name, task] = start;
  start = null;
  if (["graph", "timeline"].includes(name)) show(name);
  if (task && world.tasks.has(task)) open(task);
}

async function enter() {
  const hash = location.hash.slice(1);
  const key = /^(token|once)=([0-9a-f]{64})$/.exec(hash);
  if (key) {
    // Out of the address line and the history before anything else.
    history.replaceState(null, "", "#overview");
    const { ok } = await send("/session", {}, { authorization: `Bearer ${key[2]}` });
    if (!ok) return locked();
  } else {
    const [name, task] = hash.split(":");
    start = [name, task && decodeURIComponent(task)];
  }
  listen();
}
enter().catch(failed);
