// How much memory proving takes, and that it takes no more in the long run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Prover } from "@velum/prover";

import { licence } from "./support.mjs";

const MIB = 1 << 20;

/** Whether slow tests run in full. */
const ALL = process.env.VELUM_TEST_ALL !== undefined;

for (const [sizeClass, limit, proofs] of [
  ["standard", 256, ALL ? 50 : 6],
  ["large", 512, 4],
  ["extra", 1024, ALL ? 4 : 3],
]) {
  test(`${proofs} proofs of class ${sizeClass} take less than ${limit} MiB, none after the third more`, async (context) => {
    const prover = new Prover();
    context.after(() => prover.dispose());
    const { document, transcript, request } = licence();
    let settled;
    for (let proof = 1; proof <= proofs; proof += 1) {
      const prepared = await prover.prepare({ document, request, sizeClass });
      const presentation = await prover.present({ prepared, document, transcript, request, clock: "any" });
      await prover.verify({ presentation, transcript, request });
      const bytes = await prover.memoryBytes();
      assert.ok(bytes < limit * MIB, `${bytes / MIB} MiB after proof ${proof}`);
      if (proof === 3) settled = bytes;
      if (proof > 3) assert.equal(bytes, settled, `after proof ${proof}`);
    }
    context.diagnostic(`${settled / MIB} MiB`);
  });
}
