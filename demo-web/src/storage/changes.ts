// Notifies every tab of changes.

export class Changes {
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<() => void>();

  /** Tabs that use the same name are notified of each other's changes. */
  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = () => {
      this.#call();
    };
  }

  /** Calls `listener` whenever this tab or another one has changed something. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Announces a change that was made in this tab. */
  tell(): void {
    this.#channel.postMessage(null);
    this.#call();
  }

  close(): void {
    this.#channel.close();
    this.#listeners.clear();
  }

  #call(): void {
    for (const listener of this.#listeners) listener();
  }
}
