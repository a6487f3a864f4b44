// Drives the dashboard in a real Chromium. Started by tests/it/dashboard_browser.rs with the address, the browser
// and the command that stands for another terminal. Fails with the first thing that is not as it should be.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const { ADDRESS, RUNR_BROWSER, RUNR, PROJECT, PROFILE } = process.env;
const port = new URL(ADDRESS).port;
const own = `http://127.0.0.1:${port}`;
const runr = (...args) => execFileSync(RUNR, args, { cwd: PROJECT, encoding: "utf8" });

const browser = await chromium.launchPersistentContext(PROFILE, {
  executablePath: RUNR_BROWSER, headless: true, viewport: { width: 1280, height: 800 },
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--host-resolver-rules=MAP evil.example 127.0.0.1, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND"],
});
const page = await browser.newPage();
const complaints = [];
page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
page.on("pageerror", (error) => complaints.push(String(error)));

async function step(name, work) {
  try { await work(); } catch (error) { console.error(`${name}: ${error.stack}\n${complaints.join("\n")}`); await browser.close(); process.exit(1); }
}
const row = (id) => page.locator("#list li", { hasText: id });

await step("without a token the page is locked", async () => {
  await page.goto(`${own}/`);
  await page.locator("#trouble", { hasText: "no token" }).waitFor();
  assert.equal(await page.locator("#list li").count(), 0);
  // Nothing is known, so nothing is said of what runs and what there is to do.
  assert.ok(await page.locator("#known").isHidden());
  complaints.length = 0;
});

await step("the token opens it and leaves the address", async () => {
  await page.goto("about:blank");
  await page.goto(ADDRESS);
  await page.locator("#link[data-state=live]").waitFor();
  await row("00-setup.md").waitFor();
  assert.ok(!page.url().includes("token"), page.url());
  assert.equal(await page.locator("#list li").count(), 5);
  const cookies = await browser.cookies();
  assert.deepEqual(cookies.map((c) => [c.httpOnly, c.sameSite]), [[true, "Strict"]]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.reload();
  await page.locator("#link[data-state=live]").waitFor();
});

await step("what needs people comes in the order of what it sets free", async () => {
  await page.locator("#people li").first().waitFor();
  const titles = await page.locator("#people li > button").allTextContents();
  assert.deepEqual(titles, ["Get <i>keys</i>", "Copy", "Bad"]);
  // What there is to look at, as text, and what to type.
  const bad = page.locator("#people > li", { hasText: "Bad" });
  await bad.locator("pre", { hasText: "went <b>wrong</b>" }).waitFor();
  assert.deepEqual(await bad.locator("dt").allTextContents(), ["runr run --task 04-bad.md", "runr tasks complete 04-bad.md"]);
  await page.locator("#people > li", { hasText: "Get" }).locator(".evidence", { hasText: "Ask <u>at</u> the desk." }).waitFor();
});

await step("a task shows its text and its log, as text", async () => {
  await row("00-setup.md").locator("button").click();
  await page.locator("#detail pre", { hasText: "red <b>bold</b>" }).waitFor();
  assert.equal(await page.locator("#detail b", { hasText: "bold" }).count(), 0);
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#detail").isHidden());
});

await step("what another terminal does is shown without a reload", async () => {
  runr("tasks", "reset", "04-bad.md");
  await row("04-bad.md").locator(".word", { hasText: "ready" }).waitFor();
});

await step("a decision is taken on the page", async () => {
  await page.locator("#people button", { hasText: "Get" }).click();
  await page.locator("#detail .group button", { hasText: "It is done" }).click();
  await page.locator("#detail textarea").fill("found them");
  await page.locator("#detail form button[type=submit]").click();
  await row("01-keys.md").locator(".word", { hasText: "completed" }).waitFor();
  assert.match(runr("tasks", "show", "01-keys.md"), /completed/);
  await page.locator("#detail p", { hasText: "Completed by hand after its checks had passed: true." }).waitFor();
  await page.keyboard.press("Escape");
});

await step("the graph is drawn, moved, searched and walked by keys", async () => {
  await page.keyboard.press("2");
  await page.locator("#picture [data-task]").first().waitFor();
  assert.equal(await page.locator("#picture [data-task]").count(), 5);
  await page.waitForFunction(() => document.querySelector("#picture .sheet").style.transform);
  const before = await page.locator("#picture .sheet").evaluate((sheet) => sheet.style.transform);
  await page.locator("#in").click();
  await page.waitForFunction((was) => document.querySelector("#picture .sheet").style.transform !== was, before);
  await page.locator("#fit").click();
  await page.locator("#picture [data-task='00-setup.md']").click();
  await page.locator("#detail h2", { hasText: "Set up" }).waitFor();
  await page.locator("#picture").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("#detail h2", { hasText: "Get" }).waitFor();
  await page.locator("#find").fill("copy");
  assert.equal(await page.locator("#picture .found").count(), 1);
  await page.locator("#find").fill("");
  runr("tasks", "reset", "01-keys.md");
  await page.locator("#picture [data-task='02-use.md'].pending").waitFor();
});

await step("a view that is not shown is not drawn, and catches up when it is", async () => {
  await page.locator("#picture [data-task='03-copy.md'].awaiting").waitFor();
  await page.evaluate(() => {
    window.touched = 0;
    new MutationObserver((all) => { window.touched += all.length; }).observe(document.getElementById("overview"), { childList: true, subtree: true, attributes: true, characterData: true });
  });
  runr("tasks", "reset", "03-copy.md");
  await page.locator("#picture [data-task='03-copy.md']:not(.awaiting)").waitFor();
  assert.equal(await page.evaluate(() => window.touched), 0);
  await page.locator("nav button[data-view=overview]").click();
  await row("03-copy.md").locator(".word", { hasText: "ready" }).waitFor();
});

await step("what comes again as it was is not written again", async () => {
  const came = page.evaluate(() => new Promise((done) => {
    const stream = new EventSource("/api/events"), touched = [];
    stream.addEventListener("whole", () => new MutationObserver((all) => touched.push(...all.map((one) => one.target.outerHTML ?? one.target.data)))
      .observe(document.documentElement, { childList: true, subtree: true, attributes: true, characterData: true }));
    // The page has heard it too, and draws before the second frame.
    stream.addEventListener("change", () => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => { stream.close(); done(touched); })), 300));
  }));
  await page.waitForTimeout(500);
  const file = `${PROJECT}/.runr/tasks/00-setup.md`;
  writeFileSync(file, readFileSync(file));
  assert.deepEqual(await came, []);
});

