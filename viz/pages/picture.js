// The pictures: what lights up at a step, and zoom and pan. Nothing is laid out again.

// One view: its elements by id, and the first step at which each is there.
function readView(panel) {
  const name = panel.dataset.view;
  const drawn = new Map();
  const first = new Map();
  const main = new Map();
  steps.forEach((step, i) => {
    for (const id of step.lit[name] ?? []) {
      const found = drawn.get(id) ?? document.getElementById(`${name}-${id}`);
      if (!found) continue;
      drawn.set(id, found);
      if (!first.has(id)) first.set(id, i);
    }
  });
  for (const [id, found] of drawn) if (!found.classList.contains("edge")) main.set(found, first.get(id));
  const svg = panel.querySelector("svg");
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  return { name, tab: name.split(".")[0], panel, svg, width, height, drawn, first, main, scale: 1 };
}

const views = panels.map(readView);
const tabs = views.filter(({ name, tab }) => name === tab);
let view = views[0];

function light(current) {
  for (const { name, drawn, first } of views) {
    const lit = new Set(steps[current].lit[name]);
    for (const [id, found] of drawn) {
      found.classList.toggle("later", first.get(id) > current);
      found.classList.toggle("now", lit.has(id));
    }
  }
  follow();
}

// Bring what is lit into sight: its middle, or its beginning if it is wider than the window.
function follow() {
  const lit = [...view.panel.querySelectorAll(".node.now, .now > a")];
  if (!lit.length) return;
  const boxes = lit.map((found) => found.getBoundingClientRect());
  const frame = view.panel.getBoundingClientRect();
  const [left, right] = [Math.min(...boxes.map((box) => box.left)), Math.max(...boxes.map((box) => box.right))];
  const [top, bottom] = [Math.min(...boxes.map((box) => box.top)), Math.max(...boxes.map((box) => box.bottom))];
  if (left > frame.left + 40 && right < frame.right - 40 && top > frame.top && bottom < frame.bottom) return;
  const wide = right - left > frame.width - 80;
  view.panel.scrollBy({
    left: wide ? left - frame.left - 40 : (left + right - frame.left - frame.right) / 2,
    top: (top + bottom - frame.top - frame.bottom) / 2,
    behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth",
  });
}

// Zoom about a point of the window, the middle if none is given.
function zoom(scale, x, y) {
  const { panel, svg, width } = view;
  const frame = panel.getBoundingClientRect();
  const [dx, dy] = [(x ?? frame.left + frame.width / 2) - frame.left, (y ?? frame.top) - frame.top];
  const ratio = Math.min(Math.max(scale, 0.1), 6) / view.scale;
  const [left, top] = [(panel.scrollLeft + dx) * ratio - dx, (panel.scrollTop + dy) * ratio - dy];
  view.scale *= ratio;
  svg.style.width = `${width * view.scale}px`;
  panel.scrollTo(left, top);
}

// The whole picture, but never so small that it cannot be read.
function fit() {
  const { panel, width, height } = view;
  const most = parseFloat(getComputedStyle(panel).maxHeight);
  zoom(Math.min(1, Math.max(Number(panel.dataset.least), Math.min((panel.clientWidth - 24) / width, (most - 24) / height))));
}

function pan(x, y) {
  view.panel.scrollBy(x, y);
}

// A view as the tab that is shown.
function showView(chosen) {
  view = chosen;
  for (const { name, panel } of views) panel.hidden = name !== view.name;
  for (const { tab } of tabs) {
    const shown = tab === view.tab;
    element(`tab-${tab}`).setAttribute("aria-selected", shown);
    element(`tab-${tab}`).tabIndex = shown ? 0 : -1;
    if (shown) element(`tab-${tab}`).setAttribute("aria-controls", view.panel.id);
  }
  if (!view.fitted) {
    view.fitted = true;
    fit();
  }
  follow();
}

function listenToPictures() {
  for (const { panel } of views) {
    panel.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(view.scale * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    }, { passive: false });
    panel.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType === "mouse") panel.dataset.dragged = "";
    });
    panel.addEventListener("pointermove", (event) => {
      if (event.buttons === 1 && "dragged" in panel.dataset) {
        panel.dataset.dragged = "yes";
        pan(-event.movementX, -event.movementY);
      } else nameArrow(event);
    });
    panel.addEventListener("pointerleave", () => { element("arrow-name").hidden = true; });
    panel.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (link) event.preventDefault();
      if (panel.dataset.dragged === "yes") return;
      if (link) followLink(link);
      else jump(event.target);
    });
    panel.addEventListener("dragstart", (event) => event.preventDefault());
  }
}

// Name the arrow under the pointer.
function nameArrow(event) {
  const arrow = event.target.closest?.(".edge");
  const label = element("arrow-name");
  label.hidden = !arrow;
  if (!arrow) return;
  label.textContent = arrowName(arrow);
  label.style.left = `${Math.min(event.clientX + 12, innerWidth - label.offsetWidth - 8)}px`;
  label.style.top = `${event.clientY + 14}px`;
}

const KINDS = { fwd: "forward", bwd: "backward", cache: "cache" };

// forward: W₂ → @
function arrowName(arrow) {
  const [tail, head] = arrow.id.slice(view.name.length + 1).split("->");
  const kind = Object.keys(KINDS).find((found) => arrow.classList.contains(found));
  return `${KINDS[kind]}: ${nodeName(tail)} → ${nodeName(head)}`;
}

// What a node shows first; the id of one of several arrows between two nodes ends with its number.
function nodeName(id) {
  const node = document.getElementById(`${view.name}-${id}`) ?? document.getElementById(`${view.name}-${id.replace(/\.\d+$/, "")}`);
  return node?.querySelector("text")?.textContent ?? id;
}

// Links lead to the layout in which a box is open, or closed again; the link that leads back has the focus.
function followLink(link) {
  const { name, scale } = view;
  chooseView(views.find((found) => `#${found.name}` === link.getAttribute("href")));
  zoom(scale);
  view.panel.querySelector(`a[href="#${name}"]`)?.focus();
}

// Go to the step at which a node is made.
function jump(target) {
  for (let found = target; found && found !== view.panel; found = found.parentNode) {
    if (view.main.has(found)) return go(view.main.get(found));
  }
}
