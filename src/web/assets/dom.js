// Elements, requests and words. Text goes into the page through textContent only.

export const by = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Changes a text only where it is another: everything that is written is painted. */
export function say(element, text) { if (element.textContent !== text) element.textContent = text; }

export function hide(element, hidden) { if (element.hidden !== hidden) element.hidden = hidden; }

/** Tells whether a value is another than the last time. */
export function news() {
  let last;
  return (value) => { const text = JSON.stringify(value); const other = text !== last; last = text; return other; };
}

const SVG = "http://www.w3.org/2000/svg";
export function draw(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The picture that the server has drawn; never taken for HTML. */
export function picture(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") throw new Error("this is no picture");
  return document.adoptNode(parsed);
}

export async function ask(path, parameters) {
  const query = parameters ? `?${new URLSearchParams(parameters)}` : "";
  let response;
  // What a browser says of it ("Failed to fetch") tells nobody what to do.
  try { response = await fetch(path + query, { cache: "no-store" }); } catch { throw Object.assign(new Error("The dashboard does not answer: this cannot be shown now."), { away: true }); }
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const body = isJson ? await response.json() : await response.text();
  if (!response.ok) throw Object.assign(new Error(body.error ?? response.statusText), { status: response.status });
  return body;
}

export async function send(path, body, headers = {}) {
  const response = await fetch(path, {
    method: "POST", cache: "no-store", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body),
  });
  const answer = await response.json();
  return { ok: response.ok, status: response.status, said: answer.said ?? answer.error ?? "" };
}

export function span(seconds) {
  if (seconds >= 0 && seconds < 0.1) return seconds < 0.001 ? "<1ms" : `${Math.round(seconds * 1000)}ms`;
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)}s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

/** About so long: the seconds of many minutes are noise. */
export const about = (seconds) => span(seconds < 60 ? seconds : Math.round(seconds / 60) * 60).replace(/ 0[sm]$/, "");

/** A text with what stands in backticks as code; where one is not closed, all as it is. */
export function coded(text) {
  const parts = text.split("`");
  return parts.length % 2 ? parts.map((part, i) => i % 2 ? make("code", {}, part) : part).filter(Boolean) : [text];
}

/** A command line as it is typed; `null`: there is none. */
export function command(line) {
  if (line === null || line === undefined) return null;
  return Array.isArray(line) ? line.join(" ") : typeof line === "string" ? line : JSON.stringify(line);
}

/** How long ago a time was, kept up to date while `clock` is called. Without a connection time stands still here. */
export function since(world, time) {
  const element = make("span", { "data-since": time });
  countUp(world, element);
  return element;
}
function countUp(world, element) { say(element, span((Date.now() + world.skew - Date.parse(element.dataset.since)) / 1000)); }
/** All at once, and only in what is shown: reading what is laid out in between would lay it out again each time. */
export function clock(world) {
  if (!world.live) return;
  for (const element of document.querySelectorAll("main > :not([hidden]) [data-since], #detail:not([hidden]) [data-since]")) countUp(world, element);
}

/** Of small amounts as many digits as tell something. */
export const usd = (dollars) => `$${dollars >= 1 || dollars === 0 ? dollars.toFixed(2) : dollars.toFixed(4).replace(/0{1,2}$/, "")}`;
export const when = (text) => new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
export const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const CLASSES = {
  needs_you: ["◈", "needs you"], running: ["◐", "running"], failed: ["✗", "failed"], stopped: ["◌", "stopped"],
  ready: ["○", "ready"], blocked: ["○", "blocked"], unknown: ["?", "unknown"], completed: ["✓", "completed"],
};
export const GLYPHS = { pending: "○", in_progress: "◐", completed: "✓", failed: "✗", stopped: "◌", skipped: "◇", awaiting_approval: "◈", unknown: "?" };
export const glyph = (task) => make("span", { class: `glyph c-${task.class}`, "aria-hidden": "true" }, GLYPHS[task.status] ?? "○");
export const outcomeClass = (outcome) => ({ completed: "completed", awaiting_approval: "needs_you", running: "running", failed: "failed", retry: "failed" })[outcome] ?? "stopped";
