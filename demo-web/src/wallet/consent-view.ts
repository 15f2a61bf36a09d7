// Shows the request in plain words: what the verifier would learn, what stays hidden, and the holder's decision.

import { elementLabel } from "../documents.ts";
import { sendingView } from "../exchange/sending-view.ts";
import { h, labelledBox, replace } from "../ui/dom.ts";
import type { Failure } from "../failure.ts";
import { failureView } from "../ui/failure-view.ts";
import { workView } from "../ui/work.ts";
import { dateInWords, factInWords } from "../words.ts";
import type { Conversation, Pending, Wallet } from "./wallet.ts";

type Presented = Extract<Conversation, { kind: "presented" }>;

export function conversationView(wallet: Wallet): HTMLElement {
  const host = h("div", { class: "conversation" });
  const spoken = h("p", { class: "sr", role: "status" });
  wallet.conversation.watch((conversation) => {
    replace(host, content(wallet, conversation));
    spoken.textContent = announcement(conversation);
  });
  return h("div", {}, host, spoken);
}

function content(wallet: Wallet, conversation: Conversation): HTMLElement {
  switch (conversation.kind) {
    case "none":
      return h("p", { class: "empty" }, "No request. When a verifier asks, you decide here.");
    case "reading":
      return h("p", { class: "notice" }, "Reading the request…");
    case "unanswerable":
      return h("div", { class: "stack" }, failureView(conversation.failure), declineButton(wallet, "Dismiss"));
    case "consent":
      return consent(wallet, conversation.pending, conversation.failure);
    case "answering":
      return workView(conversation.work);
    case "presented":
      return answered(wallet, conversation);
    case "declined":
      return h(
        "p",
        { class: "notice" },
        h("strong", {}, "Declined. "),
        conversation.isHandedOver ? "Nothing leaves this wallet." : "The verifier learns only that.",
      );
  }
}

function answered(wallet: Wallet, { ahead, presentation }: Presented): HTMLElement {
  const spent = ahead
    ? "The prepared proof is used up; another takes its place."
    : "No proof was prepared for this question, so one was made on the spot.";
  const headline = h("strong", {}, "Answered. ");
  if (presentation === undefined) {
    return h("p", { class: "notice good" }, headline, spent, " ", h("a", { href: "#result" }, "See the verdict"));
  }
  return h(
    "div",
    { class: "stack" },
    h("p", { class: "notice good" }, headline, spent, " Show these codes to the verifier, or take the file there."),
    sendingView("answer", presentation),
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        click: () => {
          wallet.putAway();
        },
      },
      "Done",
    ),
  );
}

function announcement(conversation: Conversation): string {
  switch (conversation.kind) {
    case "consent":
      if (conversation.pending.isHandedOver)
        return "A question from another device. The wallet waits for your decision.";
      return conversation.pending.offClock
        ? "A verifier asks about a time other than now. The wallet waits for your decision."
        : "A verifier asks for a proof. The wallet waits for your decision.";
    case "answering":
      return "The wallet makes the proof.";
    case "presented":
      return "Answered.";
    case "declined":
      return "Declined.";
    default:
      return "";
  }
}

function consent(wallet: Wallet, pending: Pending, failure: Failure | undefined): HTMLElement {
  const { asked, request, explanation, card, offClock, isHandedOver } = pending;
  const unmet = explanation.predicates.flatMap((outcome) => (outcome.holds ? [] : [outcome]));
  const isHindered = unmet.length > 0 || (failure !== undefined && !isCancellation(failure));
  const anyTime = h("input", { type: "checkbox" });
  const show = h(
    "button",
    {
      type: "button",
      class: "primary",
      disabled: unmet.length > 0 || offClock,
      click: () => void wallet.consent(anyTime.checked),
    },
    "Prove it",
  );
  anyTime.addEventListener("change", () => {
    show.disabled = unmet.length > 0 || !anyTime.checked;
  });
  return h(
    "section",
    { class: "consent", "aria-label": "What the verifier asks" },
    h(
      "p",
      { class: "asker" },
      h("strong", {}, h("bdi", {}, asked.origin)),
      isHandedOver ? " asks, according to the question" : " asks",
    ),
    isHandedOver &&
      h(
        "p",
        { class: "notice warn" },
        h("strong", {}, "Nobody vouches for that name. "),
        "The question came from another device, and its maker could write any name. Make sure that you know whom you answer.",
      ),
    asked.forMarket === true &&
      h(
        "p",
        { class: "notice" },
        h("strong", {}, "For a market. "),
        "The verifier hands this proof on to others, who fold many proofs into one. They read the question and the proof, and learn what the verifier learns, but no more.",
      ),
    h("h4", {}, isHindered ? "They would learn, if it could be proven" : "They will learn"),
    h(
      "ul",
      { class: "learnt" },
      ...explanation.facts.map((fact) => h("li", {}, factInWords(fact, "you", card.issuerName))),
    ),
    h("h4", {}, "Stays hidden"),
    explanation.hidden.length === 0
      ? h("p", {}, "Nothing: they learn the value of every element.")
      : h(
          "ul",
          { class: "hidden-elements" },
          ...explanation.hidden.map(({ namespace, element }) => h("li", {}, elementLabel(namespace, element))),
        ),
    ...explanation.not_checked.map((text) => h("p", { class: "notice" }, h("strong", {}, "Not checked: "), text)),
    ...unmet.map(({ code, message }) => failureView({ code, message, where: "" }, {})),
    offClock &&
      h(
        "div",
        { class: "notice warn" },
        h("code", { class: "code" }, "clock"),
        h(
          "p",
          {},
          `They ask about ${dateInWords(request.now)}, not about now. Answers to many such questions would reveal when your document becomes valid and when it expires.`,
        ),
        labelledBox("Answer all the same", anyTime),
      ),
    failure && setback(failure),
    h("div", { class: "actions" }, show, declineButton(wallet, "Decline")),
  );
}

/** The view of a failed answer. A cancellation by the holder is not shown as a failure. */
function setback(failure: Failure): HTMLElement {
  if (!isCancellation(failure)) return failureView(failure);
  const meaning =
    "Nothing was sent. If a prepared proof was taken for the answer, it is gone, because a proof serves only once.";
  return h("p", { class: "notice" }, h("strong", {}, "Cancelled. "), meaning);
}

function isCancellation({ code }: Failure): boolean {
  return code === "cancelled";
}

function declineButton(wallet: Wallet, label: string): HTMLButtonElement {
  return h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => {
        wallet.decline();
      },
    },
    label,
  );
}
