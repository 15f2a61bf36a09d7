// The result of a request: the verdict, what the verifier learnt, how long it took, and tampering with the answer.

import { lengthInWords, type Bytes } from "../bytes.ts";
import type { Measured } from "../exchange/messages.ts";
import { receivingView } from "../exchange/receiving-view.ts";
import { sendingView } from "../exchange/sending-view.ts";
import type { Failure } from "../failure.ts";
import { duration } from "../time.ts";
import { type Child, h, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { factInWords } from "../words.ts";
import { type Series, stageChart } from "./chart.ts";
import { envelopeView } from "./envelope-view.ts";
import { TAMPERINGS } from "./tamper.ts";
import type { Accepted, Attempt, Verdict, Verifier } from "./verifier.ts";

export function verdictView(verifier: Verifier, market: HTMLElement): HTMLElement {
  const host = h("div", { class: "verdict" });
  const further: Further = { tampering: tamperView(verifier), market };
  const spoken = h("p", { class: "sr", role: "status" });
  verifier.verdict.watch((verdict) => {
    replace(host, content(verifier, verdict, further));
    spoken.textContent = announcement(verdict);
  });
  return h("div", {}, host, spoken);
}

/** What can be done with an accepted answer. */
interface Further {
  readonly tampering: HTMLElement;
  readonly market: HTMLElement;
}

function content(verifier: Verifier, verdict: Verdict, further: Further): HTMLElement {
  switch (verdict.kind) {
    case "none":
      return h("p", { class: "empty" }, "Nothing asked yet.");
    case "waiting":
      return h("p", { class: "notice" }, "Waiting for the wallet. ", h("a", { href: "#wallet" }, "Decide there"), ".");
    case "elsewhere":
      return elsewhereView(verifier, verdict.question, verdict.failure);
    case "verifying":
      return h("p", { class: "notice" }, "Verifying…");
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
      return acceptedView(verdict.accepted, further);
  }
}

function announcement(verdict: Verdict): string {
  switch (verdict.kind) {
    case "waiting":
      return "Asked. The wallet waits for its holder’s decision.";
    case "elsewhere":
      return verdict.failure === undefined ? "The question is ready for another device." : "";
    case "accepted":
      return "Verified.";
    case "declined":
      return "Declined.";
    default:
      return "";
  }
}

function elsewhereView(verifier: Verifier, question: Bytes, failure: Failure | undefined): HTMLElement {
  return h(
    "div",
    { class: "stack" },
    failure && failureView(failure),
    h("p", { class: "notice" }, "Show these codes to the wallet on another device, or take the file there."),
    sendingView("question", question),
    h("h4", {}, "Its answer"),
    receivingView("answer", (presentation) => verifier.receive(presentation)),
  );
}

function acceptedView(accepted: Accepted, { tampering, market }: Further): HTMLElement {
  const { evidence, facts, issuerName, verifyMs, measured } = accepted;
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
      measured && figure("Waited for the proof", duration(waitedFor(measured))),
      figure("Verified in", duration(verifyMs)),
      figure("Proof", lengthInWords(evidence.presentation.length)),
    ),
    measured && h("section", {}, h("h3", {}, "Where the time went"), stageChart(seriesOf(measured))),
    tampering,
    // Only the wallet of this page can be asked for another proof.
    measured && market,
    envelopeView(evidence),
  );
}

function waitedFor({ ahead, preparing, presentMs }: Measured): number {
  return ahead ? presentMs : (preparing?.ms ?? 0) + presentMs;
}

function figure(name: string, value: string): HTMLElement {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}

function seriesOf({ ahead, preparing, presentMs, presentStages }: Measured): Series[] {
  const presentation: Series = { name: "Presentation", style: "waited", ms: presentMs, stages: presentStages };
  if (preparing === undefined) return [presentation];
  const name = ahead ? "Credential proof, made ahead" : "Credential proof, made on the spot";
  return [presentation, { name, style: ahead ? "ahead" : "waited", ...preparing }];
}

function tamperView(verifier: Verifier): HTMLElement {
  const buttons = TAMPERINGS.map((tampering) =>
    h(
      "button",
      { type: "button", class: "danger", "data-tamper": tampering.id, click: () => void verifier.tamper(tampering) },
      tampering.label,
    ),
  );
  const outcomes = h("div", { class: "stack attempts host", role: "log", "aria-label": "Outcomes" });
  const shown = new Map<Attempt, HTMLElement>();
  verifier.attempts.watch((attempts) => {
    for (const [attempt, view] of shown) {
      if (attempts.includes(attempt)) continue;
      view.remove();
      shown.delete(attempt);
    }
    // The outcomes are added one by one, so that a screen reader reads only the new ones.
    for (const attempt of attempts) {
      if (shown.has(attempt)) continue;
      const view = attemptView(verifier, attempt);
      shown.set(attempt, view);
      outcomes.append(view);
      view.scrollIntoView({ block: "nearest" });
    }
  });
  return h(
    "section",
    { "aria-labelledby": "tamper-title" },
    h("h3", { id: "tamper-title" }, "Now try to cheat"),
    h("div", { class: "tamper" }, ...buttons),
    outcomes,
  );
}

function attemptView(verifier: Verifier, attempt: Attempt): HTMLElement {
  const { tampering } = attempt;
  return h(
    "article",
    { class: "attempt", "data-attempt": tampering.id },
    h("p", { class: "attempt-head" }, h("strong", {}, tampering.label), verdictOn(attempt)),
    h("p", {}, tampering.done),
    ...consequence(verifier, attempt),
  );
}

function verdictOn({ kind }: Attempt): HTMLElement {
  switch (kind) {
    case "refused":
      return h("span", { class: "refused" }, "Refused");
    case "accepted":
      return h("span", { class: "alarm" }, "Accepted");
    case "unjudged":
      return h("span", { class: "alarm" }, "Not judged");
  }
}

function consequence(verifier: Verifier, attempt: Attempt): Child[] {
  const { why, anew } = attempt.tampering;
  switch (attempt.kind) {
    case "refused":
      return [
        h("p", {}, why),
        h("p", { class: "where" }, h("code", { class: "code" }, attempt.failure.code)),
        anew !== undefined &&
          h("button", { type: "button", class: "quiet", click: () => void verifier.askAnew(attempt) }, anew),
      ];
    case "accepted":
      return [h("p", { class: "notice bad" }, "This is a defect of Velum.")];
    case "unjudged":
      return [failureView(attempt.failure, {})];
  }
}
