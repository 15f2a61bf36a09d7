// The issuers that a request may trust: issuers that publish their roots on this page, and roots from files.

import type { DocumentKind } from "../documents.ts";
import type { Authority } from "../exchange/issuance.ts";
import { failureOf, Refusal } from "../failure.ts";
import { filePicker } from "../ui/file-picker.ts";
import { h, labelledBox, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import type { Store } from "../ui/store.ts";
import type { Trusted } from "./verifier.ts";

const ROOT_MAX_BYTES = 64 * 1024;
const CERTIFICATE = /^-----BEGIN CERTIFICATE-----\s[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

interface Offered extends Trusted {
  readonly id: string;
}

export function issuerList(
  published: Store<readonly Authority[]>,
  kind: () => DocumentKind,
): { element: HTMLElement; read: () => Trusted[]; show: () => void } {
  const list = h("div", { class: "boxes" });
  const problem = h("div", { class: "host" });
  const unticked = new Set<string>();
  const fromFiles: Offered[] = [];
  const offered = (): Offered[] => [
    ...published.value.filter(({ docType }) => docType === kind().docType),
    ...fromFiles,
  ];
  const show = (): void => {
    const boxes = offered().map(({ id, name }) => {
      const box = h("input", { type: "checkbox", checked: !unticked.has(id) });
      box.addEventListener("change", () => {
        if (box.checked) unticked.delete(id);
        else unticked.add(id);
      });
      return labelledBox(name, box);
    });
    replace(
      list,
      ...(boxes.length > 0
        ? boxes
        : [h("p", { class: "hint" }, "None is known yet: the issuer publishes its root with its first document.")]),
    );
  };
  const add = async (file: File): Promise<void> => {
    replace(problem);
    try {
      const root = await rootOf(file);
      fromFiles.push({ id: `file ${fromFiles.length}`, name: file.name, root });
      show();
    } catch (error) {
      replace(problem, failureView(failureOf(error)));
    }
  };
  published.watch(show);
  const element = h(
    "fieldset",
    {},
    h("legend", {}, "Trusted issuers"),
    list,
    h(
      "details",
      { class: "folded" },
      h("summary", {}, "Trust an issuer from another device"),
      filePicker("Its root certificate, PEM", ".pem", add),
      problem,
    ),
  );
  const read = (): Trusted[] => {
    const trusted = offered().filter(({ id }) => !unticked.has(id));
    if (trusted.length > 0) return trusted;
    throw new Refusal(
      "issuer_untrusted",
      "trusted issuers",
      "no issuer is trusted; have a document issued, or tick an issuer",
    );
  };
  return { element, read, show };
}

async function rootOf(file: File): Promise<string> {
  const text = file.size <= ROOT_MAX_BYTES ? await file.text() : "";
  if (CERTIFICATE.test(text)) return text;
  throw new Refusal("malformed", file.name, "it is not one certificate in PEM; choose the root of an issuer");
}