await step("an answer that somebody else has given meanwhile is said", async () => {
  await page.locator("#people button", { hasText: "Get" }).click();
  await page.locator("#detail .group button", { hasText: "It is done" }).click();
  await page.locator("#detail textarea").fill("half a sen");
  // Another change leaves what is being written, and the keys, where they are.
  runr("tasks", "complete", "03-copy.md");
  await row("03-copy.md").locator(".word", { hasText: "completed" }).waitFor();
  await page.keyboard.type("tence");
  assert.equal(await page.locator("#detail textarea").inputValue(), "half a sentence");
  runr("tasks", "complete", "01-keys.md");
  await page.locator("#detail .said", { hasText: "settled meanwhile: the task is completed" }).waitFor();
  await page.keyboard.press("Escape");
  runr("tasks", "reset", "01-keys.md");
  await row("01-keys.md").locator(".word", { hasText: "needs you" }).waitFor();
});

await step("the timeline has a bar for each run", async () => {
  await page.locator("nav button[data-view=timeline]").click();
  await page.locator("#bars .run").first().waitFor();
  assert.equal(await page.locator("#bars .run").count(), 3);
  await page.locator("#bars .run").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#detail h2").waitFor();
});

await step("names and times stay in sight in the timeline, and arrows go from bar to bar", async () => {
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#bars .run[tabindex='0']").count(), 1);
  await page.locator("#bars .run").first().focus();
  await page.keyboard.press("ArrowDown");
  const second = await page.locator("#bars .run").nth(1).getAttribute("data-run");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.run), second);
  // Drawn anew, it has the keys still.
  await page.evaluate(() => document.querySelector("#bars svg").setAttribute("data-old", ""));
  await page.evaluate(() => document.getElementById("wider").click());
  await page.locator("#bars svg:not([data-old])").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.dataset.run), second);
  for (let i = 0; i < 6; i++) await page.locator("#wider").click();
  await page.evaluate(() => { const box = document.getElementById("bars"); box.scrollLeft = 900; });
  await page.waitForFunction(() => {
    const box = document.getElementById("bars").getBoundingClientRect(), name = document.querySelector("#bars .names").getBoundingClientRect();
    return document.getElementById("bars").scrollLeft > 0 && Math.abs(name.left - box.left - 9) < 2;
  });
  await page.locator("#whole").click();
});

await step("everything to press has a name, and a phone needs no scrolling sideways", async () => {
  const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, textarea, [role=button]")]
    .filter((one) => !(one.textContent.trim() || one.getAttribute("aria-label") || one.labels?.length)).map((one) => one.outerHTML));
  assert.deepEqual(nameless, []);
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 800 });
  for (const view of ["overview", "graph", "timeline"]) {
    await page.locator(`nav button[data-view=${view}]`).click();
    const [needs, has] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(needs <= has, `${view}: ${needs} > ${has}`);
  }
  assert.deepEqual(complaints, []);
});

