// What a client of markets has of its surroundings: the network, time, chance. Its Rust side knows none of these.

/** An answer to a request, of whatever status. */
export interface Answer {
  readonly status: number;
  /** Seconds of `Retry-After`, where it has them. */
  readonly retryAfter: number | undefined;
  readonly body: Uint8Array;
}

/** How long an answer may take, in milliseconds. A node verifies a presentation before it answers. */
const ANSWER_MS = 60_000;

/** How requests are sent: nothing of the caller's goes along, and nobody else is asked. */
const REQUEST: RequestInit = {
  credentials: "omit",
  redirect: "error",
  cache: "no-store",
  referrerPolicy: "no-referrer",
};

/** What Rust calls for a single question; a hand-off takes more. Only promises may reject: an exception would be lost in Rust. */
export class MarketPlatform {
  readonly #signal: AbortSignal | undefined;

  /** Requests are ended when the signal aborts that was not aborted when they began. */
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
      // As if there had been none.
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

/** The whole body, unless it is longer than that. */
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

/** How long the events of a job that could not be followed are left alone, in milliseconds. */
const RETRY_EVENTS_MS = 10_000;

/** Tells that a job has changed, by the events of its market. What it is now is to be asked for. */
export class JobEvents {
  readonly #changed: () => void;
  #job: string | undefined;
  #ended: AbortController | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Whether events are followed. */
  get live(): boolean {
    return this.#ended !== undefined;
  }

  /** Follows the events at this address and no others, or none. */
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
      // What came is not read: it may be half of an event, or a comment that keeps the connection, and asking once more costs little.
      this.#changed();
    }
  }
}
