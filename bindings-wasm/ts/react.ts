"use client";
/**
 * React bindings for a prover: who owns the prover, and what becomes of its calls.
 *
 * @packageDocumentation
 */

import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from "react";

import { VelumError } from "./errors.js";
import { Prover } from "./prover.js";
import type { ProverBase } from "./prover-base.js";
import type { CallOptions, Stage } from "./types.js";

export { type ErrorCode, VelumError } from "./errors.js";
export type { ProverBase } from "./prover-base.js";
export type { CallOptions, Stage } from "./types.js";

const Context = createContext<ProverBase | undefined>(undefined);

/** Properties of {@link ProverProvider}. */
export interface ProverProviderProps {
  /**
   * Makes the prover, once for each time that the provider mounts.
   *
   * @defaultValue `() => new Prover()`
   */
  make?: () => ProverBase;
  children?: ReactNode;
}

/**
 * Owns one prover for the components in it. It makes the prover once it has mounted, and disposes of it when it
 * unmounts. On servers there is no prover.
 */
export function ProverProvider({ make = () => new Prover(), children }: ProverProviderProps): ReactElement {
  const [prover, setProver] = useState<ProverBase>();
  // A prover starts nothing before its first call, so a prover that StrictMode throws away costs nothing.
  useEffect(() => {
    const made = make();
    setProver(made);
    return () => made.dispose();
    // A different `make` in a later render is the same function, written inline.
  }, []);
  return createElement(Context.Provider, { value: prover }, children);
}

/** The prover of the surrounding provider, or `undefined` before that provider has mounted. */
export function useProver(): ProverBase | undefined {
  return useContext(Context);
}

/** The state of a call. */
export interface CallState<Result> {
  readonly status: "idle" | "running" | "done" | "failed";
  /** What a running call is doing, if it reports that. */
  readonly stage: Stage | undefined;
  /** The part of the call's work that is done, 0 to 1. */
  readonly progress: number;
  /** What the call resolved with. */
  readonly result: Result | undefined;
  /** What the call rejected with: a {@link VelumError} if a prover is the reason. */
  readonly error: Error | undefined;
}

/** A call that a component makes. */
export interface ProverCall<Arguments extends unknown[], Result> extends CallState<Result> {
  /**
   * Begins a call and aborts the previous one. It never rejects: it resolves with the result, or with `undefined` if
   * there is none.
   */
  readonly run: (...given: Arguments) => Promise<Result | undefined>;
  /** Aborts the running call and resets the state. */
  readonly abort: () => void;
}

const IDLE = { status: "idle", stage: undefined, progress: 0, result: undefined, error: undefined } as const;

/**
 * Follows calls of a prover, one at a time. `call` must pass the options that it receives to the prover. Unmounting
 * aborts.
 */
export function useProverCall<Arguments extends unknown[], Result>(
  call: (prover: ProverBase, options: Required<CallOptions>, ...given: Arguments) => Promise<Result>,
): ProverCall<Arguments, Result> {
  const prover = useProver();
  const [state, setState] = useState<CallState<Result>>(IDLE);
  const running = useRef<AbortController>(undefined);
  const latest = useRef(call);
  useEffect(() => {
    latest.current = call;
  });
  useEffect(() => () => running.current?.abort(), []);

  const abort = useCallback(() => {
    running.current?.abort();
    setState(IDLE);
  }, []);
  const run = useCallback(
    async (...given: Arguments) => {
      running.current?.abort();
      const mine = new AbortController();
      running.current = mine;
      const tell = (told: Partial<CallState<Result>>) => {
        if (!mine.signal.aborted) setState({ ...IDLE, ...told });
      };
      const onProgress = (stage: Stage, progress: number) => tell({ status: "running", stage, progress });
      tell({ status: "running" });
      try {
        const result = await latest.current(mounted(prover), { signal: mine.signal, onProgress }, ...given);
        tell({ status: "done", progress: 1, result });
        return result;
      } catch (reason) {
        tell({ status: "failed", error: reason instanceof Error ? reason : new Error(String(reason)) });
        return undefined;
      }
    },
    [prover],
  );
  return { ...state, run, abort };
}

function mounted(prover: ProverBase | undefined): ProverBase {
  if (prover !== undefined) return prover;
  const message = "there is no prover; wrap the component in a ProverProvider, and wait until useProver returns one";
  throw new VelumError("unsupported", "prover", message);
}