await step("who listens hears names, headings and where they are", async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  const cdp = await browser.newCDPSession(page);
  const tree = async () => (await cdp.send("Accessibility.getFullAXTree")).nodes.filter((node) => !node.ignored)
    .map((node) => ({ role: node.role?.value, name: node.name?.value ?? "", level: node.properties?.find((one) => one.name === "level")?.value.value }));
  for (const view of ["overview", "graph", "timeline"]) {
    await page.locator(`nav button[data-view=${view}]`).click();
    if (view === "graph") await page.locator("#picture [data-task]").first().waitFor();
    if (view === "timeline") await page.locator("#bars .run").first().waitFor();
    const nodes = await tree();
    const having = (role) => nodes.filter((node) => node.role === role);
    const silent = nodes.filter((node) => ["button", "textbox", "searchbox", "combobox", "checkbox", "link", "application", "region", "navigation", "meter"].includes(node.role) && !node.name.trim());
    assert.deepEqual(silent, [], view);
    for (const role of ["banner", "navigation", "main", "status"]) assert.equal(having(role).length >= 1, true, `${view}: ${role}`);
    const levels = having("heading").map((node) => node.level);
    assert.equal(levels[0], 1, view);
    levels.reduce((before, level) => { assert.ok(level <= before + 1, `${view}: h${before} then h${level}`); return level; }, 0);
    if (view === "graph") assert.ok(having("button").some((node) => /00-setup\.md.*completed/.test(node.name)), "tasks say how they stand");
    if (view === "timeline") assert.ok(having("button").some((node) => /04-bad\.md, attempt 1: failed/.test(node.name)));
  }
});

await step("everything is reached and left by keys alone", async () => {
  await page.locator("nav button[data-view=overview]").click();
  await page.evaluate(() => document.activeElement.blur());
  const seen = [];
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => {
      const one = document.activeElement, style = getComputedStyle(one);
      return { what: one.id || one.textContent.trim().slice(0, 20), visible: style.outlineStyle !== "none" || one.matches(".skip, body") };
    }));
  }
  assert.deepEqual(seen.filter((one) => !one.visible), []);
  for (const wanted of ["Overview", "Graph", "Timeline"]) assert.ok(seen.some((one) => one.what === wanted), JSON.stringify(seen));
  await page.locator("#people > li > button").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#detail h2").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "detail", "the keys are where the task is");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "close");
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.closest("#people") !== null), true, "the focus is back where it was");
  // Whoever goes through the tasks stays where they are.
  await row("00-setup.md").locator("button").focus();
  await page.keyboard.press("j");
  await page.locator("#detail h2").waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.closest("#list") !== null));
  await page.keyboard.press("Escape");
});

await step("a task of a repository that cannot be read is unknown, and the others are shown", async () => {
  const seen = await page.evaluate(async () => (await fetch("/api/seen")).json());
  Object.assign(seen.tasks[0], { class: "unknown", status: "unknown", look: "unknown", notes: ["there is no such folder"] });
  seen.head.counts.unknown = 1;
  const other = await browser.newPage(), errors = [];
  other.on("pageerror", (error) => errors.push(String(error)));
  await other.route("**/api/events", (route) => route.fulfill({ contentType: "text/event-stream", body: `event: whole\ndata: ${JSON.stringify(seen)}\n\n` }));
  await other.goto(`${own}/`);
  await other.locator("#list .word.c-unknown", { hasText: "unknown" }).waitFor();
  await other.locator("#list .why", { hasText: "there is no such folder" }).waitFor();
  await other.locator("#counts button", { hasText: "1unknown" }).waitFor();
  // Nothing can be decided there.
  await other.locator("#list button", { hasText: "there is no such folder" }).click();
  await other.locator("#detail", { hasText: "cannot be read: there is no such folder" }).waitFor();
  assert.equal(await other.locator("#detail header ~ div .group button").count(), 0);
  assert.deepEqual((await other.locator("#list .word").allTextContents()).filter((word) => !word), []);
  assert.deepEqual(errors, []);
  await other.close();
});

