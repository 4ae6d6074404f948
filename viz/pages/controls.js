// Steps: buttons, keys, the scrubber, playing, and the hash of the address.

const last = steps.length - 1;
const turn = steps.findIndex(({ sweep }) => sweep === "seed");
let current = 0;
let timer = null;

function go(step) {
  current = Math.min(Math.max(step, 0), last);
  light(current);
  showPanel(steps[current]);
  element("scrubber").value = current;
  element("scrubber").setAttribute("aria-valuetext", `${current} of ${last}: ${steps[current].title}`);
  element("count").textContent = `${current} / ${last}`;
  for (const id of ["first", "back"]) element(id).disabled = current === 0;
  for (const id of ["next", "last"]) element(id).disabled = current === last;
  element("link").setAttribute("href", hash());
  if (location.protocol !== "about:" && location.hash !== hash()) history.replaceState(null, "", hash());
}

const hash = () => `#${view.name}/${current}`;

// #ops/7 is step 7 in the view of operations.
function readHash() {
  const [name, step] = location.hash.slice(1).split("/");
  showView(views.find((found) => found.name === name) ?? view);
  go(Number.parseInt(step, 10) || 0);
}

function play(on) {
  clearTimeout(timer);
  timer = on ? setTimeout(tick, Number(element("speed").value)) : null;
  element("play-text").textContent = on ? "pause" : "play";
  element("play-icon").setAttribute("d", on ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2v12l8-6z");
}

function tick() {
  go(current + 1);
  play(current < last);
}

function togglePlay() {
  if (!timer && current === last) go(0);
  play(!timer);
}

function stepTo(step) {
  play(false);
  go(step);
}

const KEYS = {
  " ": togglePlay,
  ArrowRight: () => stepTo(current + 1),
  ArrowLeft: () => stepTo(current - 1),
  Home: () => stepTo(0),
  End: () => stepTo(last),
  "+": () => zoom(view.scale * 1.25),
  "=": () => zoom(view.scale * 1.25),
  "-": () => zoom(view.scale / 1.25),
  0: fit,
  1: () => zoom(1),
};
const PANS = { ArrowRight: [80, 0], ArrowLeft: [-80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };

// Keys that a control needs for itself stay its own: the arrows of a list, the space of a button.
function isTaken({ target, key }) {
  if (target.matches("select")) return true;
  return target.matches("button, input") && key === " " || target.matches("[role=tab], input") && key.startsWith("Arrow");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTaken(event)) return;
  const act = event.shiftKey && PANS[event.key] ? () => pan(...PANS[event.key]) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function onTabKey(event) {
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!move) return;
  const here = tabs.findIndex(({ tab }) => tab === view.tab);
  const chosen = tabs[(here + move + tabs.length) % tabs.length];
  chooseView(chosen);
  element(`tab-${chosen.name}`).focus();
}

function chooseView(chosen) {
  showView(chosen);
  go(current);
}

function listen() {
  const clicks = {
    first: () => stepTo(0), back: () => stepTo(current - 1), next: () => stepTo(current + 1), last: () => stepTo(last),
    play: togglePlay, smaller: () => zoom(view.scale / 1.25), larger: () => zoom(view.scale * 1.25), fit, full: () => zoom(1),
  };
  for (const [id, act] of Object.entries(clicks)) element(id).addEventListener("click", act);
  element("scrubber").addEventListener("input", (event) => stepTo(Number(event.target.value)));
  element("speed").addEventListener("change", () => timer && play(true));
  for (const found of tabs) {
    element(`tab-${found.name}`).addEventListener("click", () => chooseView(found));
    element(`tab-${found.name}`).addEventListener("keydown", onTabKey);
  }
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", readHash);
  listenToPictures();
}

element("scrubber").max = last;
element("link").hidden = location.protocol === "about:"; // a frame in a notebook has no address of its own
element("forward-part").style.flexGrow = turn < 0 ? last : turn;
element("backward-part").style.flexGrow = turn < 0 ? 0 : last - turn;
listen();
readHash();
