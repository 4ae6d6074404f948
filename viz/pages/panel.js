// The panel: what happens at a step, and with which numbers.

const SWEEPS = {
  start: "given", forward: "forward", seed: "backward", backward: "backward", sum: "backward: derivatives meet",
};

function describe(step) {
  const facts = make("div", { class: "facts" },
    make("p", { class: `sweep ${step.sweep}` }, SWEEPS[step.sweep]),
    make("h2", { class: "formula" }, step.title),
    ...(step.formulas ?? []).map((formula) => make("p", { class: "formula rule" }, formula)));
  if (step.code) facts.append(make("p", { class: "code" }, make("code", {}, step.code), make("small", {}, step.place)));
  else if (step.place) facts.append(make("p", { class: "code" }, make("small", {}, step.place)));
  if (step.operation) facts.append(make("p", { class: "definition" }, step.operation));
  if (step.cache) facts.append(make("p", { class: "cached" }, "cached for the way back: ", make("b", {}, step.cache)));
  if (step.note) facts.append(make("p", { class: "note" }, step.note));
  return facts;
}

function showGroup({ title, cards }) {
  return make("div", { class: "group" }, make("h3", {}, title),
    make("div", { class: "cards" }, ...cards.map(showCard)));
}

function showCard({ name, array }) {
  const { shape, rows, heat } = arrays[array];
  return make("figure", { class: "card" },
    make("figcaption", {}, make("b", {}, name), " ", make("span", { class: "shape" }, shape)),
    heat ? showHeat(name, arrays[array]) : showNumbers(rows));
}

function showNumbers(rows) {
  if (!rows.length) return make("p", { class: "empty" }, "empty");
  return make("table", {}, make("tbody", {}, ...rows.map((row) =>
    make("tr", {}, ...row.map((number) => make("td", number === "0" ? { class: "zero" } : {}, number))))));
}

const [below, above] = ["--below", "--above"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name));

// Blue below zero, orange above, white at zero; what is no number is crossed out.
function showHeat(name, { heat, scale, min, max, mean, nan, infinite, block }) {
  const size = Math.max(2, Math.min(12, Math.floor(320 / heat[0].length), Math.floor(160 / heat.length)));
  const label = `${name} as a heat map: from ${min} to ${max}, mean ${mean}`;
  const canvas = make("canvas", { width: heat[0].length * size, height: heat.length * size, role: "img", "aria-label": label });
  const pen = canvas.getContext("2d");
  heat.forEach((row, y) => row.forEach((cell, x) => paintCell(pen, cell, x * size, y * size, size)));
  const facts = [`min ${min}`, `max ${max}`, `mean ${mean}`];
  if (block > 1) facts.push(`a cell is the mean of ${block}`);
  if (nan) facts.push(`${nan} NaN`);
  if (infinite) facts.push(`${infinite} ∞`);
  return make("div", {}, canvas, make("p", { class: "range" }, facts.join("  ·  ")),
    make("p", { class: "scale" }, `−${scale}`, make("span", { class: "ramp", role: "presentation" }), `+${scale}`));
}

function paintCell(pen, cell, x, y, size) {
  if (typeof cell === "number") {
    const strength = Math.round(Math.abs(cell) * 2.55).toString(16).padStart(2, "0");
    pen.fillStyle = "#fff";
    pen.fillRect(x, y, size, size);
    pen.fillStyle = (cell < 0 ? below : above) + strength;
    pen.fillRect(x, y, size, size);
    return;
  }
  pen.fillStyle = "#000";
  pen.fillRect(x, y, size, size);
  pen.strokeStyle = cell === "nan" ? "#f0f" : "#ff0";
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + size, y + size);
  if (cell === "nan") { pen.moveTo(x + size, y); pen.lineTo(x, y + size); }
  pen.stroke();
}

function showPanel(step) {
  element("panel").replaceChildren(describe(step),
    make("div", { class: "groups" }, ...step.groups.filter(({ cards }) => cards.length).map(showGroup)));
}
