// What a client of markets needs from its environment: the network, the time and randomness. Its Rust side knows none
// of these.

/** An answer to a request, of any status. */
export interface Answer {
  readonly status: number;
  /** The seconds of `Retry-After`, if the answer has that header. */
  readonly retryAfter: number | undefined;
  readonly body: Uint8Array;
}

/** How long an answer may take, in milliseconds. A node verifies a presentation before it answers. */
const ANSWER_MS = 60_000;

/** How requests are sent: without anything of the caller's, and to nobody but the given address. */
const REQUEST: RequestInit = {
  credentials: "omit",
  redirect: "error",
  cache: "no-store",
  referrerPolicy: "no-referrer",
};

/**
 * What Rust calls for a single request. A hand-off needs more. Only methods that return promises may fail, because Rust
 * would lose an exception of any other method.
 */
export class MarketPlatform {
  readonly #signal: AbortSignal | undefined;

  /** A request ends when the signal aborts, unless the signal was already aborted when the request began. */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async send(method: string, url: string, body: Uint8Array<ArrayBuffer> | undefined, most: number): Promise<Answer> {
    const ended = new AbortController();
    const end = () => ended.abort();
    const late = setTimeout(end, ANSWER_MS);
    if (this.#signal?.aborted === false) this.#signal.addEventListener("abort", end);
    try {
      const headers = { "content-type": "application/json" };
      const sent: RequestInit = body === undefined ? { method } : { method, body, headers };
      const response = await fetch(url, { ...REQUEST, ...sent, signal: ended.signal });
      const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
      const retryAfter = Number.isNaN(seconds) ? undefined : seconds;
      const read = await bodyUpTo(response, most);
      // This is treated as if there had been no answer.
      if (read === undefined) return { status: 502, retryAfter: undefined, body: new Uint8Array() };
      return { status: response.status, retryAfter, body: read };
    } finally {
      clearTimeout(late);
      this.#signal?.removeEventListener("abort", end);
    }
  }

  now(): number {
    return Date.now();
  }

  chance(): number {
    return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  }

  isStopped(): boolean {
    return this.#signal?.aborted === true;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void setTimeout(resolve, milliseconds));
  }
}

/** The whole body, or `undefined` if it is longer than `most` bytes. */
async function bodyUpTo(response: Response, most: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next?.value === undefined) break;
    length += next.value.length;
    if (length > most) {
      await reader?.cancel();
      return undefined;
    }
    parts.push(next.value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** How long to leave a job's events alone after they could not be followed, in milliseconds. */
const RETRY_EVENTS_MS = 10_000;

/** Reports that a job has changed, by the events of its market. The new state has to be asked for. */
export class JobEvents {
  readonly #changed: () => void;
  #job: string | undefined;
  #ended: AbortController | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether events are being followed. */
  get live(): boolean {
    return this.#ended !== undefined;
  }

  /** Follows the events at this address and no others. Without an address, follows none. */
  follow(url: string | undefined): void {
    if (url !== this.#job) {
      this.stop();
      this.#failedAt = Number.NEGATIVE_INFINITY;
    }
    this.#job = url;
    if (url === undefined || this.live || Date.now() < this.#failedAt + RETRY_EVENTS_MS) return;
    const ended = new AbortController();
    this.#ended = ended;
    const over = () => {
      if (this.#ended !== ended) return;
      this.#ended = undefined;
      this.#failedAt = Date.now();
      this.#changed();
    };
    this.#read(url, ended.signal).then(over, over);
  }

  stop(): void {
    this.#ended?.abort();
    this.#ended = undefined;
  }

  async #read(url: string, signal: AbortSignal): Promise<void> {
    const response = await fetch(url, { ...REQUEST, headers: { accept: "text/event-stream" }, signal });
    const type = response.headers.get("content-type") ?? "";
    if (!response.ok || !type.startsWith("text/event-stream")) return response.body?.cancel();
    const reader = response.body?.getReader();
    for (;;) {
      const next = await reader?.read();
      if (next?.value === undefined) return;
      // What arrived is not parsed: it may be half of an event, or a comment that keeps the connection alive. One more
      // question costs little.
      this.#changed();
    }
  }
}
