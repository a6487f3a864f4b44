// The page: what is known, which view is shown, keys, and the address. Only the view that is shown is drawn.
import { by, clock, coded, count, hide, news, say, send } from "/dom.js";
import { Detail } from "/detail.js";
import { Graph } from "/graph.js";
import { Overview, ending } from "/overview.js";
import { paced } from "/pace.js";
import { listen } from "/stream.js";
import { Tasks } from "/tasks.js";
import { Timeline } from "/timeline.js";

const world = { head: null, tasks: new Map(), order: [], skew: 0, live: false, chosen: () => detail.name };
let view = "overview", trouble = null;

const detail = new Detail(by("detail"), world, { open, close: () => open(null) });
const tasks = new Tasks(world, open);
const views = {
  overview: new Overview(world, tasks, open, (name, act) => { open(name); if (act) detail.form(act); }),
  graph: new Graph(world, (name) => open(name, "graph"), failed),
  timeline: new Timeline(world, open),
};
/** Tasks that have changed since a view was drawn. */
const behind = Object.fromEntries([...Object.keys(views), "detail"].map((name) => [name, new Set()]));

// ---- what is known

function take({ now, head, tasks }, whole) {
  world.skew = Date.parse(now) - Date.now();
  if (whole || world.head?.generation !== head.generation) [world.tasks, world.order] = [new Map(), []];
  world.head = head;
  for (const task of tasks) {
    if (!world.tasks.has(task.task)) world.order.push(task.task);
    world.tasks.set(task.task, task);
    for (const names of Object.values(behind)) names.add(task.task);
  }
  // A page in the background is seen by its title.
  const title = `${head.counts.need_you ? `(${head.counts.need_you}) ` : ""}${head.project} · runr`;
  if (document.title !== title) document.title = title;
  soon();
}

const soon = paced(() => {
  if (!world.head) return;
  heading();
  draw(view);
  detail.changed(taken("detail"));
  tick();
});

function taken(name) { const names = behind[name]; behind[name] = new Set(); return names; }
function draw(name) { if (world.head) views[name].draw(taken(name)); }

const WORDS = { completed: "completed", running: "running", failed: "failed", stopped: "stopped", need_you: "need you", unknown: "unknown" };
function heading() {
  const { head } = world, { counts } = head;
  say(by("project"), head.project);
  if (by("project").title !== head.root) by("project").title = head.root;
  const words = (keys) => keys.filter((key) => counts[key]).map((key) => `${counts[key]} ${key === "need_you" && counts[key] === 1 ? "needs you" : WORDS[key]}`).join(", ");
  const line = words(Object.keys(WORDS));
  say(by("line"), `${count(counts.total, "task", "tasks")}${line ? `: ${line}` : ""}`);
  // Who listens is told what calls for somebody, not every step.
  const latest = head.orchestrations[0];
  say(by("heard"), [words(["failed", "need_you", "unknown"]), latest && latest.ended_at !== null ? `ended: ${ending(latest)}` : ""].filter(Boolean).join("; "));
  complain(head.damage ?? head.problem);
}

// ---- what is the matter

let matter = null;
const shown = news();
/** What is wrong with the project; how it stands with the server comes first. */
function complain(text) {
  matter = text ?? null;
  const wrong = trouble ?? matter;
  hide(by("trouble"), !wrong);
  if (shown(wrong)) by("trouble").replaceChildren(...coded(wrong ?? ""));
}

function stand(how, heard = null) {
  const since = heard ? ` since ${heard.toLocaleTimeString(undefined, { timeStyle: "short" })}: what is shown here is from then` : "";
  const found = {
    live: ["live", null],
    lost: ["no connection", `The dashboard ${since ? "has not answered" : "does not answer"}${since}. This page tries again by itself. If the command was ended, type \`runr dashboard\` and open the address that it prints.`],
    locked: ["locked", "This page is closed to whoever has no token: open the address that `runr dashboard` has printed."],
    full: ["waiting", "Too many pages of this dashboard are open: close some. This page tries again by itself."],
  }[how];
  world.live = how === "live";
  if (by("link").dataset.state !== how) by("link").dataset.state = how;
  say(by("link"), found[0]);
  trouble = found[1];
  complain(matter);
}

