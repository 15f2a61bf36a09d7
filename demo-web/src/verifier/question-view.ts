// The form in which a request is written.

import type { Request } from "@velum/prover";

import { type DocumentKind, DOCUMENT_KINDS, LICENCE } from "../documents.ts";
import type { Authority } from "../exchange/issuance.ts";
import { type Failure, failureOf } from "../failure.ts";
import { failureView } from "../ui/failure-view.ts";
import { choice, h, labelled, labelledBox, replace } from "../ui/dom.ts";
import type { Store } from "../ui/store.ts";
import { issuerList } from "./issuer-list.ts";
import { askable, type ConditionKind, conditionsOf, firstQuestion, type Question, requestOf } from "./question.ts";
import type { Trusted } from "./verifier.ts";

const QUESTIONS = 4;

interface QuestionForm {
  readonly element: HTMLElement;
  read(): Question;
}

type Send = (request: Request, trusted: readonly Trusted[]) => void;

/**
 * When the form is submitted, one of the functions in `send` receives the request: `here` for the wallet on this page,
 * `elsewhere` for the wallet on another device.
 */
export function requestForm(
  published: Store<readonly Authority[]>,
  send: { readonly here: Send; readonly elsewhere: Send },
): HTMLElement {
  const kinds = choice(
    DOCUMENT_KINDS.map(({ id, title }) => ({ value: id, label: title })),
    LICENCE.id,
  );
  const kind = (): DocumentKind => DOCUMENT_KINDS.find(({ id }) => id === kinds.value) ?? LICENCE;
  const questions = questionList(kind);
  const issuers = issuerList(published, kind);
  const time = timeChoice();
  const problem = h("div", { class: "host" });
  const elsewhere = h("button", { class: "quiet" }, "Ask another device");
  kinds.addEventListener("change", () => {
    questions.reset();
    issuers.show();
  });
  return h(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        let failure: Failure | undefined;
        try {
          const trusted = issuers.read();
          const roots = trusted.map(({ root }) => root);
          const request = requestOf(kind(), questions.read(), roots, time.read());
          if (event instanceof SubmitEvent && event.submitter === elsewhere) send.elsewhere(request, trusted);
          else send.here(request, trusted);
        } catch (error) {
          failure = failureOf(error);
        }
        replace(problem, failure && failureView(failure));
      },
    },
    labelled("Document", kinds),
    questions.element,
    issuers.element,
    time.element,
    problem,
    h("div", { class: "actions" }, h("button", { class: "primary" }, "Ask the wallet"), elsewhere),
  );
}

function questionList(kind: () => DocumentKind): { element: HTMLElement; read: () => Question[]; reset: () => void } {
  let forms: QuestionForm[] = [];
  const list = h("div", { class: "questions" });
  const more = h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => {
        add(firstQuestion(kind())).focus();
      },
    },
    "Add a question",
  );
  const show = (): void => {
    list.classList.toggle("single", forms.length === 1);
    more.hidden = forms.length >= QUESTIONS;
  };
  const add = (first: Question): HTMLElement => {
    const form = questionForm(kind(), first, () => {
      forms = forms.filter((other) => other !== form);
      form.element.remove();
      show();
      more.focus();
    });
    forms.push(form);
    list.append(form.element);
    show();
    return form.element.querySelector("select") ?? form.element;
  };
  const reset = (): void => {
    forms = [];
    list.replaceChildren();
    add(firstQuestion(kind()));
  };
  reset();
  const element = h("fieldset", {}, h("legend", {}, "To be proven"), list, more);
  return { element, reset, read: () => forms.map((form) => form.read()) };
}

function questionForm(kind: DocumentKind, first: Question, remove: () => void): QuestionForm {
  const elements = askable(kind);
  const element = choice(
    elements.map(({ id, label }) => ({ value: id, label })),
    first.element,
    { "aria-label": "Element" },
  );
  const condition = h("select", { "aria-label": "Condition" });
  const value = h("span", { class: "value" });
  const conditions = (): readonly ConditionKind[] => {
    const chosen = elements.find(({ id }) => id === element.value);
    return chosen === undefined ? [] : conditionsOf(chosen);
  };
  const showValue = (start?: string): void => {
    const chosen = conditions().find(({ id }) => id === condition.value);
    value.replaceChildren(...valueInput(chosen?.input, start));
  };
  const showConditions = (): void => {
    condition.replaceChildren(...conditions().map(({ id, label }) => h("option", { value: id }, label)));
  };
  element.addEventListener("change", () => {
    showConditions();
    showValue();
  });
  condition.addEventListener("change", () => {
    showValue();
  });
  showConditions();
  condition.value = first.condition;
  showValue(first.value);
  const gone = h(
    "button",
    { type: "button", class: "quiet remove", "aria-label": "Remove this question", click: remove },
    "×",
  );
  return {
    element: h("div", { class: "question", role: "group", "aria-label": "Question" }, element, condition, value, gone),
    read: () => ({
      element: element.value,
      condition: conditions().find(({ id }) => id === condition.value)?.id ?? "disclose",
      value: value.querySelector<HTMLInputElement | HTMLSelectElement>("input, select")?.value ?? "",
    }),
  };
}

function valueInput(input: ConditionKind["input"], start: string | undefined): HTMLElement[] {
  const attributes = { required: true, "aria-label": "Value", value: start };
  switch (input) {
    case "years":
      return [
        h("input", { ...attributes, type: "number", min: 1, max: 150, value: start ?? 18 }),
        h("span", {}, "years"),
      ];
    case "date":
      return [h("input", { ...attributes, type: "date" })];
    case "text":
      return [h("input", { ...attributes, type: "text", maxlength: 60, autocomplete: "off" })];
    case "yes or no":
      return [
        choice(
          [
            { value: "yes", label: "yes" },
            { value: "no", label: "no" },
          ],
          start,
          { "aria-label": "Value" },
        ),
      ];
    case undefined:
      return [];
  }
}

function timeChoice(): { element: HTMLElement; read: () => Date } {
  const now = h("input", { type: "radio", name: "time", checked: true });
  const then = h("input", { type: "radio", name: "time" });
  const other = h("input", {
    type: "datetime-local",
    "aria-label": "Date and time, UTC",
    disabled: true,
    hidden: true,
    required: true,
  });
  const show = (): void => {
    other.disabled = !then.checked;
    other.hidden = !then.checked;
    if (then.checked && other.value === "") other.value = new Date().toISOString().slice(0, 16);
  };
  now.addEventListener("change", show);
  then.addEventListener("change", show);
  const element = h(
    "fieldset",
    {},
    h("legend", {}, "As of"),
    h("div", { class: "boxes" }, labelledBox("Now", now), labelledBox("Another time, UTC", then), other),
  );
  return { element, read: () => (then.checked ? new Date(`${other.value}:00Z`) : new Date()) };
}
