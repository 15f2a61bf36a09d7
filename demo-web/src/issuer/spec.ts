// What an authority writes into a document: builds the spec of `docs/cli.md` for a person.

import type { MintElement, MintSpec, MintValue } from "@velum/prover/testing";

import { toHex, type Bytes } from "../bytes.ts";
import { AGE_ATTESTATION, ATTESTED_AGES, countryName, type DocumentKind, LICENCE } from "../documents.ts";
import { addDays, addYears, fullDate, hasReached, timestamp } from "../time.ts";

export interface Person {
  readonly givenName: string;
  readonly familyName: string;
  /** `YYYY-MM-DD`. */
  readonly birthDate: string;
  /** The country code, in two letters. */
  readonly country: string;
  readonly portrait: Bytes;
}

/** The secret keys of an authority, each 32 bytes in hexadecimal. */
export interface AuthorityKeys {
  readonly root: string;
  readonly signer: string;
}

/** The validity is short, as it is for documents that an issuer renews often. */
const VALID_DAYS = 30;
const LICENCE_YEARS = 10;
const DECOYS = 6;

/** The name of the authority that signs documents of this kind in this country. */
export function authorityName(kind: DocumentKind, country: string): string {
  const office = kind === LICENCE ? "Driving Licence Authority" : "Age Attestation Service";
  return `${countryName(country)} ${office}`;
}

/** The spec of a document for `person` and for the device whose public key is `devicePoint`. */
export function documentSpec(
  kind: DocumentKind,
  person: Person,
  keys: AuthorityKeys,
  devicePoint: Bytes,
  now: Date,
): MintSpec {
  const elements = kind === AGE_ATTESTATION ? ageElements(person, now) : licenceElements(person, now);
  const name = authorityName(kind, person.country);
  return {
    seed: toHex(crypto.getRandomValues(new Uint8Array(32))),
    doc_type: kind.docType,
    validity: {
      signed: timestamp(now),
      valid_from: timestamp(now),
      valid_until: timestamp(addDays(now, VALID_DAYS)),
    },
    elements,
    decoy_digests: { [kind.namespace]: DECOYS },
    certificates: {
      country: person.country,
      iaca_name: `${name} root`,
      document_signer_name: `${name} signer`,
    },
    keys: { iaca: keys.root, document_signer: keys.signer, device_public: toHex(devicePoint) },
  };
}

function licenceElements(person: Person, now: Date): MintElement[] {
  const issued = { full_date: fullDate(now) };
  const expires = { full_date: fullDate(addDays(addYears(now, LICENCE_YEARS), -1)) };
  const privilege: MintValue = {
    map: [
      ["vehicle_category_code", "B"],
      ["issue_date", issued],
      ["expiry_date", expires],
    ],
  };
  const values: [string, MintValue][] = [
    ["family_name", person.familyName],
    ["given_name", person.givenName],
    ["birth_date", { full_date: person.birthDate }],
    ["issue_date", issued],
    ["expiry_date", expires],
    ["issuing_country", person.country],
    ["issuing_authority", authorityName(LICENCE, person.country)],
    ["document_number", documentNumber()],
    ["portrait", { bytes: toHex(person.portrait) }],
    ["driving_privileges", [privilege]],
    ["un_distinguishing_sign", person.country],
  ];
  return values.map(([element, value]) => ({ namespace: LICENCE.namespace, element, value }));
}

function ageElements(person: Person, now: Date): MintElement[] {
  return ATTESTED_AGES.map((age) => ({
    namespace: AGE_ATTESTATION.namespace,
    element: `age_over_${age}`,
    value: hasReached(age, person.birthDate, now),
  }));
}

function documentNumber(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `VL${String(number % 1_000_000_000).padStart(9, "0")}`;
}
