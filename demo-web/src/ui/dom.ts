// Creates elements, without HTML in strings.

export type Child = Node | string | undefined | false;
type Listener = (event: Event) => void;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | Listener>>;

const SVG = "http://www.w3.org/2000/svg";

/**
 * Creates an HTML element. An attribute whose value is a function listens to the event of that name. `true` sets an
 * attribute without a value. `false` and `undefined` set no attribute.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Creates an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/**
 * Replaces the content of `host`. If the element with the focus is removed, `host` takes the focus, so that people who
 * use the keyboard stay where they were.
 */
export function replace(host: HTMLElement, ...children: Child[]): void {
  const hadFocus = host !== document.activeElement && host.contains(document.activeElement);
  host.replaceChildren(...children.filter((child) => child !== undefined && child !== false));
  if (hadFocus) {
    host.tabIndex = -1;
    host.focus({ preventScroll: true });
  }
}

let ids = 0;

/** An id that no other element has. */
export function newId(prefix: string): string {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** A control under its label. */
export function labelled(
  label: string,
  control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement,
): HTMLElement {
  control.id ||= newId("control");
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control);
}

/** A list to choose from, in which the option `selected` is chosen. */
export function choice(
  options: readonly { readonly value: string; readonly label: string }[],
  selected: string | undefined,
  attributes: Attributes = {},
): HTMLSelectElement {
  return h(
    "select",
    attributes,
    ...options.map(({ value, label }) => h("option", { value, selected: value === selected }, label)),
  );
}

/** A checkbox, followed by its label. */
export function labelledBox(label: Child, box: HTMLInputElement): HTMLElement {
  return h("label", { class: "box" }, box, h("span", {}, label));
}
