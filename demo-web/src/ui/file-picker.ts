// A field that takes a file.

import { h, labelled } from "./dom.ts";

/** `take` gets each file that is chosen. `accept` is how their names end. */
export function filePicker(label: string, accept: string, take: (file: File) => Promise<void>): HTMLElement {
  const input = h("input", { type: "file", accept });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void take(file).finally(() => {
      // So that the same file can be chosen again.
      input.value = "";
    });
  });
  return labelled(label, input);
}
