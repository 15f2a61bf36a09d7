// Prints Chromium's adapters: the one that it offers by default, and the software adapter that tests run on.

import { launch } from "./browser.mjs";
import { serve } from "./server.mjs";

const OFFERS = [
  ["Chromium", []],
  ["Chromium, in software", ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]],
];

/** What is reported about an adapter, as plain data. */
async function adapter() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const { info, limits } = adapter;
  return {
    name: [info.description, info.vendor, info.architecture, info.device].filter((part) => part !== "").join(" "),
    isSoftware: info.isFallbackAdapter,
    binding: limits.maxStorageBufferBindingSize,
    buffers: limits.maxStorageBuffersPerShaderStage,
    workgroup: limits.maxComputeWorkgroupStorageSize,
    threads: limits.maxComputeInvocationsPerWorkgroup,
  };
}

// Only pages of secure origins have WebGPU.
const server = await serve({ "/": new URL("page/", import.meta.url) });
for (const [name, args] of OFFERS) {
  const browser = await launch(args);
  const page = await browser.newPage();
  await page.goto(`${server.origin}/closing.js`);
  const found = await page.evaluate(adapter);
  await browser.close();
  console.log(name);
  if (found === undefined) {
    console.log("  no adapter");
    continue;
  }
  console.log(`  adapter        ${found.name}`);
  console.log(`  computes on    ${found.isSoftware ? "the processor" : "a GPU"}`);
  console.log("  integers       32 bits");
  console.log(`  largest buffer ${Math.floor(found.binding / 1e6)} MB, ${found.buffers} a kernel`);
  console.log(`  workgroup      ${found.threads} threads, ${found.workgroup} bytes`);
}
server.close();
