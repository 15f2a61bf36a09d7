// The issuer: mints a document for a person and a device key, and hands it over. It sees the public half of the key only.

import type { Minted, MintSpec } from "@velum/prover/testing";

import type { Bytes } from "../bytes.ts";
import type { DocumentKind } from "../documents.ts";
import { type Failure, failureOf } from "../ui/failure.ts";
import { Store } from "../ui/store.ts";
import type { Authorities, Authority } from "./authorities.ts";
import { documentSpec, type Person } from "./spec.ts";

/** How documents are minted: `@velum/prover/testing`. */
export type Mint = (spec: MintSpec) => Promise<Minted>;

/** Who receives a document: a device key is made there first, then the document is signed for it. */
export interface Recipient {
  newDeviceKey(): Promise<CryptoKeyPair>;
  publicPoint(key: CryptoKeyPair): Promise<Bytes>;
  receiveDocument(issued: Issued): Promise<void>;
}

export interface Issued {
  readonly docType: string;
  readonly document: Bytes;
  readonly deviceKey: CryptoKeyPair;
  readonly authority: Authority;
}

export type IssuerState =
  | { readonly kind: "ready" }
  | { readonly kind: "busy" }
  | { readonly kind: "done"; readonly title: string; readonly authority: string; readonly bytes: number }
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
    authorities.onChange(() => {
      this.refresh().catch((error: unknown) => {
        this.state.set({ kind: "failed", failure: failureOf(error) });
      });
    });
  }

  /** Reads which authorities there are. */
  async refresh(): Promise<void> {
    this.published.set(await this.#authorities.published());
  }

  /** Issues a document into the wallet, for the person that `read` gives. */
  async issue(kind: DocumentKind, read: () => Promise<Person>): Promise<void> {
    if (this.state.value.kind === "busy") return;
    this.state.set({ kind: "busy" });
    try {
      const person = await read();
      const deviceKey = await this.#recipient.newDeviceKey();
      const point = await this.#recipient.publicPoint(deviceKey);
      const { authority, document } = await this.#authorities.sign(kind, person.country, (keys) =>
        this.#mint(documentSpec(kind, person, keys, point, new Date())),
      );
      await this.refresh();
      await this.#recipient.receiveDocument({ docType: kind.docType, document, deviceKey, authority });
      this.state.set({ kind: "done", title: kind.title, authority: authority.name, bytes: document.length });
    } catch (error) {
      this.state.set({ kind: "failed", failure: failureOf(error) });
    }
  }
}
