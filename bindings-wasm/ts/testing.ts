/**
 * Mints test credentials: documents whose keys anyone can derive from a seed. Never use them as real credentials.
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

/** A value to mint: as JSON, or as an object that names a type that JSON lacks. Bytes and CBOR are in hexadecimal. */
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
  /** Whether the document carries the element. Otherwise only the MSO has its digest. */
  disclosed?: boolean;
  digest_id?: number;
  /** Length of its salt, in bytes. */
  random_bytes?: number;
  /** The four keys of the item, in another order. */
  key_order?: string[];
}

/**
 * What to mint. Everything that is not given here is derived from the seed: the same spec always gives the same bytes.
 */
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
  /** The session transcript that the device signs, in hexadecimal. */
  transcript?: string;
  certificates?: {
    country?: string;
    iaca_name?: string;
    document_signer_name?: string;
    iaca?: { not_before: string; not_after: string };
    document_signer?: { not_before: string; not_after: string };
  };
  /**
   * Private keys, as 32 bytes in hexadecimal. For the device, the public key alone is enough (SEC 1, hexadecimal), for
   * example that of a key in WebCrypto. The document then waits for `withDeviceSignature`.
   */
  keys?: { iaca?: string; document_signer?: string; device?: string; device_public?: string };
  /** What the accompanying request asks. */
  request?: { now?: string; predicates?: Predicate[] };
}

/** A minted document and what belongs to it. */
export interface Minted {
  /** The CBOR `DeviceResponse`. */
  document: Uint8Array<ArrayBuffer>;
  /** The CBOR `SessionTranscript` that the device signed. */
  transcript: Uint8Array<ArrayBuffer>;
  /** A request that trusts the minted root. */
  request: Request;
  /** The IACA root, as PEM. A trusted issuer is `{ x509_pem: iaca }`. */
  iaca: string;
  /** The document signer's certificate, as PEM. */
  documentSigner: string;
  /** The device's private key, as PKCS #8 PEM, unless only its public key was given. */
  deviceKey: string | undefined;
}

/** Where the WebAssembly is. */
export interface MintOptions {
  /** The address of `testing.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `testing.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
}

const module = new Inline(init, {
  name: "testing.wasm",
  url: () => new URL("./testing.wasm", import.meta.url),
});

/** Mints what a spec describes, in the calling thread. Rejects with a {@link VelumError}. */
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
