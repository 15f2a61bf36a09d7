// The view of handing an answer to a market: the address, the progress, the cost and the receipt.

import type { HandOffProgress } from "@velum/prover/market";

import { lengthInWords } from "../bytes.ts";
import { duration } from "../time.ts";
import { h, labelled, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { saveButton } from "../ui/save-file.ts";
import type { Accepted } from "../verifier/verifier.ts";
import { type Given, type Handing, type Market, USUAL_MARKET } from "./market.ts";

/**
 * The form that hands accepted answers to a market. It is created only once, so that its progress continues while the
 * verdict is shown again.
 */
export function marketView(market: Market, accepted: () => Accepted | undefined): HTMLElement {
  const host = h("div", { class: "stack host" });
  const spoken = h("p", { class: "sr", role: "status" });
  const address = h("input", { type: "url", value: USUAL_MARKET, required: true, autocomplete: "off" });
  const submit = h("button", { type: "submit", class: "primary" }, "Hand to market");
  const handIn = (event: Event): void => {
    event.preventDefault();
    const now = accepted();
    if (now !== undefined) void market.handIn(now, address.value);
  };
  market.handing.watch((handing) => {
    const isUnderWay = handing.kind === "asking" || handing.kind === "handing";
    submit.disabled = isUnderWay;
    address.disabled = isUnderWay;
    replace(host, content(market, handing));
    const said = announcement(handing);
    if (spoken.textContent !== said) spoken.textContent = said;
  });
  return h(
    "section",
    { class: "stack", "aria-labelledby": "market-title" },
    h("h3", { id: "market-title" }, "Show it to others"),
    h(
      "p",
      { class: "hint" },
      "A market has many proofs folded into one. Its receipt shows anyone that this answer was counted, without the answer itself. The wallet makes another proof for the market, so its holder is asked again. The money is for demonstration, and worth nothing.",
    ),
    h("form", { class: "stack", submit: handIn }, labelled("The market’s address", address), submit),
    host,
    spoken,
  );
}

function content(market: Market, handing: Handing): HTMLElement | undefined {
  switch (handing.kind) {
    case "none":
      return undefined;
    case "keptBack":
      return h(
        "div",
        { class: "notice warn" },
        h("p", {}, h("strong", {}, "This answer is for you alone.")),
        h("ul", {}, ...handing.reasons.map((reason) => h("li", {}, reason))),
      );
    case "asking":
      return h("p", { class: "notice" }, "Waiting for the wallet. ", h("a", { href: "#wallet" }, "Decide there"), ".");
    case "declined":
      return h(
        "p",
        { class: "notice" },
        h("strong", {}, "Declined. "),
        "The holder did not agree. Nothing was handed in.",
      );
    case "handing":
      return underWay(market, handing);
    case "takenBack":
      return h("p", { class: "notice" }, h("strong", {}, "Taken back. "), "Nothing was paid.");
    case "given":
      return receiptView(handing.given);
    case "failed":
      return failureView(handing.failure);
  }
}

function underWay(market: Market, { estimate, maximum, progress }: Extract<Handing, { kind: "handing" }>): HTMLElement {
  const takeBack = h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => {
        market.takeBack();
      },
    },
    "Take it back",
  );
  return h(
    "div",
    { class: "notice stack", "data-handing": progress?.status?.state ?? progress?.step ?? "begun" },
    h("p", {}, h("strong", {}, stepInWords(progress))),
    progress?.trouble && h("p", {}, `The market is asked again: ${progress.trouble.message}`),
    h(
      "dl",
      { class: "figures" },
      estimate && figure("Lately paid", `${estimate.price} units`),
      maximum !== undefined && figure("Offered, at most", `${maximum} units`),
      progress?.status?.paid !== undefined && figure("Paid", `${progress.status.paid} units`),
    ),
    h("div", { class: "actions" }, takeBack),
  );
}

function stepInWords(progress: HandOffProgress | undefined): string {
  if (progress?.step === "cancelling" || progress?.step === "stopping") return "Taking it back…";
  switch (progress?.status?.state) {
    case "waiting":
      return "The market has the proof, and collects others like it.";
    case "offered":
      return "The proof is offered to providers who fold it.";
    case "locked":
      return "A provider is folding it.";
    case "settled":
      return "It is folded. The receipt is being fetched and checked.";
    default:
      return "Handing it in…";
  }
}

function receiptView({ receipt, market, count, provenBits, learnt, verifyMs, paid }: Given): HTMLElement {
  const others = count === 1 ? "alone in its aggregate" : `one of ${count} in its aggregate`;
  return h(
    "div",
    { class: "stack", "data-handing": "given" },
    h(
      "div",
      { class: "notice good" },
      h("p", { class: "headline" }, "Counted"),
      h("p", {}, `The receipt was checked in this browser, without asking anyone: the proof is ${others}.`),
      h("ul", { class: "learnt" }, ...learnt.slice(0, 1).map((fact) => h("li", {}, fact))),
    ),
    h(
      "dl",
      { class: "figures" },
      paid !== undefined && figure("Paid", `${paid} units`),
      figure("Checked in", duration(verifyMs)),
      figure("Receipt", lengthInWords(receipt.length)),
      figure("Proven", `${provenBits} bits`),
    ),
    h("p", { class: "hint" }, "From ", h("bdi", {}, market)),
    h("div", { class: "actions" }, saveButton("Save the receipt", "velum.receipt", "application/cbor", receipt)),
  );
}

function figure(name: string, value: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function announcement(handing: Handing): string {
  switch (handing.kind) {
    case "asking":
      return "The wallet waits for its holder’s decision.";
    case "handing":
      return stepInWords(handing.progress);
    case "given":
      return "Counted. The receipt holds.";
    case "takenBack":
      return "Taken back.";
    case "declined":
      return "Declined.";
    default:
      return "";
  }
}
