// Ends workers whose owner was dropped without `dispose()`.

/** Works for an owner. It must hold no reference to the owner, or the owner would never be collected. */
interface Servant {
  /** Ends once the calls under way have been answered. */
  retire(): void;
}

const dropped =
  typeof FinalizationRegistry === "function"
    ? new FinalizationRegistry<Servant>((servant) => servant.retire())
    : undefined;

/** Makes a servant retire when its owner is collected, if the engine reports that. */
export function retireWith(owner: object, servant: Servant): void {
  dropped?.register(owner, servant);
}