await step("a dashboard that has gone is missed, and whoever comes in its place is told from it", async () => {
  const begin = async (...more) => {
    const child = spawn(RUNR, ["dashboard", "--no-open", ...more], { cwd: PROJECT, stdio: ["ignore", "pipe", "ignore"] });
    return { child, address: await new Promise((done) => child.stdout.once("data", (text) => done(String(text).trim()))) };
  };
  const first = await begin();
  const other = await browser.newPage();
  await other.goto(first.address);
  await other.locator("#link[data-state=live]").waitFor();
  first.child.kill("SIGKILL");
  await other.locator("#trouble", { hasText: "has not answered since" }).waitFor();
  assert.equal(await other.locator("#list li").count(), 5);
  // What was never read is not taken for what is not there.
  await other.locator("nav button[data-view=graph]").click();
  await other.locator("#picture", { hasText: "does not answer" }).waitFor();
  await other.locator("nav button[data-view=timeline]").click();
  await other.locator("#bars", { hasText: "does not answer" }).waitFor();
  const second = await begin("--port", new URL(first.address).port);
  await other.locator("#link[data-state=locked]").waitFor();
  await other.locator("#trouble", { hasText: "open the address that runr dashboard has printed" }).waitFor();
  await other.close();
  second.child.kill();
});

await step("a lost connection comes back by itself", async () => {
  let away = true;
  const other = await browser.newPage();
  await other.route("**/api/open", (route) => away ? route.abort() : route.fallback());
  await other.goto(`${own}/`);
  await other.locator("#link[data-state=live]").waitFor();
  await other.route("**/api/events", (route) => away ? route.abort() : route.fallback());
  await other.reload();
  await other.locator("#link[data-state=lost]").waitFor();
  await other.locator("#trouble", { hasText: "tries again by itself" }).waitFor();
  away = false;
  await other.evaluate(() => window.dispatchEvent(new Event("online")));
  await other.locator("#link[data-state=live]").waitFor();
  assert.ok(await other.locator("#trouble").isHidden());
  assert.equal(await other.locator("#list li").count(), 5);
  await other.close();
});

await step("a rebound name gets nothing", async () => {
  const rebound = await browser.newPage();
  const answer = await rebound.goto(`http://evil.example:${port}/`);
  assert.equal(answer.status(), 421);
  const status = await rebound.evaluate(async () => (await fetch("/api/seen")).status);
  assert.equal(status, 421);
  await rebound.close();
});

await step("another page of this machine, with the cookie in the browser, gets and changes nothing", async () => {
  const server = createServer((_, response) => { response.setHeader("content-type", "text/html"); response.end("<title>evil</title><body>"); });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const journal = runr("status", "--tasks", "--json");
  for (const origin of [`http://evil.example:${server.address().port}`, `http://127.0.0.1:${server.address().port}`]) {
    const evil = await browser.newPage();
    const statuses = [];
    evil.on("response", (response) => { if (response.url().startsWith(own)) statuses.push(response.status()); });
    await evil.goto(`${origin}/`);
    const got = await evil.evaluate(async (own) => {
      const found = [];
      const note = async (what) => { try { found.push(await what()); } catch { found.push("refused"); } };
      await note(async () => (await fetch(`${own}/api/seen`, { credentials: "include" })).text());
      await note(async () => { const r = await fetch(`${own}/api/seen`, { credentials: "include", mode: "no-cors" }); return r.type === "opaque" ? "refused" : r.text(); });
      await note(async () => (await fetch(`${own}/api/reset`, { method: "POST", credentials: "include", headers: { "content-type": "application/json" }, body: '{"task":"01-keys.md"}' })).text());
      await note(async () => { await fetch(`${own}/api/reset`, { method: "POST", credentials: "include", mode: "no-cors", headers: { "content-type": "text/plain" }, body: '{"task":"00-setup.md"}' }); return "refused"; });
      await note(() => new Promise((done) => { const s = new EventSource(`${own}/api/events`, { withCredentials: true }); s.onmessage = (m) => done(m.data); s.addEventListener("whole", (m) => done(m.data)); s.onerror = () => { s.close(); done("refused"); }; }));
      await note(() => new Promise((done) => { const s = document.createElement("script"); s.src = `${own}/app.js`; s.onload = () => done("loaded"); s.onerror = () => done("refused"); document.body.append(s); }));
      await note(() => new Promise((done) => {
        const frame = document.createElement("iframe"); frame.name = "f"; document.body.append(frame);
        const form = document.createElement("form"); form.method = "post"; form.action = `${own}/api/reset`; form.enctype = "text/plain"; form.target = "f";
        const field = document.createElement("input"); field.name = '{"task":"00-setup.md","note":"'; field.value = '"}'; form.append(field);
        document.body.append(form); frame.onload = () => done("refused"); form.submit();
      }));
      return found;
    }, own);
    assert.deepEqual(got, Array(7).fill("refused"), origin);
    assert.ok(statuses.length > 0 && statuses.every((status) => status >= 400), `${origin}: ${statuses}`);
    await evil.close();
  }
  server.close();
  const strip = (text) => JSON.parse(text).tasks.map((task) => [task.task, task.status]);
  assert.deepEqual(strip(runr("status", "--tasks", "--json")), strip(journal));
});

await browser.close();
