// The footer of the page: which prover runs here and why, links to try other builds, and the button that deletes
// everything.

import type { Build, Environment as ProverEnvironment } from "@velum/prover";
import type { GpuEnvironment } from "@velum/prover/webgpu";

import { DATABASE as ISSUER_DATABASE } from "./issuer/authorities.ts";
import { deleteDatabase } from "./storage/database.ts";
import { h, newId, replace } from "./ui/dom.ts";
import { type Failure, failureOf } from "./failure.ts";
import { failureView } from "./ui/failure-view.ts";
import { DATABASE as PROOFS_DATABASE } from "./wallet/proofs.ts";
import { DATABASE as WALLET_DATABASE } from "./wallet/vault.ts";

const CHANNEL = "velum: forget";

/** The environment of the prover. It includes the state of the GPU if the prover may use one. */
export type Environment = ProverEnvironment & { readonly gpu?: GpuEnvironment };

const LABELS: Readonly<Record<Build, string>> = {
  "simd-threads": "SIMD, several threads",
  simd: "SIMD, one thread",
  scalar: "Scalar, one thread",
};

/** The choices that the page's address can ask for. */
const CHOICES: readonly (readonly [label: string, query: string])[] = [
  ["The best that runs here", ""],
  ...Object.entries(LABELS).map(([build, label]) => [label, `?build=${build}`] as const),
  ["A GPU where it is faster", "?gpu=auto"],
  ["A GPU in any case", "?gpu=require"],
];

/** `asked` is the query of the page's address. `refusal` is the reason if what it asks for does not run here. */
export function colophon(environment: Environment, asked: string, refusal: Failure | undefined): HTMLElement {
  const { build, threads, reason, crossOriginIsolated, gpu } = environment;
  return h(
    "div",
    { class: "colophon-grid" },
    h(
      "dl",
      { class: "environment" },
      pair("Prover", threads > 1 ? `SIMD, ${threads} threads` : LABELS[build], "build"),
      pair("Because", reason, "reason"),
      pair("Isolated", crossOriginIsolated ? "yes, by COOP and COEP" : "no", "isolated"),
      gpu && pair("GPU", gpuText(gpu), "gpu"),
    ),
    otherBuilds(asked),
    forget(),
    refusal && failureView(refusal),
  );
}

/** Shows the current state of the GPU. */
export function showGpu(gpu: GpuEnvironment): void {
  const shown = document.querySelector('[data-environment="gpu"]');
  if (shown !== null) shown.textContent = gpuText(gpu);
}

function gpuText({ state, adapter, reason }: GpuEnvironment): string {
  return [adapter, `${state}: ${reason}`].filter((part) => part !== undefined).join(", ");
}

function otherBuilds(asked: string): HTMLElement {
  const id = newId("builds");
  const links = CHOICES.map(([label, query]) =>
    h("li", {}, h("a", { href: query === "" ? "./" : query, "aria-current": query === asked && "page" }, label)),
  );
  return h("nav", { "aria-labelledby": id }, h("h2", { id }, "Try another build"), h("ul", {}, ...links));
}

function pair(name: string, value: string, id: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", { "data-environment": id }, value));
}

function forget(): HTMLElement {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = () => {
    location.reload();
  };
  const problem = h("div");
  const all = async (): Promise<void> => {
    // Open databases do not block the deletion: each tab closes its own. See `openDatabase`.
    await Promise.all([WALLET_DATABASE, PROOFS_DATABASE, ISSUER_DATABASE].map(deleteDatabase));
    channel.postMessage(null);
    location.reload();
  };
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => {
        if (!confirm("Forget every document, key and prepared proof of this page?")) return;
        all().catch((error: unknown) => {
          replace(problem, failureView(failureOf(error)));
        });
      },
    },
    "Forget everything",
  );
  return h(
    "div",
    { class: "forget" },
    h("p", { class: "hint" }, "Documents, keys and proofs are stored only in this browser."),
    button,
    problem,
  );
}
