// Makes memory fail in a faulty worker.

import { parentPort, workerData } from "node:worker_threads";

const { instantiate } = WebAssembly;
const memories = [];
WebAssembly.instantiate = async (...given) => {
  const instance = await instantiate(...given);
  // Node instantiates modules of its own, which have little memory.
  if (instance.exports?.memory) memories.push(instance.exports.memory);
  return instance;
};

let verb;
let hasFailed = false;
parentPort.on("message", (message) => ({ verb } = message));

const post = parentPort.postMessage.bind(parentPort);
parentPort.postMessage = (message, transfer) => {
  // A stage may be told several times.
  if (!hasFailed && message.stage === "quotient" && verb === workerData.failing) turnBits();
  post(message, transfer);
};

/** Flips bits at places that are closer together than a column is long. Most of the upper half of memory is columns. */
function turnBits() {
  hasFailed = true;
  const largest = memories.map(({ buffer }) => buffer).sort((one, other) => other.byteLength - one.byteLength)[0];
  const words = new Uint32Array(largest);
  for (let start = words.length >> 1; start < words.length; start += 1 << 18) {
    for (let word = start; word < start + (1 << 12); word += 1) words[word] ^= 1;
  }
}
