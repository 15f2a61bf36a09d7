// What a mortal worker does on order: it ends by itself, it ends by a trap in WebAssembly as after a panic, or it never
// answers.

import { parentPort } from "node:worker_threads";

// (module (func (export "trap") unreachable))
const TRAP = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0,
  11,
]);

parentPort.on("message", ({ input }) => {
  const order = input?.docType;
  if (order === "exit") process.exit(3);
  if (order === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (order === "trap") JSON.parse = new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.trap;
});
