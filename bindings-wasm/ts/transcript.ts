/**
 * Session transcripts, built from what sessions began with. The wallet and the verifier each build their transcript
 * from what they know themselves:
 *
 * - A verifier takes everything from its own state: the request that it sent, the nonce that it drew for that request,
 *   and its own origin.
 * - A wallet takes the origin from the platform, never from the page or the request.
 *
 * @packageDocumentation
 */

import init, * as glue from "./glue/transcript.js";
import { VelumError } from "./errors.js";
import { Inline } from "./inline.js";
import { attempt, bytes, json, text } from "./input.js";
import type { Wasm } from "./source.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { Wasm, WasmModule } from "./source.js";

/** A public key as a JWK (RFC 7517). Members that are not part of the key do not count. */
export interface PublicJwk {
  kty: string;
  [member: string]: unknown;
}

/** OpenID4VP 1.0, if the request came by a redirect or a link (B.2.6.1). Texts are exactly as in the request. */
export interface OpenId4VpSession {
  protocol: "openid4vp";
  /** `client_id`, with its prefix if it has one: `x509_san_dns:verifier.example`. */
  clientId: string;
  nonce: string;
  /** `response_uri`, or `redirect_uri` if the response mode uses that one. */
  responseUri: string;
  /** The verifier's key to which the answer is encrypted. Leave it out if the answer is not encrypted. */
  jwk?: PublicJwk | undefined;
}

/** OpenID4VP 1.0 over the Digital Credentials API (B.2.6.2). */
export interface OpenId4VpDcApiSession {
  protocol: "openid4vp-dc-api";
  /** The verifier's origin: `https://verifier.example`. */
  origin: string;
  nonce: string;
  /** The verifier's key to which the answer is encrypted (`dc_api.jwt`). Leave it out for `dc_api`. */
  jwk?: PublicJwk | undefined;
}

/** Drafts of OpenID4VP (ISO/IEC TS 18013-7, Annex B). */
export interface OpenId4VpAnnexBSession {
  protocol: "openid4vp-annex-b";
  clientId: string;
  responseUri: string;
  nonce: string;
  /** The nonce that the wallet drew: the header `apu` of the encrypted answer, decoded. */
  mdocGeneratedNonce: string;
}

/** `org-iso-mdoc` over the Digital Credentials API (ISO/IEC TS 18013-7, Annex C). */
export interface DcApiSession {
  protocol: "dcapi";
  /** `encryptionInfo` exactly as it is in the request: base64url. */
  encryptionInfo: string;
  /** The verifier's origin. */
  origin: string;
}

/** The wallet showed a QR code (ISO/IEC 18013-5, 9.1.5.1). */
export interface QrSession {
  protocol: "qr";
  /** The CBOR `DeviceEngagement` of the code, as it was shown, or `DeviceEngagementBytes`. */
  deviceEngagement: Uint8Array;
  /** The reader's ephemeral CBOR `COSE_Key`, or `EReaderKeyBytes`. */
  eReaderKey: Uint8Array;
}

/** The wallet was held to the reader (ISO/IEC 18013-5, 9.1.5.1). */
export interface NfcSession {
  protocol: "nfc";
  /** The CBOR `DeviceEngagement` of the Handover Select message, or `DeviceEngagementBytes`. */
  deviceEngagement: Uint8Array;
  /** The reader's ephemeral CBOR `COSE_Key`, or `EReaderKeyBytes`. */
  eReaderKey: Uint8Array;
  /** The Handover Select message. */
  select: Uint8Array;
  /** The Handover Request message of a negotiated handover. Leave it out for a static handover. */
  request?: Uint8Array | undefined;
}

/** What a session began with. */
export type Session =
  OpenId4VpSession | OpenId4VpDcApiSession | OpenId4VpAnnexBSession | DcApiSession | QrSession | NfcSession;

/** Where the WebAssembly is. */
export interface TranscriptOptions {
  /** The address of `transcript.wasm`, for pages that serve it elsewhere. */
  wasmUrl?: string | URL;
  /** `transcript.wasm` itself, for environments that can neither fetch nor compile it, such as edge runtimes. */
  wasm?: Wasm;
}

const module = new Inline(init, {
  name: "transcript.wasm",
  url: () => new URL("./transcript.wasm", import.meta.url),
});

/**
 * The CBOR `SessionTranscript` of a session. It takes microseconds, in the calling thread. Rejects with a
 * {@link VelumError}.
 */
export function sessionTranscript(session: Session, options: TranscriptOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  // wasm-bindgen copies the bytes from WebAssembly's memory into a buffer of their own.
  return attempt(async () => (await module.call(options, builderOf(session))) as Uint8Array<ArrayBuffer>);
}

/** Checks what a session began with, and returns the function that builds its transcript. */
function builderOf(session: Session): () => Uint8Array {
  switch (session.protocol) {
    case "openid4vp": {
      const [clientId, nonce] = [text(session.clientId, "clientId"), text(session.nonce, "nonce")];
      const [jwk, responseUri] = [keyOf(session.jwk), text(session.responseUri, "responseUri")];
      return () => glue.openId4Vp(clientId, nonce, jwk, responseUri);
    }
    case "openid4vp-dc-api": {
      const [origin, nonce] = [text(session.origin, "origin"), text(session.nonce, "nonce")];
      const jwk = keyOf(session.jwk);
      return () => glue.openId4VpDcApi(origin, nonce, jwk);
    }
    case "openid4vp-annex-b": {
      const [clientId, responseUri] = [text(session.clientId, "clientId"), text(session.responseUri, "responseUri")];
      const nonce = text(session.nonce, "nonce");
      const mdocGeneratedNonce = text(session.mdocGeneratedNonce, "mdocGeneratedNonce");
      return () => glue.openId4VpAnnexB(clientId, responseUri, nonce, mdocGeneratedNonce);
    }
    case "dcapi": {
      const [encryptionInfo, origin] = [text(session.encryptionInfo, "encryptionInfo"), text(session.origin, "origin")];
      return () => glue.dcApi(encryptionInfo, origin);
    }
    case "qr": {
      const [deviceEngagement, eReaderKey] = inPerson(session);
      return () => glue.qr(deviceEngagement, eReaderKey);
    }
    case "nfc": {
      const [deviceEngagement, eReaderKey] = inPerson(session);
      const select = bytes(session.select, "select");
      const request = session.request === undefined ? undefined : bytes(session.request, "request");
      return () => glue.nfc(deviceEngagement, eReaderKey, select, request);
    }
    default: {
      const protocols = "openid4vp, openid4vp-dc-api, openid4vp-annex-b, dcapi, qr and nfc";
      throw new VelumError("malformed", "protocol", `not one of ${protocols}`);
    }
  }
}

function inPerson({ deviceEngagement, eReaderKey }: QrSession | NfcSession) {
  return [bytes(deviceEngagement, "deviceEngagement"), bytes(eReaderKey, "eReaderKey")] as const;
}

function keyOf(jwk: PublicJwk | undefined): string | undefined {
  return jwk === undefined ? undefined : json(jwk, "jwk");
}
