// What the page was given: the steps of both sweeps, and the arrays that they show.
const { steps, arrays } = JSON.parse(document.getElementById("story").textContent);

const panels = [...document.querySelectorAll("[role=tabpanel]")];
const element = (id) => document.getElementById(id);

// Elements are made, never written as markup: names are the user's own text.
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== ""));
  return made;
}
