// Tests the page in engines other than Chromium: the main story, and what follows it. Only the main story runs, unless
// `VELUM_TEST_ALL` asks for all tests.

import assert from "node:assert/strict";
import { env } from "node:process";
import { after, before, describe, test } from "node:test";

import { serve } from "#server";

import { DIST } from "./support/demo.ts";
import { type Engine, startEngine } from "./support/engines.ts";
import { hasBuild } from "./support/stage.ts";
import { Visitor } from "./support/visitor.ts";

const whole = { skip: env["VELUM_TEST_ALL"] === undefined && "not in the short story: VELUM_TEST_ALL=1" };

const REFUSALS = [
  ["byte", "Change a byte"],
  ["replay", "Replay to another session"],
  ["expired", "Ask with an expired date"],
  ["namespace", "Swap the namespace"],
] as const;

/** Whether the page can use threads. */
const ISOLATION = hasBuild("simd-threads");

for (const name of ["firefox", "webkit"]) {
  describe(name, () => {
    let engine: Engine;
    let server: Awaited<ReturnType<typeof serve>>;
    before(async () => {
      server = await serve({ folder: DIST, isolation: ISOLATION });
      engine = await startEngine(name);
    });
    after(async () => {
      await engine.close();
      await server.close();
    });

    /** Opens the page for a visitor and runs `story`. Nothing may go wrong unseen on the page. */
    async function visit(story: (visitor: Visitor) => Promise<void>): Promise<void> {
      const visitor = await Visitor.open(engine, server.url, ISOLATION);
      try {
        await story(visitor);
        assert.deepEqual(await visitor.troubles(), []);
      } finally {
        await visitor.page.close();
      }
    }

    test("a licence proves that its holder is 18, and nothing else; cheating is refused", () =>
      visit(async (visitor) => {
        await visitor.issue();
        await visitor.prepared();
        await visitor.ask();
        await visitor.see("#wallet .consent", "You are 18 or older");
        const hidden = await visitor.texts("#wallet .hidden-elements li");
        for (const element of ["Date of birth", "Family name", "Portrait"])
          assert.ok(hidden.includes(element), element);
        await visitor.consent();
        await visitor.verified();
        const verdict = await visitor.text("#verifier .verdict");
        assert.match(verdict, /The holder is 18 or older/);
        assert.doesNotMatch(verdict, /Sample|Ada|1998/);
        await visitor.prepared();
        for (const [id, label] of REFUSALS) {
          await visitor.click("#verifier", label);
          await visitor.see(`[data-attempt=${id}]`, "Refused");
          assert.equal(await visitor.text(`[data-attempt=${id}] code`), "proof_invalid");
        }
      }));

    test("asked about a day when the document has expired, the wallet says so itself", whole, () =>
      visit(async (visitor) => {
        await visitor.story();
        await visitor.click("#verifier", "Ask with an expired date");
        await visitor.click("#verifier", "Ask the wallet about that day");
        await visitor.click("#wallet", "Answer all the same");
        await visitor.consent();
        await visitor.see("#wallet", "expired");
      }),
    );

    test("each session has a transcript of its own", whole, () =>
      visit(async (visitor) => {
        const transcript = async (): Promise<string> => {
          await visitor.click("#verifier", "The request and its session");
          return visitor.text("#verifier [aria-label='SessionTranscript in hexadecimal']");
        };
        await visitor.story();
        const first = await transcript();
        await visitor.ask();
        await visitor.consent();
        await visitor.verified();
        assert.match(first, /^83f6f682/);
        assert.notEqual(await transcript(), first);
      }),
    );

    test("an age attestation proves an age, and does not call hidden what it proves", whole, () =>
      visit(async (visitor) => {
        await visitor.issue("Age attestation");
        await visitor.fill("#verifier", "Document", "Age attestation");
        await visitor.ask();
        await visitor.see("#wallet .consent", "You are over 18");
        assert.deepEqual(await visitor.texts("#wallet .hidden-elements li"), ["Over 16", "Over 21", "Over 65"]);
        await visitor.consent();
        await visitor.verified();
        assert.match(await visitor.text("#verifier .verdict"), /The holder is over 18/);
      }),
    );

    test("several questions at once, one of them shown in full", whole, () =>
      visit(async (visitor) => {
        await visitor.issue();
        await visitor.click("#verifier", "Add a question");
        await visitor.fill("#verifier .question:nth-child(2)", "Element", "Issuing country");
        await visitor.fill("#verifier .question:nth-child(2)", "Value", "UT");
        await visitor.click("#verifier", "Add a question");
        await visitor.fill("#verifier .question:nth-child(3)", "Element", "Given names");
        await visitor.fill("#verifier .question:nth-child(3)", "Condition", "is shown in full");
        await visitor.ask();
        await visitor.see("#wallet .consent", "Stays hidden");
        assert.ok(!(await visitor.texts("#wallet .hidden-elements li")).includes("Given names"));
        await visitor.consent();
        await visitor.verified();
        const learnt = await visitor.text("#verifier .learnt");
        for (const fact of [/18 or older/, /issuing country is Utopia/, /given names: Ada/]) assert.match(learnt, fact);
        assert.doesNotMatch(learnt, /Sample/);
      }),
    );

    test("the wallet outlives a reload, and forgets when told to", whole, () =>
      visit(async (visitor) => {
        await visitor.issue();
        await visitor.prepared();
        await visitor.reload();
        await visitor.prepared();
        await visitor.ask();
        await visitor.consent();
        await visitor.verified();
        await visitor.page.evaluate(() => {
          globalThis.confirm = () => true;
        }, undefined);
        await visitor.click("body", "Forget everything");
        await visitor.see("#wallet", "Empty.");
        await visitor.see("#verifier", "None is known yet");
        // The page has reloaded itself.
        await visitor.watch();
      }),
    );
  });
}
