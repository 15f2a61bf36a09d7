// What travels between an issuer and a wallet, and what an issuer publishes.

import type { Bytes } from "../bytes.ts";

/** What an authority publishes. */
export interface Authority {
  readonly id: string;
  readonly docType: string;
  readonly country: string;
  readonly name: string;
  /** The IACA root certificate, PEM. */
  readonly root: string;
}

/** Who documents are issued to. */
export interface Recipient {
  /** Makes a device key for a document to come. */
  enrol(): Promise<Enrolment>;
}

/** A wallet that waits for a document. */
export interface Enrolment {
  /** The public half of the device key, SEC 1: all of it that an issuer sees. */
  readonly devicePoint: Bytes;
  receive(issued: Issued): Promise<void>;
}

export interface Issued {
  readonly docType: string;
  readonly document: Bytes;
  readonly authority: Authority;
}
