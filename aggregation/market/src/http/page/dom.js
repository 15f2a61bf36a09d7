// Making elements and filling tables, without HTML in strings.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes and children. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** Sets a text where it is another, so that what is selected stays selected. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A hash by its beginning; all of it is told to whoever points at it. */
export function short(hash) {
  return hash === undefined ? { text: "–" } : { text: `${hash.slice(0, 10)}…`, title: hash, code: true };
}

/**
 * Shows rows as a table, in place of what the host showed. A column is its name and what a row has there: a text, or text with
 * title and class. Cells that say the same are left alone.
 */
export function showTable(host, { label, columns, rows, empty }) {
  if (rows.length === 0) {
    host.replaceChildren(h("p", { class: "empty" }, empty));
    return;
  }
  const body = host.querySelector("tbody") ?? newTable(host, label, columns);
  while (body.rows.length > rows.length) body.deleteRow(-1);
  while (body.rows.length < rows.length) body.append(newRow(columns));
  rows.forEach((row, place) => {
    columns.forEach((column, at) => showCell(body.rows[place].cells[at], column.of(row)));
  });
}

function newTable(host, label, columns) {
  const heads = columns.map(({ name, number }) => h("th", { scope: "col", class: number ? "number" : undefined }, name));
  const body = h("tbody");
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), body);
  // Whoever has no pointer scrolls it all the same.
  host.replaceChildren(h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, table));
  return body;
}

function newRow(columns) {
  return h("tr", {}, ...columns.map(({ number }) => h("td", { class: number ? "number" : undefined }, h("span"))));
}

function showCell(cell, value) {
  const { text, title = "", code = false, className = "" } = typeof value === "string" ? { text: value } : value;
  const tag = code ? "CODE" : "SPAN";
  if (cell.firstElementChild.tagName !== tag) cell.replaceChildren(h(tag.toLowerCase()));
  const shown = cell.firstElementChild;
  setText(shown, text);
  if (shown.title !== title) shown.title = title;
  if (shown.className !== className) shown.className = className;
}

/** Shows names and values as a list of descriptions. */
export function showList(list, entries) {
  while (list.children.length > entries.length) list.lastElementChild.remove();
  while (list.children.length < entries.length) list.append(h("div", {}, h("dt"), h("dd")));
  entries.forEach(([name, value], place) => {
    const [term, description] = list.children[place].children;
    setText(term, name);
    setText(description, value);
  });
}
