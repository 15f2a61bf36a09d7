// What an issuer and a wallet exchange, and what an issuer publishes.

import type { Bytes } from "../bytes.ts";

/** An authority, in the form in which it is published. */
export interface Authority {
  readonly id: string;
  readonly docType: string;
  readonly country: string;
  readonly name: string;
  /** The IACA root certificate, in PEM. */
  readonly root: string;
}

/** The party that documents are issued to. */
export interface Recipient {
  /** Creates a device key for a document that is still to be issued. */
  enrol(): Promise<Enrolment>;
}

/** A wallet that is waiting for a document. */
export interface Enrolment {
  /** The public half of the device key, encoded as in SEC 1. The issuer sees nothing else of the key. */
  readonly devicePoint: Bytes;
  receive(issued: Issued): Promise<void>;
}

export interface Issued {
  readonly docType: string;
  readonly document: Bytes;
  readonly authority: Authority;
}
