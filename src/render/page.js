// The page of `graph --html`: shows what is known of the task that is selected.
"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const entries = JSON.parse(by("data").textContent);
  const tasks = new Map(entries.map((entry) => [entry.task, entry]));
  const make = (name, text) => { const e = document.createElement(name); e.textContent = text; return e; };
  const counts = new Map();
  for (const entry of entries) counts.set(entry.look, (counts.get(entry.look) ?? 0) + 1);
  by("counts").textContent = `${entries.length} task${entries.length === 1 ? "" : "s"}: ` + [...counts].map(([look, n]) => `${n} ${look}`).join(", ");
  const detail = by("detail");
  const viewer = graphViewer(by("graph"), (name) => {
    detail.replaceChildren();
    const task = tasks.get(name);
    if (!task) return;
    detail.append(make("h2", task.title), make("p", task.title === task.task ? task.kind : `${task.task} · ${task.kind}`), make("p", task.words));
    for (const [heading, names] of [["Needs", task.needs], ["Needed by", task.needed_by]]) {
      if (!names.length) continue;
      const list = document.createElement("ul");
      for (const other of names) {
        const button = make("button", other);
        button.addEventListener("click", () => viewer.select(other));
        const item = document.createElement("li");
        item.append(button);
        list.append(item);
      }
      detail.append(make("h3", heading), list);
    }
  });
  viewer.follow((name) => ({ needs: tasks.get(name)?.needs ?? [], neededBy: tasks.get(name)?.needed_by ?? [] }));
  viewer.show(by("graph").querySelector("svg"));
  const news = ["running", "failed", "stopped", "awaiting approval", "left to a person", "ready"];
  viewer.begin(news.map((look) => entries.find((entry) => entry.look === look)?.task).find(Boolean));
  by("in").addEventListener("click", () => viewer.zoom(1.25));
  by("out").addEventListener("click", () => viewer.zoom(0.8));
  by("fit").addEventListener("click", () => viewer.fit());
  by("find").addEventListener("input", (event) => viewer.find(event.target.value));
})();
