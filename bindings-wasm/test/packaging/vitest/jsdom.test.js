// @vitest-environment jsdom

import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { built, learntBy } from "./verifies.js";

const recorded = JSON.parse(readFileSync("recorded.json", "utf8"));

for (const worker of [true, false]) {
  test(`verifies, ${worker ? "in a worker" : "in this thread"}`, async () => {
    expect(await learntBy({ worker }, recorded)).toContain(
      "birth_date (org.iso.18013.5.1) makes the holder 18 years or older",
    );
  });
}

test("builds requests and transcripts", async () => {
  expect(await built()).toEqual({ now: "1970-01-01T00:00:00Z", transcript: 61 });
});
