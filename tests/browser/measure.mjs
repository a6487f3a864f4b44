// What the dashboard costs and how soon it shows what happens, in a real Chromium. Started by
// `cargo bench --bench bench -- dashboard`, or by hand: ADDRESS is what `runr dashboard` has printed.
//   paint   first paint, all tasks shown, frames while the graph is moved: one JSON object
//   news    from a command in another terminal (RUNR, PROJECT) to the page: one JSON object
//   hold    a page that stays open until the end of stdin
import { execFile } from "node:child_process";
import { watch } from "node:fs";
import { chromium } from "playwright-core";

const { ADDRESS, RUNR_BROWSER, RUNR, PROJECT } = process.env;
const how = process.argv[2] ?? "paint";
const browser = await chromium.launch({ executablePath: RUNR_BROWSER, headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
// When the tasks are there to be seen, not only the empty page.
await page.addInitScript(() => document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver((_, observer) => {
    if (!document.querySelector("#list li .name")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.listedAt = performance.now(); }));
  }).observe(document.getElementById("list"), { childList: true, subtree: true });
}));
await page.goto(ADDRESS);
await page.locator("#list li").first().waitFor();
async function paint() {
  const paints = [], lists = [];
  for (let i = 0; i < 5; i++) {
    await page.reload();
    await page.locator("#list li").first().waitFor();
    await page.waitForTimeout(300);
    paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
    lists.push(await page.evaluate(() => window.listedAt));
  }
  const began = Date.now();
  await page.keyboard.press("2");
  await page.locator("#picture [data-task]").first().waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const shown = Date.now() - began;
  await page.waitForTimeout(1000);

  // Every movement is one of the page's own events; a frame is what passes until the next one may begin.
  const cdp = await browser.newBrowserCDPSession();
  async function measure(how) {
    const events = [];
    const take = ({ value }) => events.push(...value);
    cdp.on("Tracing.dataCollected", take);
    await cdp.send("Tracing.start", { traceConfig: { includedCategories: ["disabled-by-default-devtools.timeline.frame", "devtools.timeline.frame"] }, transferMode: "ReportEvents" });
    const frames = await page.evaluate(async (how) => {
      const box = document.getElementById("picture"), out = [];
      const r = box.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
      const pointer = (type, dx) => box.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x + dx, clientY: y + dx / 3, bubbles: true }));
      if (how === "pan") { box.setPointerCapture = () => {}; pointer("pointerdown", 0); }
      let last = performance.now();
      for (let i = 0; i < 80; i++) {
        if (how === "pan") pointer("pointermove", (i % 40 < 20 ? 1 : -1) * 10 * (1 + (i % 20)));
        else box.dispatchEvent(new WheelEvent("wheel", { deltaY: i % 40 < 20 ? -50 : 50, clientX: x, clientY: y, cancelable: true }));
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        out.push(now - last);
        last = now;
      }
      if (how === "pan") pointer("pointerup", 0);
      return out.slice(2).sort((a, b) => a - b);
    }, how);
    const ended = new Promise((done) => cdp.once("Tracing.tracingComplete", done));
    await cdp.send("Tracing.end");
    await ended;
    cdp.off("Tracing.dataCollected", take);
    const drawn = events.filter((event) => event.name === "DrawFrame").map((event) => event.ts / 1000);
    const gaps = drawn.slice(1).map((ts, i) => ts - drawn[i]).sort((a, b) => a - b);
    const at = (all, share) => Math.round((all[Math.floor(all.length * share)] ?? 0) * 10) / 10;
    return { median_ms: at(frames, 0.5), p95_ms: at(frames, 0.95), drawn: drawn.length, drawn_median_ms: at(gaps, 0.5), drawn_p95_ms: at(gaps, 0.95) };
  }
  const found = { tasks: await page.locator("#picture [data-task]").count(), first_paint_ms: paints.map(Math.round), tasks_shown_ms: lists.map(Math.round), graph_shown_ms: shown };
  await page.locator("#fit").click();
  await page.waitForTimeout(500);
  found.far_zoom = await measure("zoom");
  await page.locator("#fit").click();
  await page.waitForTimeout(500);
  found.far_pan = await measure("pan");
  for (let i = 0; i < 30; i++) { await page.locator("#in").click(); if (await page.evaluate(() => !document.querySelector("#picture .far"))) break; }
  await page.waitForTimeout(500);
  found.near_zoom = await measure("zoom");
  found.near_pan = await measure("pan");
  return found;
}

// The page notes when it has shown a row's new state; the clock is the same for both.
async function news() {
  await page.evaluate(() => {
    window.news = [];
    new MutationObserver(() => requestAnimationFrame(() => setTimeout(() => window.news.push(performance.timeOrigin + performance.now()))))
      .observe(document.getElementById("list"), { childList: true, subtree: true });
  });
  let grown = 0;
  const watcher = watch(`${PROJECT}/.runr/journal.jsonl`, () => { grown ||= performance.timeOrigin + performance.now(); });
  const command = [], journal = [];
  for (let i = 0; i < 30; i++) {
    await page.waitForTimeout(150);
    await page.evaluate(() => { window.news = []; });
    grown = 0;
    const began = performance.timeOrigin + performance.now();
    // Not awaited in this thread, so that the watch is heard while it runs.
    const ended = new Promise((done, fail) => execFile(RUNR, ["tasks", i % 2 ? "reset" : "complete", "0500-task.md"], { cwd: PROJECT }, (error) => error ? fail(error) : done()));
    const shown = await page.waitForFunction(() => window.news[0]).then((handle) => handle.jsonValue());
    await ended;
    command.push(shown - began);
    journal.push(shown - grown);
  }
  watcher.close();
  const sorted = (all) => all.sort((a, b) => a - b).map((one) => Math.round(one * 10) / 10);
  return { from_command_ms: sorted(command), from_journal_ms: sorted(journal) };
}

async function hold() {
  await page.keyboard.press("2");
  await page.locator("#picture [data-task]").first().waitFor();
  console.log("open");
  await new Promise((done) => { process.stdin.on("end", done); process.stdin.resume(); });
  return {};
}

console.log(JSON.stringify(await { paint, news, hold }[how]()));
await browser.close();
