// The wallet's panel.

import type { Bytes } from "../bytes.ts";
import { receivingView } from "../exchange/receiving-view.ts";
import { h, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { cardView } from "./card-view.ts";
import { conversationView } from "./consent-view.ts";
import { poolView } from "./pool-view.ts";
import type { Wallet } from "./wallet.ts";

export function walletView(wallet: Wallet): HTMLElement {
  const cards = h("div", { class: "cards" });
  const pool = h(
    "section",
    { "aria-labelledby": "pool-title" },
    h("h3", { id: "pool-title" }, "Prepared proofs"),
    poolView(wallet),
  );
  wallet.cards.watch((shown) => {
    pool.hidden = shown.length === 0;
    if (shown.length > 0) replace(cards, ...shown.map(cardView));
    else replace(cards, h("div", { class: "card blank" }, h("p", {}, "Empty. Have the issuer issue a document.")));
  });
  const trouble = h("div", { class: "host" });
  wallet.trouble.watch((failure) => {
    replace(trouble, failure && failureView(failure));
  });
  return h(
    "div",
    { class: "stack" },
    trouble,
    cards,
    h(
      "section",
      { "aria-labelledby": "request-title" },
      h("h3", { id: "request-title" }, "Request"),
      conversationView(wallet),
      questionOfAnotherDevice(wallet),
    ),
    pool,
  );
}

/** The section is filled when it is unfolded, and emptied when it is folded, which stops the camera. */
function questionOfAnotherDevice(wallet: Wallet): HTMLElement {
  const body = h("div");
  const folded = h("details", { class: "folded" }, h("summary", {}, "Take a question from another device"), body);
  folded.addEventListener("toggle", () => {
    const receive = (message: Bytes): void => {
      wallet.receiveMessage(message);
    };
    replace(body, folded.open && receivingView("question", receive));
  });
  return folded;
}
