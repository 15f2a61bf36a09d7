// Shows the pool of prepared proofs, and what is being prepared.

import { elementLabel } from "../documents.ts";
import { h, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { workView } from "../ui/work.ts";
import type { Filling } from "./filler.ts";
import type { Shape } from "./shape.ts";
import type { PoolLine, Wallet } from "./wallet.ts";

export function poolView(wallet: Wallet): HTMLElement {
  const lines = h("ul", { class: "pool" });
  const filling = h("div", { class: "host" });
  wallet.pool.watch((pool) => {
    lines.replaceChildren(...pool.map(line));
    lines.hidden = pool.length === 0;
  });
  wallet.filler.state.watch((state) => {
    replace(filling, fillingView(wallet, state));
  });
  return h(
    "div",
    { class: "stack" },
    lines,
    filling,
    h(
      "p",
      { class: "hint" },
      "Each proof serves once, so that two answers cannot be linked. The proofs are sealed in this browser’s storage.",
    ),
  );
}

function line({ shape, ready, target }: PoolLine): HTMLElement {
  const slots = Math.max(ready, target);
  const dots = Array.from({ length: slots }, (_, index) => h("span", { class: index < ready ? "dot full" : "dot" }));
  return h(
    "li",
    {},
    h("span", { class: "pool-name" }, shapeInWords(shape)),
    h("span", { class: "dots", "aria-hidden": "true" }, ...dots),
    h("span", { class: "pool-count" }, `${ready} ready`),
  );
}

function fillingView(wallet: Wallet, state: Filling): HTMLElement | undefined {
  const resume = (label: string): HTMLButtonElement =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        click: () => {
          wallet.filler.resume();
        },
      },
      label,
    );
  switch (state.kind) {
    case "idle":
      return undefined;
    case "working":
      return workView(state.work, "Pause");
    case "paused":
      return h("div", { class: "work-body" }, h("span", {}, "Preparing is paused."), resume("Resume"));
    case "elsewhere":
      return h("p", { class: "hint" }, "Another tab of this page is preparing.");
    case "failed":
      return h("div", { class: "stack" }, failureView(state.failure), resume("Try again"));
  }
}

function shapeInWords({ elements }: Shape): string {
  return elements.map(({ namespace, element }) => elementLabel(namespace, element)).join(", ");
}
