// A field in which a file is chosen.

import { h, labelled } from "./dom.ts";

/** `take` receives each file that is chosen. `accept` is the extension of the files' names. */
export function filePicker(label: string, accept: string, take: (file: File) => Promise<void>): HTMLElement {
  const input = h("input", { type: "file", accept });
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void take(file).finally(() => {
      // Allows the same file to be chosen again.
      input.value = "";
    });
  });
  return labelled(label, input);
}
