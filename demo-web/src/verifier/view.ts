// The verifier's panel.

import type { Authority } from "../exchange/issuance.ts";
import { h } from "../ui/dom.ts";
import type { Store } from "../ui/store.ts";
import { requestForm } from "./question-view.ts";
import { verdictView } from "./result-view.ts";
import type { Verifier } from "./verifier.ts";

export function verifierView(
  verifier: Verifier,
  published: Store<readonly Authority[]>,
  market: HTMLElement,
): HTMLElement {
  return h(
    "div",
    { class: "stack" },
    requestForm(published, {
      here: (request, trusted) => void verifier.ask(request, trusted),
      elsewhere: (request, trusted) => {
        verifier.askElsewhere(request, trusted);
      },
    }),
    h(
      "section",
      { "aria-labelledby": "result-title", id: "result", tabindex: -1 },
      h("h3", { id: "result-title" }, "Result"),
      verdictView(verifier, market),
    ),
  );
}
