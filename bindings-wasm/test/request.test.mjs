// Requests that are built by calls.

import assert from "node:assert/strict";
import { test } from "node:test";

import { request } from "@velum/prover/request";

const MDL = "org.iso.18013.5.1";
const issuers = [{ sec1_hex: "04" }];
const options = { docType: "org.iso.18013.5.1.mDL", issuers, now: new Date("2026-01-01T12:00:00.987Z") };

test("a request has the members of any other", () => {
  const built = request(options)
    .element("birth_date")
    .ageAtLeast(18)
    .element("family_name")
    .equals("Mustermann")
    .element("issue_date")
    .before("2026-01-01")
    .element("issue_date")
    .after(new Date("2020-02-03T23:59:59Z"))
    .element("nym", "org.example")
    .disclose()
    .deviceNamespaces("org.example");
  assert.deepEqual(JSON.parse(JSON.stringify(built)), {
    doc_type: "org.iso.18013.5.1.mDL",
    now: "2026-01-01T12:00:00Z",
    issuers,
    predicates: [
      { namespace: MDL, element: "birth_date", age_at_least: 18 },
      { namespace: MDL, element: "family_name", equals: "Mustermann" },
      { namespace: MDL, element: "issue_date", date_before: "2026-01-01" },
      { namespace: MDL, element: "issue_date", date_after: "2020-02-03" },
      { namespace: "org.example", element: "nym", disclose: true },
    ],
    device_namespaces: ["org.example"],
  });
});

test("a call leaves what it is made on as it was", () => {
  const first = request(options).element("birth_date").ageAtLeast(18);
  const [one, other] = [first.element("height").disclose(), first.element("height").equals(175)];
  assert.equal(first.predicates.length, 1);
  assert.deepEqual([one.predicates[1].disclose, other.predicates[1].equals], [true, 175]);
  const given = [...issuers];
  const built = request({ ...options, issuers: given });
  given.push({ sec1_hex: "05" });
  assert.equal(built.issuers.length, 1);
});

test("the time is that of the call, in whole seconds", () => {
  const { now } = request({ docType: options.docType, issuers });
  assert.match(now, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/u);
  assert.ok(Math.abs(Date.parse(now) - Date.now()) < 10_000);
});

test("what cannot be asked is refused where it is said", () => {
  const malformed = (where) => ({ name: "VelumError", code: "malformed", where });
  const asked = request(options).element("birth_date");
  for (const years of [-1, 256, 1.5, "18", undefined]) assert.throws(() => asked.ageAtLeast(years), malformed("years"));
  assert.throws(() => asked.before(new Date(Number.NaN)), malformed("date"));
  assert.throws(() => asked.after(new Date("+010000-01-01")), malformed("date"));
  assert.throws(() => request({ ...options, now: "2026-01-01" }), malformed("now"));
  assert.throws(() => request({ ...options, issuers: undefined }), malformed("issuers"));
  assert.throws(() => request({ ...options, doctype: "x" }), malformed("options.doctype"));
  assert.throws(() => request(null), malformed("options"));
  // For documents of other types, no namespace is known.
  const other = { ...options, docType: "toString" };
  assert.throws(() => request(other).element("e"), malformed("namespace"));
  assert.equal(
    request({ ...other, namespace: "n" })
      .element("e")
      .disclose().predicates[0].namespace,
    "n",
  );
});