function failed(error) {
  if (error.status === 401) stand("locked");
  // That the dashboard is away is said already.
  else if (!error.away) complain(error.message);
}

// ---- time

let timer = 0;
/** Where nothing runs, nothing wakes the processor every second. */
function tick() {
  const runs = world.head.counts.running > 0 || world.head.orchestrations[0]?.ended_at === null;
  if (runs === (timer !== 0)) return;
  clearInterval(timer);
  timer = runs ? setInterval(() => {
    if (document.hidden) return;
    clock(world);
    if (view === "timeline") views.timeline.tick();
  }, 1000) : 0;
}

// ---- moving about

function show(name) {
  view = name;
  for (const other of Object.keys(views)) by(other).hidden = other !== name;
  for (const button of document.querySelectorAll("nav button")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  draw(name);
  if (name === "graph") views.graph.select(detail.name);
  clock(world);
  address();
}

function address() {
  history.replaceState(null, "", `#${view}${detail.name ? `:${encodeURIComponent(detail.name)}` : ""}`);
}

function open(name, from) {
  if (name === detail.name) return;
  const back = detail.opener, last = detail.name;
  // On a narrow screen the task covers everything.
  detail.show(name, from === undefined || matchMedia("(max-width: 800px)").matches);
  if (from !== "graph" && view === "graph") views.graph.select(name);
  tasks.choose(name);
  address();
  // Lists are made anew while a task is looked at.
  if (!name) (back?.isConnected && back !== document.body ? back : place(last))?.focus({ preventScroll: true });
}

/** Where a task stands in the view that is shown. */
function place(name) {
  if (view === "graph") return by("picture");
  return view === "timeline" ? by("bars").querySelector(".run[tabindex='0']") : tasks.rows.get(name)?.button;
}

function step(by_) {
  const names = tasks.names(), at = names.indexOf(detail.name) + by_;
  const name = names[Math.max(0, Math.min(names.length - 1, at))];
  if (!name) return;
  open(name, "step");
  if (view === "overview") tasks.choose(name)?.item.scrollIntoView({ block: "nearest" });
}

for (const button of document.querySelectorAll("nav button")) button.addEventListener("click", () => show(button.dataset.view));
by("class").addEventListener("change", (event) => { tasks.only(event.target.value); if (world.head) views.overview.counts(world.head.counts); });
by("search").addEventListener("input", (event) => tasks.find(event.target.value));
by("picture").addEventListener("keydown", (event) => { if (event.key === "Enter" && detail.name) by("detail").focus(); });
by("keys").addEventListener("click", () => by("help").showModal());
document.addEventListener("visibilitychange", () => { if (!document.hidden) { soon(); clock(world); } });
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (by("help").open) return;
  if (event.key === "Escape") { if (typing) typing.blur(); else if (detail.name) open(null); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    1: () => show("overview"), 2: () => show("graph"), 3: () => show("timeline"), j: () => step(1), k: () => step(-1),
    "/": () => { if (view === "timeline") show("overview"); by(view === "graph" ? "find" : "search").focus(); }, "?": () => by("help").showModal(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});

// ---- coming in

let start = null;
function restore() {
  if (start === null) return;
  const [name, task] = start;
  start = null;
  if (Object.hasOwn(views, name) && name !== view) show(name);
  if (task && world.tasks.has(task)) open(task, "step");
}

// Anybody may have typed the address.
function decoded(text) { try { return decodeURIComponent(text); } catch { return ""; } }

async function enter() {
  const hash = location.hash.slice(1);
  const key = /^(token|once)=([0-9a-f]{64})$/.exec(hash);
  if (key) {
    // Out of the address line and the history before anything else.
    history.replaceState(null, "", "#overview");
    const { ok } = await send("/session", {}, { authorization: `Bearer ${key[2]}` });
    if (!ok) return stand("locked");
  } else {
    const [name, task] = hash.split(":");
    start = [name, decoded(task ?? "")];
  }
  listen((message, whole) => { take(message, whole); if (whole) restore(); }, stand);
}
enter().catch(failed);
