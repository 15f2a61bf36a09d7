// Shows a failure on the page.

import type { Failure } from "../failure.ts";
import { type Attributes, h } from "./dom.ts";

/** The view of a failure. It is announced at once, unless `attributes` replaces the role `alert`. */
export function failureView(
  { code, where, message }: Failure,
  attributes: Attributes = { role: "alert" },
): HTMLElement {
  return h(
    "div",
    { class: "notice bad", ...attributes },
    h("code", { class: "code" }, code),
    h("p", {}, message),
    where !== "" && h("p", { class: "where" }, "Where: ", h("code", {}, where)),
  );
}
