// A failure on the page.

import type { Failure } from "../failure.ts";
import { type Attributes, h } from "./dom.ts";

/** A failure to be read, and announced at once unless `quiet`. */
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
