// What becomes of workers whose owner was dropped without `dispose()`.

/** What works for an owner. It must not know the owner, which would then never be dropped. */
interface Servant {
  /** Ends once what is under way has been answered. */
  retire(): void;
}

const dropped =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Servant>((servant) => servant.retire())
    : undefined;

/** Has a servant retire when its owner is collected, where the engine tells of that. */
export function retireWith(owner: object, servant: Servant): void {
  dropped?.register(owner, servant);
}
