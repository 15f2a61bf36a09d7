// Charts of the last hour, drawn as SVG. Each can be read with the arrow keys and by who does not see it.

import { h, setText, svg } from "./dom.js";

const MINUTE = 60_000;
const SPAN = 60;
const MARGIN = { left: 52, right: 10, top: 12, bottom: 24 };

/** A chart in a figure of its own. `draw` is told what every minute has, by profile. */
export class Chart {
  #kind;
  #format;
  #title;
  #plot = svg("svg", { tabindex: 0, role: "img" });
  #readout = h("p", { class: "readout", "aria-live": "polite" });
  #legend = h("p", { class: "legend" });
  #series = [];
  #last = 0;
  /** The minute that is read, counted from the first; none where the readout is about the newest. */
  #cursor = undefined;

  /** `kind` is bars or curve, `format` writes a value with its unit. */
  constructor(host, { title, kind, format }) {
    this.#title = title;
    this.#kind = kind;
    this.#format = format;
    host.append(h("figure", {}, h("figcaption", {}, title), this.#legend, this.#plot, this.#readout));
    this.#plot.addEventListener("keydown", (event) => this.#onKey(event));
    this.#plot.addEventListener("pointermove", (event) => this.#onPointer(event));
    this.#plot.addEventListener("pointerleave", () => this.#moveTo(undefined));
    this.#plot.addEventListener("blur", () => this.#moveTo(undefined));
    new ResizeObserver(() => this.#render()).observe(this.#plot);
  }

  /** Shows series, each a name and pairs of a time and a value, up to the minute of `now`. */
  draw(series, now) {
    this.#last = Math.floor(now / MINUTE);
    const place = (at) => Math.floor(at / MINUTE) - this.#last + SPAN - 1;
    this.#series = series.map(({ name, points }) => ({
      name,
      points: points.map(([at, value]) => [place(at), value]).filter(([minute]) => minute >= 0 && minute < SPAN),
    }));
    this.#render();
  }

  #render() {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    if (width === 0) return;
    const values = this.#series.flatMap(({ points }) => points.map(([, value]) => value));
    const step = niceStep(Math.max(1, ...values));
    const most = step * Math.ceil(Math.max(1, ...values) / step);
    const slot = (width - MARGIN.left - MARGIN.right) / SPAN;
    const x = (minute) => MARGIN.left + (minute + 0.5) * slot;
    const y = (value) => height - MARGIN.bottom - (value / most) * (height - MARGIN.top - MARGIN.bottom);
    const shapes = this.#series.map((series, place) => {
      const shapes = this.#kind === "bars" ? bars(series, { x, y, slot, place, of: this.#series.length }) : curve(series, x, y);
      return svg("g", { class: place === 0 ? "series" : "series second" }, ...shapes);
    });
    const cursor = this.#cursor === undefined ? [] : [line(x(this.#cursor), MARGIN.top, x(this.#cursor), y(0), "cursor")];
    this.#plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#plot.setAttribute("aria-label", this.#summary());
    this.#plot.replaceChildren(...this.#axes({ width, most, step, x, y }), ...cursor, ...shapes);
    this.#legend.hidden = this.#series.length < 2;
    this.#legend.replaceChildren(
      ...this.#series.map(({ name }, place) => h("span", { class: place === 0 ? "series" : "series second" }, name)),
    );
    setText(this.#readout, this.#reading());
  }

  #axes({ width, most, step, x, y }) {
    const shapes = [];
    for (let value = 0; value <= most; value += step) {
      shapes.push(line(MARGIN.left, y(value), width - MARGIN.right, y(value), "axis"));
      shapes.push(svg("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, this.#format(value)));
    }
    for (const minute of [0, 20, 40, SPAN - 1]) {
      const anchor = minute === 0 ? "start" : minute === SPAN - 1 ? "end" : "middle";
      const text = minute === SPAN - 1 ? "now" : `−${SPAN - minute} min`;
      shapes.push(svg("text", { x: x(minute), y: y(0) + 18, "text-anchor": anchor }, text));
    }
    return shapes;
  }

  /** What there is at a minute, in words. */
  #at(minute) {
    const found = this.#series.flatMap(({ name, points }) => {
      const point = points.find(([at]) => at === minute);
      return point === undefined ? [] : [`${this.#format(point[1])}${this.#series.length > 1 ? ` (${name})` : ""}`];
    });
    return found.length === 0 ? "nothing was settled" : found.join(", ");
  }

  #reading() {
    if (this.#cursor !== undefined) {
      const at = new Date((this.#last - SPAN + 1 + this.#cursor) * MINUTE);
      return `${at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}: ${this.#at(this.#cursor)}`;
    }
    const newest = Math.max(-1, ...this.#series.flatMap(({ points }) => points.map(([minute]) => minute)));
    if (newest < 0) return "Nothing was settled in the last hour.";
    const ago = SPAN - 1 - newest;
    return `${ago === 0 ? "This minute" : `${ago} min ago`}: ${this.#at(newest)}`;
  }

  #summary() {
    const values = this.#series.flatMap(({ points }) => points.map(([, value]) => value));
    if (values.length === 0) return `${this.#title}: nothing was settled in the last hour.`;
    const [least, most] = [Math.min(...values), Math.max(...values)].map(this.#format);
    return `${this.#title}, from ${least} to ${most} in the last hour. Left and right arrow keys read each minute.`;
  }

  #onKey(event) {
    const from = this.#cursor ?? SPAN - 1;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: SPAN - 1, Escape: undefined };
    if (!(event.key in to)) return;
    event.preventDefault();
    this.#moveTo(to[event.key]);
  }

  #onPointer(event) {
    const { left, width } = this.#plot.getBoundingClientRect();
    const slot = (width - MARGIN.left - MARGIN.right) / SPAN;
    this.#moveTo(Math.floor((event.clientX - left - MARGIN.left) / slot));
  }

  #moveTo(minute) {
    this.#cursor = minute === undefined ? undefined : Math.min(SPAN - 1, Math.max(0, minute));
    this.#render();
  }
}

function bars({ points }, { x, y, slot, place, of }) {
  const width = Math.max(1, (slot * 0.8) / of);
  return points.map(([minute, value]) => {
    const left = x(minute) - (width * of) / 2 + width * place;
    return svg("rect", { class: "bar", x: left, y: y(value), width, height: y(0) - y(value) });
  });
}

function curve({ points }, x, y) {
  const path = points.map(([minute, value], place) => `${place === 0 ? "M" : "L"}${x(minute)} ${y(value)}`).join("");
  const dots = points.map(([minute, value]) => svg("circle", { class: "point", cx: x(minute), cy: y(value), r: 3 }));
  return [svg("path", { class: "curve", d: path }), ...dots];
}

function line(x1, y1, x2, y2, name) {
  return svg("line", { x1, y1, x2, y2, class: name });
}

/** A round step that divides a value into two to five. */
function niceStep(most) {
  const power = 10 ** Math.floor(Math.log10(most / 2));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 5);
  return Math.max(1, step);
}
