// The foot of the page: what proves here and why, another build to try, and the way to forget everything.

import type { Build, Environment } from "@velum/prover";

import { DATABASE as ISSUER_DATABASE } from "./issuer/authorities.ts";
import { deleteDatabase } from "./storage/database.ts";
import { h, newId, replace } from "./ui/dom.ts";
import { type Failure, failureOf } from "./failure.ts";
import { failureView } from "./ui/failure-view.ts";
import { DATABASE as WALLET_DATABASE } from "./wallet/vault.ts";

const CHANNEL = "velum: forget";

const LABELS: Readonly<Record<Build | "auto", string>> = {
  auto: "The best that runs here",
  "simd-threads": "SIMD, several threads",
  simd: "SIMD, one thread",
  scalar: "Scalar, one thread",
};

/** `refusal` is why the asked build does not run here. */
export function colophon(environment: Environment, asked: Build | "auto", refusal: Failure | undefined): HTMLElement {
  const { build, threads, reason, crossOriginIsolated } = environment;
  return h(
    "div",
    { class: "colophon-grid" },
    h(
      "dl",
      { class: "environment" },
      pair("Prover", threads > 1 ? `SIMD, ${threads} threads` : LABELS[build], "build"),
      pair("Because", reason, "reason"),
      pair("Isolated", crossOriginIsolated ? "yes, by COOP and COEP" : "no", "isolated"),
    ),
    otherBuilds(asked),
    forget(),
    refusal && failureView(refusal),
  );
}

function otherBuilds(asked: Build | "auto"): HTMLElement {
  const id = newId("builds");
  const links = Object.entries(LABELS).map(([build, label]) => {
    const href = build === "auto" ? "./" : `?${new URLSearchParams({ build }).toString()}`;
    return h("li", {}, h("a", { href, "aria-current": build === asked && "page" }, label));
  });
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
    // An open database gives way by itself: see `openDatabase`.
    await Promise.all([WALLET_DATABASE, ISSUER_DATABASE].map(deleteDatabase));
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
    h("p", { class: "hint" }, "Documents, keys and proofs lie in this browser only."),
    button,
    problem,
  );
}
