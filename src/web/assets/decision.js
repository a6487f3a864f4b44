// What a person can decide about a task: which answers are possible, the form for one, and what was said to it.
import { CLASSES, make, send } from "/dom.js";

const EXPLAIN = {
  approve: "Its work goes onto the branch, and what waits for it may start.",
  reject: "It is attempted again, with your words.",
  complete: "It counts as done, by hand, and what waits for it may start.",
  reset: "It counts as never run. Files and commits stay.",
};

/** The answers that a task's state allows: route, word, what the note is for. */
function possible(task) {
  if ((task.run && !task.claimed) || task.status === "unknown") return [];
  const all = {
    approve: ["approve", "Approve", "A note (may be left out)"], reject: ["reject", "Send back", "What should be better"],
    complete: ["complete", task.status === "completed" ? "Accept as it is" : "It is done", "What was done (may be left out)"],
    reset: ["reset", "Reset", "Why (may be left out)"],
  };
  if (task.claimed || task.status === "pending") return [all.complete];
  if (task.status === "awaiting_approval") return [all.approve, all.reject];
  if (task.status === "completed" && task.look !== "stale") return [all.reset];
  return [all.complete, all.reset];
}

/** The buttons, and below them a place for one form. Stays while the task's page is drawn anew. */
export class Decision {
  constructor(task) {
    this.buttons = make("div", { class: "group" });
    this.place = make("div", { "aria-live": "polite" });
    this.element = make("div", {}, this.buttons, this.place);
    this.show(task);
  }

  show(task) {
    this.task = task;
    const answers = possible(task), key = JSON.stringify([answers, task.class]);
    if (key === this.key) return;
    this.key = key;
    const main = task.class === "needs_you" ? 0 : -1;
    this.buttons.replaceChildren(...answers.map(([act, word], i) => make("button", { class: i === main ? "main" : undefined, onclick: () => this.form(act) }, `${word}…`)));
    const form = this.place.querySelector("form");
    // Of what is being sent the answer tells.
    if (form && !form.querySelector("[type=submit]").disabled && !answers.some(([act]) => act === form.dataset.act)) {
      this.place.replaceChildren(said("stopped", `This was settled meanwhile: the task is ${CLASSES[task.class][1]} now.`));
    }
  }

  form(act) {
    const found = possible(this.task).find(([name]) => name === act);
    // It was settled before the page heard of it.
    if (!found) return;
    const [, word, asks] = found;
    const text = make("textarea", { maxlength: 2000, "aria-label": asks, placeholder: asks, required: act === "reject" });
    const submit = make("button", { class: "main", type: "submit" }, word);
    this.place.replaceChildren(make("form", { "data-act": act, onsubmit: (event) => { event.preventDefault(); this.decide(act, text.value, submit); } },
      make("p", {}, EXPLAIN[act]), text, make("div", { class: "group" }, submit, make("button", { type: "button", onclick: () => this.place.replaceChildren() }, "Cancel"))));
    text.focus();
  }

  async decide(act, note, submit) {
    submit.disabled = true;
    const { task } = this.task;
    let answer;
    try { answer = await send(`/api/${act}`, note ? { task, note } : { task }); }
    catch { answer = { ok: false, said: "The dashboard does not answer: nothing was decided here." }; }
    const words = answer.said.trim() || (answer.ok ? "done" : `refused (${answer.status})`);
    if (answer.ok) { this.place.replaceChildren(said("completed", words)); return; }
    // What was written is not lost.
    submit.disabled = false;
    this.place.querySelector(".said")?.remove();
    this.place.append(said("failed", words));
  }
}

const said = (kind, text) => make("p", { class: `said word c-${kind}`, role: kind === "completed" ? "status" : "alert" }, text);
