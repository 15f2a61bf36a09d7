// Shows a card as it would look in the hand: in the format ISO/IEC 7810 ID-1, with fields numbered as on driving
// licences.

import type { DocumentElement } from "@velum/prover";
import { decode } from "cborg";

import { copyOf, type Bytes } from "../bytes.ts";
import { AGE_ATTESTATION, countryName, kindOf, LICENCE } from "../documents.ts";
import { h, s } from "../ui/dom.ts";
import { valueInWords } from "../words.ts";
import type { ShownCard } from "./wallet.ts";

/** The numbers of the fields, from Directive 2006/126/EC, Annex I. */
const LICENCE_FIELDS: readonly (readonly [number: string, element: string])[] = [
  ["1", "family_name"],
  ["2", "given_name"],
  ["3", "birth_date"],
  ["4a", "issue_date"],
  ["4b", "expiry_date"],
  ["5", "document_number"],
];

export function cardView(shown: ShownCard): HTMLElement {
  const { docType } = shown.card;
  const kind = kindOf(docType);
  const elements = shown.summary.namespaces.flatMap((namespace) => namespace.elements);
  if (kind === LICENCE) return licence(shown, elements);
  if (kind === AGE_ATTESTATION) return ageAttestation(shown, elements);
  return h("article", { class: "card" }, h("p", {}, docType));
}

function licence({ card }: ShownCard, elements: readonly DocumentElement[]): HTMLElement {
  const value = (element: string): unknown => elements.find((found) => found.element === element)?.value;
  const country = String(value("issuing_country") ?? "");
  const portrait = h("canvas", { class: "card-portrait", role: "img", "aria-label": "Portrait of the holder" });
  const jpeg = bytesOf(value("portrait"));
  if (jpeg !== undefined) {
    showPortrait(portrait, jpeg).catch(() => {
      portrait.setAttribute("aria-label", "The portrait cannot be shown");
    });
  }
  const fields = LICENCE_FIELDS.map(([number, element]) =>
    h(
      "div",
      { class: "card-field" },
      h(
        "dt",
        {},
        h("span", { class: "number", "aria-hidden": "true" }, number),
        h("span", { class: "sr" }, fieldLabel(element)),
      ),
      h("dd", {}, cardValue(value(element), element)),
    ),
  );
  return h(
    "article",
    { class: "card licence", "aria-label": "Mobile driving licence" },
    guilloche(),
    h(
      "header",
      {},
      h("span", { class: "flag" }, country),
      h("span", { class: "card-title" }, "Driving licence", h("small", {}, countryName(country))),
      h("span", { class: "specimen" }, "Specimen"),
    ),
    h("div", { class: "card-body" }, portrait, h("dl", {}, ...fields)),
    h("footer", {}, h("span", {}, card.issuerName), h("span", { class: "category" }, "9. B")),
  );
}

function ageAttestation({ card }: ShownCard, elements: readonly DocumentElement[]): HTMLElement {
  const ages = elements.map(({ element, value }) =>
    h(
      "div",
      { class: value === true ? "age yes" : "age no" },
      h("dt", {}, `${element.replace("age_over_", "")}+`),
      h("dd", {}, value === true ? "yes" : "no"),
    ),
  );
  return h(
    "article",
    { class: "card attestation", "aria-label": "Age attestation" },
    guilloche(),
    h(
      "header",
      {},
      h("span", { class: "card-title" }, "Age attestation", h("small", {}, "No name, no portrait, no date")),
      h("span", { class: "specimen" }, "Specimen"),
    ),
    h("dl", { class: "ages" }, ...ages),
    h("footer", {}, h("span", {}, card.issuerName)),
  );
}

function fieldLabel(element: string): string {
  return LICENCE.elements.find(({ id }) => id === element)?.label ?? element;
}

/** The text of a field. Licences write dates as DD.MM.YYYY. */
function cardValue(value: unknown, element: string): string {
  if (typeof value === "object" && value !== null && "full_date" in value) {
    return String(value.full_date).split("-").reverse().join(".");
  }
  return valueInWords(value, element);
}

function bytesOf(value: unknown): Bytes | undefined {
  if (typeof value !== "object" || value === null || !("cbor_hex" in value)) return undefined;
  const pairs = String(value.cbor_hex).match(/../g) ?? [];
  const decoded: unknown = decode(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
  return decoded instanceof Uint8Array ? copyOf(decoded) : undefined;
}

/** Shows a JPEG on a canvas, without using a URL. */
async function showPortrait(canvas: HTMLCanvasElement, jpeg: Bytes): Promise<void> {
  const image = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  image.close();
}

const LINES = 22;
const WIDTH = 400;
const HEIGHT = 252;

/** The fine waves that are printed behind the text of licences. */
function guilloche(): SVGSVGElement {
  const waves = Array.from({ length: LINES }, (_, line) => {
    const offset = (line - LINES / 2) * 10;
    const points = Array.from({ length: 41 }, (_unused, step) => {
      const x = (step * WIDTH) / 40;
      const y = HEIGHT / 2 + offset + 34 * Math.sin(x / 46 + line * 0.22) * Math.cos(x / 150 + line * 0.1);
      return `${x},${y.toFixed(1)}`;
    });
    return s("polyline", { points: points.join(" ") });
  });
  const view = {
    class: "guilloche",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  };
  return s("svg", view, ...waves);
}
