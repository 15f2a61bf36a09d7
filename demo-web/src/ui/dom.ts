// Making elements, without HTML in strings.

export type Child = Node | string | undefined | false;
type Listener = (event: Event) => void;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | Listener>>;

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. A function listens to the event of its name; `true` is an attribute without value, and `false` and
 * `undefined` are none.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
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
 * Puts other content into `host`. If what had the focus goes away, `host` takes it, so that someone at the keyboard
 * stays where they were.
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

/** A choice of several, the `selected` one chosen. */
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

/** A box to tick, with its label behind it. */
export function labelledBox(label: Child, box: HTMLInputElement): HTMLElement {
  return h("label", { class: "box" }, box, h("span", {}, label));
}
