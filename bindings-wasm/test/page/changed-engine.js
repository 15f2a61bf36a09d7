// Changes the engine as the worker's address says, before anything of the package runs:
//
// coins=N       every random byte is N
// software      a software adapter passes for a GPU until it has returned a device
// from=A&to=B   in the source of kernels, A is replaced by B
// limits=N      a kernel may use N buffers
// refuse        no pipeline is made
// lose=N        the device is lost at the N-th submission of commands
// memory=N      the device is out of memory at the N-th buffer

const asked = new URL(location.href).searchParams;

function change(prototype, name, make) {
  const { get, value } = Object.getOwnPropertyDescriptor(prototype, name);
  const changed = get === undefined ? { value: make(value), writable: true } : { get: make(get) };
  Object.defineProperty(prototype, name, { ...changed, configurable: true });
}

/** Calls `then(object)` before the N-th call of a method. */
function count(prototype, name, option, then) {
  let calls = 0;
  change(
    prototype,
    name,
    (method) =>
      function (...given) {
        if (++calls === Number(asked.get(option))) then(this);
        return method.apply(this, given);
      },
  );
}

if (asked.has("coins")) {
  Object.defineProperty(crypto, "getRandomValues", {
    value: (array) => {
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(Number(asked.get("coins")));
      return array;
    },
  });
}
if (asked.has("software")) {
  let isGiven = false;
  change(
    GPUAdapterInfo.prototype,
    "isFallbackAdapter",
    (get) =>
      function () {
        return isGiven && get.call(this);
      },
  );
  change(
    GPUAdapter.prototype,
    "requestDevice",
    (method) =>
      async function (description) {
        const device = await method.call(this, description);
        isGiven = true;
        return device;
      },
  );
}
if (asked.has("from")) {
  change(
    GPUDevice.prototype,
    "createShaderModule",
    (method) =>
      function ({ code, ...rest }) {
        return method.call(this, { ...rest, code: code.replaceAll(asked.get("from"), asked.get("to")) });
      },
  );
}
if (asked.has("limits")) {
  change(GPUSupportedLimits.prototype, "maxStorageBuffersPerShaderStage", () => () => Number(asked.get("limits")));
}
if (asked.has("refuse")) {
  const refuse = async () => {
    throw new GPUPipelineError("refused on purpose", { reason: "internal" });
  };
  change(GPUDevice.prototype, "createComputePipelineAsync", () => refuse);
}
if (asked.has("lose")) {
  let device;
  change(
    GPUAdapter.prototype,
    "requestDevice",
    (method) =>
      async function (description) {
        device = await method.call(this, description);
        return device;
      },
  );
  count(GPUQueue.prototype, "submit", "lose", () => device.destroy());
}
if (asked.has("memory")) {
  count(GPUDevice.prototype, "createBuffer", "memory", (device) => {
    const error = new GPUOutOfMemoryError("out of memory on purpose");
    device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
  });
}
