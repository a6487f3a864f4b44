// The graph: the picture that the server has drawn, and the marks of the tasks in it as they change.
import { ask, by, make, picture, say } from "/dom.js";

const LOOKS = ["completed", "stale", "running", "ready", "pending", "awaiting", "skipped", "stopped", "failed", "unknown"];

export class Graph {
  constructor(world, chosen, failed) {
    Object.assign(this, { world, failed, drawn: null, edges: [], fetching: false, marked: new Map() });
    this.viewer = graphViewer(by("picture"), chosen);
    this.viewer.follow((name) => this.neighbours(name));
    by("find").addEventListener("input", (event) => this.viewer.find(event.target.value));
    by("find").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const first = this.viewer.find(event.target.value);
      if (first) this.viewer.select(first);
    });
    by("in").addEventListener("click", () => this.viewer.zoom(1.25));
    by("out").addEventListener("click", () => this.viewer.zoom(0.8));
    by("fit").addEventListener("click", () => this.viewer.fit());
    by("critical").addEventListener("change", (event) => by("picture").classList.toggle("path", event.target.checked));
  }

  neighbours(name) {
    const { order } = this.world, number = order.indexOf(name);
    const found = { needs: [], neededBy: [] };
    for (const [from, to] of this.edges) {
      if (to === number) found.needs.push(order[from]);
      if (from === number) found.neededBy.push(order[to]);
    }
    return found;
  }

  /** Shows a task, or none, as chosen. */
  select(name) { if (this.drawn !== null) this.viewer.select(name); }

  draw(changed) {
    if (this.drawn === this.world.head.generation) for (const name of changed) this.mark(name);
    else this.fetch();
  }

  async fetch() {
    if (this.fetching) return;
    this.fetching = true;
    try {
      const { generation, svg, why_not, edges } = await ask("/api/graph");
      const { order, tasks, chosen } = this.world;
      Object.assign(this, { drawn: generation, edges });
      this.marked.clear();
      if (!svg || !order.length) {
        by("picture").replaceChildren(make("p", {}, order.length ? `${why_not}. The list of tasks shows them all.` : "There are no tasks to draw yet."));
        return;
      }
      this.viewer.show(picture(svg));
      for (const name of order) this.mark(name);
      if (chosen()) return this.viewer.select(chosen());
      const having = (test) => order.find((name) => test(tasks.get(name)));
      this.viewer.begin(having((task) => task.run) ?? having((task) => ["failed", "needs_you", "ready"].includes(task.class)));
    } catch (error) {
      if (this.drawn === null) by("picture").replaceChildren(make("p", { class: "soft" }, error.message));
      this.failed(error);
    } finally { this.fetching = false; }
  }

  mark(name) {
    const node = this.viewer.node(name), task = this.world.tasks.get(name);
    if (!node || !task || this.marked.get(name) === task) return;
    this.marked.set(name, task);
    if (!node.classList.contains(task.look)) {
      node.classList.remove(...LOOKS);
      node.classList.add(task.look);
      node.querySelector(":scope > use")?.setAttribute("href", `#${task.glyph}`);
    }
    const title = node.querySelector("title");
    const words = [...title.textContent.split("\n").slice(0, -1), task.words].join("\n");
    say(title, words);
  }
}
