// A long call: its progress, and a way to cancel it.

import type { CallOptions } from "@velum/prover";

import type { StageTime } from "../time.ts";
import { duration, stageLabel } from "../time.ts";
import { h, newId } from "./dom.ts";
import { Store } from "./store.ts";

export interface Progress {
  readonly stage: string;
  readonly fraction: number;
}

export class Work {
  readonly label: string;
  readonly progress = new Store<Progress>({ stage: "starting", fraction: 0 });
  readonly #abort: AbortController;
  readonly #begun = performance.now();
  readonly #stages: { stage: string; begun: number }[] = [];

  /** The steps of one call share `abort`. */
  constructor(label: string, abort = new AbortController()) {
    this.label = label;
    this.#abort = abort;
  }

  /** The options with which a call of the prover can be followed and cancelled. */
  get options(): CallOptions {
    return {
      signal: this.#abort.signal,
      onProgress: (name, fraction, device) => {
        const stage = stageLabel(name, device);
        this.#stages.push({ stage, begun: performance.now() });
        this.progress.set({ stage, fraction });
      },
    };
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** Milliseconds since the work began. */
  get ms(): number {
    return performance.now() - this.#begun;
  }

  /** How long each stage has taken, in the order in which the stages first began. A stage may begin several times. */
  get stages(): StageTime[] {
    const end = performance.now();
    const times = new Map<string, number>();
    this.#stages.forEach(({ stage, begun }, index) => {
      const ms = (this.#stages[index + 1]?.begun ?? end) - begun;
      times.set(stage, (times.get(stage) ?? 0) + ms);
    });
    return [...times].map(([stage, ms]) => ({ stage, ms }));
  }
}

/** A progress bar with a button that cancels the work. */
export function workView(work: Work, cancelLabel = "Cancel"): HTMLElement {
  const id = newId("work");
  const bar = h("progress", { max: 1, "aria-labelledby": id });
  const detail = h("span", { class: "detail" });
  work.progress.watch(({ stage, fraction }) => {
    bar.value = fraction;
    detail.textContent = `${stage} · ${duration(work.ms)}`;
  });
  return h(
    "div",
    { class: "work" },
    h("div", { class: "work-head" }, h("span", { id }, work.label), detail),
    h(
      "div",
      { class: "work-body" },
      bar,
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          click: () => {
            work.cancel();
          },
        },
        cancelLabel,
      ),
    ),
  );
}
