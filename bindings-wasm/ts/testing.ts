/**
 * Mints test credentials: documents whose keys anyone can derive from a seed. Never for real ones.
 *
 * @packageDocumentation
 */

import init, { mint as mintWasm } from "./glue/testing.js";
import { Inline } from "./inline.js";
import { attempt, json } from "./input.js";
import type { Wasm } from "./source.js";
import type { Predicate, Request } from "./types.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { Wasm, WasmModule } from "./source.js";
export type { Condition, Issuer, Literal, Predicate, Request } from "./types.js";

/** A value to mint: as JSON, or an object that names a type which JSON lacks. Bytes and CBOR are in hexadecimal. */
export type MintValue =
  | string
  | boolean
  | number
  | MintValue[]
  | { full_date: string }
  | { tdate: string }
  | { bytes: string }
  | { map: [MintValue, MintValue][] }
  | { cbor: string };

/** An element to mint. */
export interface MintElement {
  namespace: string;
  element: string;
  value: MintValue;
  /** Whether the document carries it, or the MSO its digest only. */
  disclosed?: boolean;
  digest_id?: number;
  /** Bytes of its salt. */
  random_bytes?: number;
  /** The four keys of the item in another order. */
  key_order?: string[];
}

/** What to mint. Whatever is not written here is drawn from the seed: one spec gives the same bytes always. */
export interface MintSpec {
  /** 32 bytes in hexadecimal. */
  seed: string;
  doc_type: string;
  validity: { signed: string; valid_from: string; valid_until: string; expected_update?: string };
  elements: MintElement[];
  digest_ids?: "random" | "sequential";
  item_key_order?: string[];
  mso_key_order?: string[];
  mso_extra?: Record<string, MintValue>;
  device_key_info_extra?: Record<string, MintValue>;
  decoy_digests?: Record<string, number>;
  /** Pads the MSO to this many bytes. */
  mso_bytes?: number;
  device_namespaces?: Record<string, Record<string, MintValue>>;
  /** The session that the device signs, in hexadecimal. */
  transcript?: string;
  certificates?: {
    country?: string;
    iaca_name?: string;
    document_signer_name?: string;
    iaca?: { not_before: string; not_after: string };
    document_signer?: { not_before: string; not_after: string };
  };
  /**
   * Private keys as 32 bytes in hexadecimal. Or, of the device, the public half alone (SEC 1, hexadecimal), such as of a
   * key that WebCrypto keeps: the document then waits for `withDeviceSignature`.
   */
  keys?: { iaca?: string; document_signer?: string; device?: string; device_public?: string };
  /** What the request that comes along asks. */
  request?: { now?: string; predicates?: Predicate[] };
}

/** A minted document and what goes with it. */
export interface Minted {
  /** The CBOR `DeviceResponse`. */
  document: Uint8Array<ArrayBuffer>;
  /** The CBOR `SessionTranscript` that the device signed. */
  transcript: Uint8Array<ArrayBuffer>;
  /** A request that trusts the minted root. */
  request: Request;
  /** The IACA root, PEM: a trusted issuer is `{ x509_pem: iaca }`. */
  iaca: string;
  /** The document signer's certificate, PEM. */
  documentSigner: string;
  /** The device's private key, PKCS #8 PEM, unless only its public half was given. */
  deviceKey: string | undefined;
}

/** Where the WebAssembly is. */
export interface MintOptions {
  /** Where `testing.wasm` is, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** That WebAssembly itself, where it can be neither fetched nor compiled, as in edge runtimes. */
  wasm?: Wasm;
}

const module = new Inline(init, {
  name: "testing.wasm",
  url: () => new URL("./testing.wasm", import.meta.url),
});

/** Mints what a spec says, in this very thread. Rejects with a {@link VelumError}. */
export function mint(spec: MintSpec | string, options: MintOptions = {}): Promise<Minted> {
  return attempt(async () => {
    const text = json(spec, "spec");
    return module.call(options, () => minted(text));
  });
}

function minted(spec: string): Minted {
  const minted = mintWasm(spec);
  const { document, transcript, iaca, documentSigner, deviceKey } = minted;
  const request = JSON.parse(minted.request) as Request;
  minted.free();
  return { document, transcript, request, iaca, documentSigner, deviceKey } as Minted;
}
