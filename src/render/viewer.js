// Moves a picture of the graph: zoom, pan, select, follow edges by keys. Knows the picture's marks
// (`data-task`, `.task`, `.edges`), nothing of where states come from. Used by the dashboard and by
// `graph --html`; asks for nothing.
"use strict";

function graphViewer(box, chosen) {
  let svg = null, nodes = new Map(), size = { w: 1, h: 1 }, at = { x: 0, y: 0, k: 1 };
  let selected = null, neighbours = () => ({ needs: [], neededBy: [] });
  const pointers = new Map();
  let moved = false, frame = 0, settling = 0, drawnAt = null;
  // The picture is a layer of its own: to move it is to place what is painted already.
  const sheet = document.createElement("div");
  sheet.className = "sheet";

  function show(element) {
    const before = svg ? { ...at, w: size.w } : null;
    svg = element;
    const view = svg.getAttribute("viewBox").split(" ").map(Number);
    size = { w: view[2], h: view[3] };
    svg.setAttribute("width", size.w);
    svg.setAttribute("height", size.h);
    svg.setAttribute("role", "group");
    nodes = new Map();
    for (const node of svg.querySelectorAll("[data-task]")) {
      nodes.set(node.getAttribute("data-task"), node);
      node.id = `runr-task-${nodes.size}`;
      node.setAttribute("role", "button");
      // Its title is its name for who listens.
      node.setAttribute("tabindex", "-1");
    }
    if (sheet.firstElementChild !== svg) sheet.replaceChildren(svg);
    if (box.firstElementChild !== sheet) box.replaceChildren(sheet);
    drawnAt = null;
    if (before && before.w === size.w) { at = before; paint(); } else fit();
    if (selected && nodes.has(selected)) mark(selected); else selected = null;
  }

  function paint() {
    if (frame || !svg) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      sheet.style.transform = `matrix(${at.k},0,0,${at.k},${-at.x * at.k},${-at.y * at.k})`;
      if (at.k === drawnAt) return;
      clearTimeout(settling);
      if (drawnAt === null) { settle(); return; }
      settling = setTimeout(settle, 140);
    });
  }

  // While the zoom changes, what is painted is only stretched; then it is painted once more as it should be.
  function settle() {
    drawnAt = at.k;
    // Far away letters are specks: leaving them out keeps large graphs quick.
    svg.classList.toggle("far", at.k < 0.35);
    sheet.classList.add("still");
    requestAnimationFrame(() => requestAnimationFrame(() => sheet.classList.remove("still")));
  }

  function fit() {
    const w = box.clientWidth || 1, h = box.clientHeight || 1;
    const k = Math.min(w / size.w, h / size.h, 1.6);
    at = { k, x: (size.w - w / k) / 2, y: Math.min(0, (size.h - h / k) / 2) };
    paint();
  }

  // Where the whole is too small to read, the picture begins at a task that is of interest.
  function begin(name) {
    fit();
    const r = place(nodes.has(name) ? name : nodes.keys().next().value);
    if (!r || at.k >= 0.4) return;
    at.k = 0.8;
    centre(r);
    paint();
  }

  // In the middle, unless that would leave room beside the picture unused.
  function centre(r) {
    const w = box.clientWidth / at.k, h = box.clientHeight / at.k;
    const within = (from, view, all) => all <= view ? (all - view) / 2 : Math.max(0, Math.min(all - view, from));
    at.x = within(r.x + r.w / 2 - w / 2, w, size.w);
    at.y = within(r.y + r.h / 2 - h / 2, h, size.h);
  }

  function zoom(factor, px, py) {
    const w = box.clientWidth, h = box.clientHeight;
    const cx = px ?? w / 2, cy = py ?? h / 2;
    const smallest = Math.min(w / size.w, h / size.h, 1) / 2;
    const k = Math.min(6, Math.max(smallest, at.k * factor));
    at.x += cx / at.k - cx / k;
    at.y += cy / at.k - cy / k;
    at.k = k;
    paint();
  }

  function pan(dx, dy) { at.x -= dx / at.k; at.y -= dy / at.k; paint(); }

  function place(name) {
    const rect = nodes.get(name)?.querySelector(":scope > rect");
    if (!rect) return null;
    const n = (a) => Number(rect.getAttribute(a));
    return { x: n("x"), y: n("y"), w: n("width"), h: n("height") };
  }

  function reveal(name) {
    const r = place(name);
    if (!r) return;
    const w = box.clientWidth / at.k, h = box.clientHeight / at.k;
    if (at.k < 0.5) { at.k = Math.min(1, Math.max(0.8, at.k)); }
    const inside = r.x > at.x && r.y > at.y && r.x + r.w < at.x + w && r.y + r.h < at.y + h;
    if (!inside || w !== box.clientWidth / at.k) centre(r);
    paint();
  }

  function mark(name) {
    for (const node of nodes.values()) node.classList.remove("selected", "near");
    svg.classList.toggle("choosing", name !== null);
    selected = name;
    // The keys stay with the box; who listens hears the task that they have come to.
    if (name === null) { box.removeAttribute("aria-activedescendant"); return; }
    box.setAttribute("aria-activedescendant", nodes.get(name)?.id ?? "");
    nodes.get(name)?.classList.add("selected");
    const { needs, neededBy } = neighbours(name);
    for (const other of [...needs, ...neededBy]) nodes.get(other)?.classList.add("near");
  }

  function select(name, how) {
    if (!svg || (name !== null && !nodes.has(name))) return;
    mark(name);
    if (how === "reveal") reveal(name);
    if (how !== "silent") chosen(name);
  }

  // The nearest box in a direction: near along it, and not far to the side.
  function step(dx, dy) {
    if (selected === null) { const first = nodes.keys().next().value; if (first) select(first, "reveal"); return; }
    const from = place(selected);
    let best = null, least = Infinity;
    for (const name of nodes.keys()) {
      if (name === selected) continue;
      const r = place(name);
      const x = r.x + r.w / 2 - from.x - from.w / 2, y = r.y + r.h / 2 - from.y - from.h / 2;
      const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      if (along <= 1 || aside > along * 2) continue;
      const cost = along + aside * 2;
      if (cost < least) { least = cost; best = name; }
    }
    if (best) select(best, "reveal");
  }

  function find(text) {
    const wanted = text.trim().toLowerCase();
    let first = null;
    for (const [name, node] of nodes) {
      const hit = wanted !== "" && (node.querySelector("title")?.textContent ?? name).toLowerCase().includes(wanted);
      node.classList.toggle("found", hit);
      if (hit && first === null) first = name;
    }
    svg?.classList.toggle("finding", wanted !== "");
    if (first) reveal(first);
    return first;
  }

  box.setAttribute("role", "application");
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    const r = box.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - r.left, event.clientY - r.top);
  }, { passive: false });
  box.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = pointers.size > 1;
  });
  box.addEventListener("pointermove", (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const dx = event.clientX - last.x, dy = event.clientY - last.y;
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) { moved = true; box.setPointerCapture(event.pointerId); }
    if (pointers.size === 1) pan(dx, dy);
    else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const r = box.getBoundingClientRect();
      const was = Math.hypot(last.x - other.x, last.y - other.y), is = Math.hypot(event.clientX - other.x, event.clientY - other.y);
      if (was > 0) zoom(is / was, other.x - r.left, other.y - r.top);
    }
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  for (const end of ["pointerup", "pointercancel"]) {
    box.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  box.addEventListener("click", (event) => {
    if (moved) { moved = false; return; }
    const node = event.target.closest?.("[data-task]");
    select(node ? node.getAttribute("data-task") : null);
  });
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = 80;
    const keys = {
      ArrowLeft: () => event.shiftKey ? pan(far, 0) : step(-1, 0), ArrowRight: () => event.shiftKey ? pan(-far, 0) : step(1, 0),
      ArrowUp: () => event.shiftKey ? pan(0, far) : step(0, -1), ArrowDown: () => event.shiftKey ? pan(0, -far) : step(0, 1),
      "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "0": fit, Home: fit,
      Escape: () => select(null),
    };
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  new ResizeObserver(() => {
    // Hidden, it has no size: it stays where it is.
    if (!box.clientWidth) return;
    if (svg && selected) reveal(selected);
    else paint();
  }).observe(box);

  return {
    show, fit, begin, zoom, find,
    select: (name) => select(name, "reveal"),
    follow: (how) => { neighbours = how; },
    node: (name) => nodes.get(name),
    get selected() { return selected; },
  };
}
