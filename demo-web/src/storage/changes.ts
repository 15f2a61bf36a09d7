// Word of a change, to every tab.

export class Changes {
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<() => void>();

  /** Tabs that use the same name hear of each other's changes. */
  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = () => {
      this.#call();
    };
  }

  /** Calls `listener` whenever this or another tab changed something. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Something was changed here. */
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
