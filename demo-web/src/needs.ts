// What the page needs from its browser. The page checks this before anything starts, so that it can say in plain words
// what is missing.

import type { Failure } from "./failure.ts";

/** The first need that this browser does not meet, if there is one. */
export function missing(): Failure | undefined {
  if (!isSecureContext) {
    const reason = "browsers let a page keep keys only if it comes over https or from this machine";
    return unsupported(
      location.origin,
      `${reason}; open this page over https, or at http://127.0.0.1 or http://localhost`,
    );
  }
  for (const [name, isThere] of NEEDS) {
    if (!isThere()) {
      return unsupported("this browser", `it has no ${name}; use a current Chromium, Firefox or Safari`);
    }
  }
  return undefined;
}

const NEEDS: readonly (readonly [name: string, isThere: () => boolean])[] = [
  ["WebAssembly, which makes proofs", () => typeof WebAssembly === "object"],
  ["IndexedDB, which stores the wallet", () => typeof indexedDB === "object" && indexedDB !== null],
  ["Web Locks, which let tabs share the wallet", () => "locks" in navigator],
];

function unsupported(where: string, message: string): Failure {
  return { code: "unsupported", where, message };
}
