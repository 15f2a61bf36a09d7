// The kinds of documents that the page knows, with names for their elements in plain words. The three roles share this
// module. In the real world, each of them would know the kinds from the same standards: ISO/IEC 18013-5, 7.2, and the
// EU age verification profile.

export type ElementType = "text" | "date" | "boolean" | "other";

export interface ElementKind {
  readonly id: string;
  readonly label: string;
  readonly type: ElementType;
}

export interface DocumentKind {
  readonly id: "licence" | "age";
  readonly docType: string;
  readonly namespace: string;
  readonly title: string;
  readonly elements: readonly ElementKind[];
  /** The lists of elements that verifiers ask for most. The wallet prepares proofs for them before anyone asks. */
  readonly usual: readonly (readonly string[])[];
}

export const LICENCE: DocumentKind = {
  id: "licence",
  docType: "org.iso.18013.5.1.mDL",
  namespace: "org.iso.18013.5.1",
  title: "Mobile driving licence",
  elements: [
    { id: "birth_date", label: "Date of birth", type: "date" },
    { id: "family_name", label: "Family name", type: "text" },
    { id: "given_name", label: "Given names", type: "text" },
    { id: "issuing_country", label: "Issuing country", type: "text" },
    { id: "issuing_authority", label: "Issuing authority", type: "text" },
    { id: "document_number", label: "Licence number", type: "text" },
    { id: "issue_date", label: "Date of issue", type: "date" },
    { id: "expiry_date", label: "Date of expiry", type: "date" },
    { id: "portrait", label: "Portrait", type: "other" },
    { id: "driving_privileges", label: "Driving privileges", type: "other" },
    { id: "un_distinguishing_sign", label: "Distinguishing sign", type: "text" },
  ],
  usual: [["birth_date"]],
};

const AGES = [16, 18, 21, 65];

export const AGE_ATTESTATION: DocumentKind = {
  id: "age",
  docType: "eu.europa.ec.av.1",
  namespace: "eu.europa.ec.av.1",
  title: "Age attestation",
  elements: AGES.map((age) => ({ id: `age_over_${age}`, label: `Over ${age}`, type: "boolean" })),
  usual: [["age_over_18"]],
};

/** The ages that an age attestation makes statements about. */
export const ATTESTED_AGES: readonly number[] = AGES;

export const DOCUMENT_KINDS: readonly DocumentKind[] = [LICENCE, AGE_ATTESTATION];

/** The kind with this docType, if the page knows it. */
export function kindOf(docType: string): DocumentKind | undefined {
  return DOCUMENT_KINDS.find((kind) => kind.docType === docType);
}

/** The label of an element, or its identifier if the page does not know the element. */
export function elementLabel(namespace: string, element: string): string {
  const kind = DOCUMENT_KINDS.find((candidate) => candidate.namespace === namespace);
  return kind?.elements.find(({ id }) => id === element)?.label ?? element;
}

/** Countries that licences can come from. UT, the Utopia of the standard's examples, is not the code of any country. */
export const COUNTRIES: readonly string[] = [
  "UT",
  "AT",
  "DE",
  "ES",
  "FR",
  "IT",
  "JP",
  "NL",
  "NO",
  "NZ",
  "PL",
  "SE",
  "US",
];

const countryNames = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

export function countryName(code: string): string {
  return code === "UT" ? "Utopia" : (countryNames.of(code) ?? code);
}
