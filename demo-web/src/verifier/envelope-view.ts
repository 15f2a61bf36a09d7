// Shows the raw answer: its members, its bytes, and the request that it answers.

import { lengthInWords, toHex } from "../bytes.ts";
import { h, replace } from "../ui/dom.ts";
import { membersOf } from "./envelope.ts";
import type { Evidence } from "./tamper.ts";

const ROW_BYTES = 16;
const PAGE_BYTES = 32 * ROW_BYTES;

export function envelopeView({ presentation, transcript, request }: Evidence): HTMLElement {
  return h(
    "div",
    { class: "raw" },
    details(`The answer as sent, ${lengthInWords(presentation.length)}`, () => [
      memberTable(presentation),
      hexPages(presentation),
    ]),
    details("The request and its session", () => [
      h("pre", { tabindex: 0, "aria-label": "Request as JSON" }, JSON.stringify(request, undefined, 2)),
      h("p", { class: "hint" }, "SessionTranscript, CBOR:"),
      h("pre", { tabindex: 0, "aria-label": "SessionTranscript in hexadecimal" }, toHex(transcript)),
    ]),
  );
}

/** A section that can be unfolded. Its content is created when it is first opened, because a proof is long. */
function details(title: string, content: () => HTMLElement[]): HTMLDetailsElement {
  const element = h("details", {}, h("summary", {}, title));
  element.addEventListener("toggle", () => element.append(...content()), { once: true });
  return element;
}

function memberTable(presentation: Uint8Array): HTMLElement {
  const rows = membersOf(presentation).map(({ name, content }, index) =>
    h(
      "tr",
      {},
      h("td", { class: "number" }, String(index)),
      h("th", { scope: "row" }, name),
      h("td", {}, h("code", {}, content)),
    ),
  );
  return h("table", { class: "members", "aria-label": "Members of the CBOR array" }, h("tbody", {}, ...rows));
}

function hexPages(bytes: Uint8Array): HTMLElement {
  const pages = Math.ceil(bytes.length / PAGE_BYTES);
  const dump = h("pre", { class: "hex", tabindex: 0, "aria-label": "Bytes in hexadecimal" });
  const place = h("span", { class: "detail", role: "status" });
  let page = 0;
  const turn = (by: number): void => {
    page = Math.min(pages - 1, Math.max(0, page + by));
    dump.textContent = hexRows(bytes, page * PAGE_BYTES);
    replace(place, `page ${page + 1} of ${pages}`);
  };
  const button = (label: string, by: number): HTMLButtonElement =>
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        click: () => {
          turn(by);
        },
      },
      label,
    );
  turn(0);
  return h("div", {}, dump, h("div", { class: "actions" }, button("Previous", -1), button("Next", 1), place));
}

function hexRows(bytes: Uint8Array, start: number): string {
  const rows: string[] = [];
  const end = Math.min(bytes.length, start + PAGE_BYTES);
  for (let offset = start; offset < end; offset += ROW_BYTES) {
    const row = toHex(bytes.subarray(offset, Math.min(end, offset + ROW_BYTES)));
    rows.push(`${offset.toString(16).padStart(6, "0")}  ${(row.match(/../g) ?? []).join(" ")}`);
  }
  return rows.join("\n");
}
