// A bar chart of where the time went.

import { duration } from "../time.ts";
import { h, newId, s } from "../ui/dom.ts";
import type { StageTime } from "../time.ts";

export interface Series {
  readonly name: string;
  readonly style: "ahead" | "waited";
  readonly ms: number;
  readonly stages: readonly StageTime[];
}

const ROW = 20;
const LABEL = 178;
const VALUE = 58;
const THICK = 11;
/** Stages with a smaller share of the time are summed up in the last bar. */
const LEAST_SHARE = 0.01;

/** One figure for several series, all drawn to the same scale. */
export function stageChart(series: readonly Series[]): HTMLElement {
  const shown = series.map((one) => ({ ...one, stages: longest(one) }));
  const scale = Math.max(1, ...shown.flatMap(({ stages }) => stages.map(({ ms }) => ms)));
  return h("figure", { class: "chart" }, ...shown.map((one) => seriesView(one, scale)));
}

function longest({ stages, ms: total }: Series): readonly StageTime[] {
  const long = stages.filter(({ ms }) => ms >= total * LEAST_SHARE);
  const rest = total - long.reduce((sum, { ms }) => sum + ms, 0);
  return rest >= 1 ? [...long, { stage: "other", ms: rest }] : long;
}

function seriesView({ name, style, ms, stages }: Series, scale: number): HTMLElement {
  const title = newId("chart");
  const rows = stages.map((stage, index) => row(stage, index, scale, style));
  const text = stages.map((stage) => `${stage.stage} ${duration(stage.ms)}`).join(", ");
  return h(
    "div",
    {},
    h("p", { class: "chart-title", id: title }, name, h("span", {}, duration(ms))),
    s("svg", { height: stages.length * ROW, role: "img", "aria-label": `${name}: ${text}` }, ...rows),
  );
}

function row({ stage, ms }: StageTime, index: number, scale: number, style: Series["style"]): SVGGElement {
  const middle = index * ROW + ROW / 2;
  const bar = s("rect", { x: LABEL, y: middle - THICK / 2, height: THICK, rx: 2 });
  // The text keeps its size, and the bars take the width that is left.
  bar.style.width = `max(2px, calc((100% - ${LABEL + VALUE}px) * ${(ms / scale).toFixed(4)}))`;
  return s(
    "g",
    { class: style },
    s("text", { x: 0, y: middle }, stage),
    bar,
    s("text", { x: "100%", y: middle, "text-anchor": "end" }, duration(ms)),
  );
}
