// The issuer. It mints a document for a person and a device key, and hands the document over. It sees only the public
// half of the device key.

import type { Minted, MintSpec } from "@velum/prover/testing";

import type { DocumentKind } from "../documents.ts";
import { type Failure, failureOf } from "../failure.ts";
import { Store } from "../ui/store.ts";
import type { Authority, Recipient } from "../exchange/issuance.ts";
import type { Authorities } from "./authorities.ts";
import { documentSpec, type Person } from "./spec.ts";

/** A function that mints documents. The page uses that of `@velum/prover/testing`. */
export type Mint = (spec: MintSpec) => Promise<Minted>;

export type IssuerState =
  | { readonly kind: "ready" }
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly title: string; readonly authority: Authority; readonly bytes: number }
  | { readonly kind: "failed"; readonly failure: Failure };

export class Issuer {
  readonly state = new Store<IssuerState>({ kind: "ready" });
  /** The roots that verifiers may trust. */
  readonly published = new Store<readonly Authority[]>([]);
  readonly #authorities: Authorities;
  readonly #mint: Mint;
  readonly #recipient: Recipient;

  constructor(authorities: Authorities, mint: Mint, recipient: Recipient) {
    this.#authorities = authorities;
    this.#mint = mint;
    this.#recipient = recipient;
    authorities.onChange(() => void this.refresh());
  }

  /** Reads which authorities there are, after a change in this tab or another one. */
  async refresh(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.state.set({ kind: "failed", failure: failureOf(error) });
    }
  }

  async #look(): Promise<void> {
    this.published.set(await this.#authorities.published());
  }

  /** Issues a document to the wallet, for the person that `read` returns. */
  async issue(kind: DocumentKind, read: () => Promise<Person>): Promise<void> {
    if (this.state.value.kind === "busy") return;
    this.state.set({ kind: "busy" });
    try {
      const person = await read();
      const wallet = await this.#recipient.enrol();
      const { authority, document } = await this.#authorities.sign(kind, person.country, (keys) =>
        this.#mint(documentSpec(kind, person, keys, wallet.devicePoint, new Date())),
      );
      await this.#look();
      await wallet.receive({ docType: kind.docType, document, authority });
      this.state.set({ kind: "done", title: kind.title, authority, bytes: document.length });
    } catch (error) {
      this.state.set({ kind: "failed", failure: failureOf(error) });
    }
  }
}
