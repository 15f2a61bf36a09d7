// The device key of a card: a P-256 key of WebCrypto that is not extractable. It signs and does nothing else.

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** Creates a key pair whose private half no script can read. */
export async function makeDeviceKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
}

/** The public key as an uncompressed SEC 1 point. */
export async function publicPoint(key: CryptoKeyPair): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key.publicKey));
}

/** Signs with ES256. The signature is `r || s`, 64 bytes. */
export async function sign(key: CryptoKeyPair, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign(SIGNATURE, key.privateKey, message));
}
