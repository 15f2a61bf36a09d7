// What came of a request: the verdict, what was learnt, what it took, and tampering with it.

import { lengthInWords } from "../bytes.ts";
import { duration } from "../time.ts";
import { h, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { workView } from "../ui/work.ts";
import { factInWords } from "../words.ts";
import { type Series, stageChart } from "./chart.ts";
import { envelopeView } from "./envelope-view.ts";
import { TAMPERINGS } from "./tamper.ts";
import type { Accepted, Attempt, Verdict, Verifier } from "./verifier.ts";

export function verdictView(verifier: Verifier): HTMLElement {
  const host = h("div", { class: "verdict" });
  const spoken = h("p", { class: "sr", role: "status" });
  verifier.verdict.watch((verdict) => {
    replace(host, content(verifier, verdict));
    spoken.textContent = announcement(verdict);
  });
  return h("div", {}, host, spoken);
}

function content(verifier: Verifier, verdict: Verdict): HTMLElement {
  switch (verdict.kind) {
    case "none":
      return h("p", { class: "empty" }, "Nothing asked yet.");
    case "waiting":
      return h("p", { class: "notice" }, "Waiting for the wallet. ", h("a", { href: "#wallet" }, "Decide there"), ".");
    case "verifying":
      return workView(verdict.work);
    case "declined":
      return h(
        "p",
        { class: "notice" },
        h("strong", {}, "Declined. "),
        "The holder did not agree, or the wallet has no such document.",
      );
    case "refused":
      return failureView(verdict.failure);
    case "accepted":
      return acceptedView(verifier, verdict.accepted);
  }
}

function announcement(verdict: Verdict): string {
  switch (verdict.kind) {
    case "waiting":
      return "Asked. The wallet waits for its holder’s decision.";
    case "accepted":
      return "Verified.";
    case "declined":
      return "Declined.";
    default:
      return "";
  }
}

function acceptedView(verifier: Verifier, accepted: Accepted): HTMLElement {
  const { evidence, facts, issuerName, verifyMs, measured } = accepted;
  const waited = measured.ahead ? measured.presentMs : measured.prepareMs + measured.presentMs;
  return h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "notice good" },
      h("p", { class: "headline" }, "Verified"),
      h("ul", { class: "learnt" }, ...facts.map((fact) => h("li", {}, factInWords(fact, "the holder", issuerName)))),
    ),
    h(
      "dl",
      { class: "figures" },
      figure("Waited for the proof", duration(waited)),
      figure("Verified in", duration(verifyMs)),
      figure("Proof", lengthInWords(evidence.presentation.length)),
    ),
    h("section", {}, h("h3", {}, "Where the time went"), stageChart(seriesOf(accepted))),
    tamperView(verifier),
    envelopeView(evidence),
  );
}

function figure(name: string, value: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function seriesOf({ measured }: Accepted): Series[] {
  const { ahead, prepareMs, prepareStages, presentMs, presentStages } = measured;
  return [
    { name: "Presentation", style: "waited", ms: presentMs, stages: presentStages },
    {
      name: ahead ? "Credential proof, made ahead" : "Credential proof, made on the spot",
      style: ahead ? "ahead" : "waited",
      ms: prepareMs,
      stages: prepareStages,
    },
  ];
}

function tamperView(verifier: Verifier): HTMLElement {
  const buttons = TAMPERINGS.map((tampering) =>
    h(
      "button",
      { type: "button", class: "danger", "data-tamper": tampering.id, click: () => void verifier.tamper(tampering) },
      tampering.label,
    ),
  );
  const outcomes = h("div", { class: "stack attempts host", role: "log", "aria-label": "What came of it" });
  verifier.attempts.watch((attempts) => {
    replace(outcomes, ...attempts.map(attemptView));
  });
  return h(
    "section",
    { "aria-labelledby": "tamper-title" },
    h("h3", { id: "tamper-title" }, "Now try to cheat"),
    h("div", { class: "tamper" }, ...buttons),
    outcomes,
  );
}

function attemptView({ tampering, refusal }: Attempt): HTMLElement {
  if (refusal === undefined) {
    return h(
      "div",
      { class: "notice bad", role: "alert" },
      h("strong", {}, `${tampering.label}: accepted.`),
      " This is a defect of Velum.",
    );
  }
  return h(
    "article",
    { class: "attempt", "data-attempt": tampering.id },
    h("p", { class: "attempt-head" }, h("strong", {}, tampering.label), h("span", { class: "refused" }, "Refused")),
    h("p", {}, tampering.done),
    h("p", { class: "where" }, h("code", { class: "code" }, refusal.code), " ", refusal.message),
  );
}
