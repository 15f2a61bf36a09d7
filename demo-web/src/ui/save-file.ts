// Saves bytes as a file.

import { h } from "./dom.ts";

/** The URL of the content stays valid for this long, because a browser may first ask where to save the file. */
const SAVING_MS = 60_000;

/** A button that saves `content`. */
export function saveButton(label: string, name: string, type: string, content: BlobPart): HTMLButtonElement {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([content], { type }));
    h("a", { href: url, download: name }).click();
    setTimeout(() => {
      URL.revokeObjectURL(url);
    }, SAVING_MS);
  };
  return h("button", { type: "button", class: "quiet", click: save }, label);
}
