// @vitest-environment jsdom

import { act, createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { expect, test } from "vitest";

import { ProverProvider, useProver, useProverCall } from "@velum/prover/react";

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

/** Provers whose calls end as the test decides. */
function provers() {
  const made = [];
  const make = () => {
    const prover = { disposed: false, dispose: () => (prover.disposed = true) };
    made.push(prover);
    return prover;
  };
  return { made, make };
}

/** Mounts a component that makes calls, and returns what it renders with. */
async function mounted(make, strict = false) {
  const calls = [];
  const call = (prover, options, question) =>
    new Promise((resolve, reject) => calls.push({ prover, question, ...options, resolve, reject }));
  const view = { calls };
  function Component() {
    Object.assign(view, { prover: useProver(), ...useProverCall(call) });
    return null;
  }
  const root = createRoot(document.createElement("div"));
  const tree = createElement(ProverProvider, { make }, createElement(Component));
  await act(async () => root.render(strict ? createElement(StrictMode, null, tree) : tree));
  view.unmount = () => act(async () => root.unmount());
  return view;
}

test("owns one prover, also under StrictMode, and disposes of it", async () => {
  const { made, make } = provers();
  const view = await mounted(make, true);
  expect(made.map(({ disposed }) => disposed)).toEqual([true, false]);
  expect(view.prover).toBe(made[1]);
  await view.unmount();
  expect(made.every(({ disposed }) => disposed)).toBe(true);
});

test("tells how a call stands, and what it gives", async () => {
  const view = await mounted(provers().make);
  expect(view).toMatchObject({ status: "idle", progress: 0 });
  let given;
  await act(async () => void (given = view.run("adult?")));
  expect(view.status).toBe("running");
  const [call] = view.calls;
  expect([call.prover, call.question]).toEqual([view.prover, "adult?"]);
  await act(async () => call.onProgress("witness", 0.25, "cpu"));
  expect(view).toMatchObject({ status: "running", stage: "witness", progress: 0.25 });
  await act(async () => call.resolve("yes"));
  expect(view).toMatchObject({ status: "done", progress: 1, result: "yes", error: undefined });
  expect(await given).toBe("yes");
});

test("tells what a call rejects with, and does not reject", async () => {
  const view = await mounted(provers().make);
  let given;
  await act(async () => void (given = view.run()));
  const reason = new Error("no");
  await act(async () => view.calls[0].reject(reason));
  expect(view).toMatchObject({ status: "failed", error: reason, result: undefined });
  expect(await given).toBeUndefined();
});

test("a call aborts the one before, and an abort forgets", async () => {
  const view = await mounted(provers().make);
  await act(async () => void view.run(1));
  await act(async () => void view.run(2));
  expect(view.calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  await act(async () => view.calls[0].resolve("too late"));
  expect(view.status).toBe("running");
  await act(async () => view.abort());
  await act(async () => view.calls[1].reject(new Error("aborted")));
  expect(view.calls[1].signal.aborted).toBe(true);
  expect(view).toMatchObject({ status: "idle", error: undefined });
});

test("unmounting aborts", async () => {
  const view = await mounted(provers().make);
  await act(async () => void view.run());
  await view.unmount();
  expect(view.calls[0].signal.aborted).toBe(true);
});

test("without a provider a call says so", async () => {
  const view = {};
  function Component() {
    Object.assign(
      view,
      useProverCall(() => Promise.resolve("never")),
    );
    return null;
  }
  const root = createRoot(document.createElement("div"));
  await act(async () => root.render(createElement(Component)));
  await act(async () => view.run());
  expect(view).toMatchObject({ status: "failed", error: { code: "unsupported", where: "prover" } });
  await act(async () => root.unmount());
});
