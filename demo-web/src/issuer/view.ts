// The issuer's panel: a form, and the outcome of issuing.

import { lengthInWords } from "../bytes.ts";
import { COUNTRIES, countryName, type DocumentKind, DOCUMENT_KINDS, LICENCE } from "../documents.ts";
import { addYears, fullDate } from "../time.ts";
import { choice, h, labelled, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { saveButton } from "../ui/save-file.ts";
import { drawPortrait, PORTRAIT_HEIGHT, PORTRAIT_WIDTH, portraitBytes } from "./portrait.ts";
import type { Issuer, IssuerState } from "./issuer.ts";

const FIRST_PORTRAIT = 7;
const OLDEST_YEARS = 120;

export function issuerView(issuer: Issuer): HTMLElement {
  const kinds = kindChoice();
  const text = { required: true, maxlength: 40, autocomplete: "off" };
  const given = h("input", { ...text, value: "Ada" });
  const family = h("input", { ...text, value: "Sample" });
  const birth = h("input", {
    type: "date",
    required: true,
    value: "1998-05-17",
    min: fullDate(addYears(new Date(), -OLDEST_YEARS)),
    max: fullDate(new Date()),
  });
  const countries = choice(
    COUNTRIES.map((code) => ({ value: code, label: `${countryName(code)} (${code})` })),
    "UT",
  );
  const portrait = portraitField();
  const names = h("div", { class: "pair" }, labelled("Given names", given), labelled("Family name", family));
  const submit = h("button", { class: "primary" }, "Issue into the wallet");
  const status = h("div", { class: "host", role: "status" });

  const form = h(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        void issuer.issue(kinds.selected(), async () => ({
          givenName: given.value,
          familyName: family.value,
          birthDate: birth.value,
          country: countries.value,
          portrait: await portrait.bytes(),
        }));
      },
    },
    kinds.element,
    names,
    h("div", { class: "pair" }, labelled("Date of birth", birth), labelled("Country", countries)),
    portrait.element,
    submit,
  );
  const showFields = (): void => {
    const licence = kinds.selected() === LICENCE;
    names.hidden = !licence;
    // A hidden field must not prevent the form from being submitted.
    given.disabled = !licence;
    family.disabled = !licence;
    portrait.element.hidden = !licence;
  };
  kinds.element.addEventListener("change", showFields);
  showFields();
  issuer.state.watch((state) => {
    // The attribute `disabled` would take the focus away. While the issuer is busy, it ignores other calls.
    submit.setAttribute("aria-disabled", String(state.kind === "busy"));
    replace(status, outcome(state));
  });
  return h("div", { class: "stack" }, form, status);
}

function outcome(state: IssuerState): HTMLElement | undefined {
  switch (state.kind) {
    case "ready":
      return undefined;
    case "busy":
      return h("p", { class: "notice" }, "Signing the document…");
    case "done": {
      const { title, authority, bytes } = state;
      return h(
        "div",
        { class: "notice good" },
        h(
          "p",
          {},
          h("strong", {}, `${title} issued.`),
          ` ${authority.name} signed ${lengthInWords(bytes)} for this wallet’s device key. `,
          h("a", { href: "#wallet" }, "See the wallet"),
        ),
        saveButton("Save the root for verifiers elsewhere", "velum.root.pem", "application/x-pem-file", authority.root),
      );
    }
    case "failed":
      return failureView(state.failure);
  }
}

function kindChoice(): { element: HTMLElement; selected: () => DocumentKind } {
  const radios = DOCUMENT_KINDS.map((kind, index) => ({
    kind,
    input: h("input", { type: "radio", name: "kind", value: kind.id, checked: index === 0 }),
  }));
  const element = h(
    "fieldset",
    { class: "segments" },
    h("legend", {}, "Document"),
    ...radios.map(({ kind, input }) => h("label", {}, input, h("span", {}, kind.title))),
  );
  return { element, selected: () => radios.find(({ input }) => input.checked)?.kind ?? LICENCE };
}

function portraitField(): { element: HTMLElement; bytes: () => ReturnType<typeof portraitBytes> } {
  let seed = FIRST_PORTRAIT;
  const canvas = h("canvas", {
    width: PORTRAIT_WIDTH,
    height: PORTRAIT_HEIGHT,
    class: "portrait",
    role: "img",
    "aria-label": "Portrait, drawn on this page",
  });
  drawPortrait(canvas, seed);
  const another = (): void => {
    seed += 1;
    drawPortrait(canvas, seed);
  };
  const element = h(
    "div",
    { class: "portrait-field" },
    canvas,
    h(
      "div",
      {},
      h("p", { class: "hint" }, "The portrait is drawn here, and goes into the document as a JPEG."),
      h("button", { type: "button", class: "quiet", click: another }, "Draw another"),
    ),
  );
  return { element, bytes: () => portraitBytes(canvas) };
}
