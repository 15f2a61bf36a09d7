// Receives a message from another device: from a file, or from QR codes with the camera.

import type { Bytes } from "../bytes.ts";
import { failureOf, Refusal } from "../failure.ts";
import { h, newId, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { filePicker } from "../ui/file-picker.ts";
import { CodeCollector, type MessageKind, MESSAGE_MAX_BYTES, type Reading } from "./code-sequence.ts";

const ACCEPTED: Readonly<Record<MessageKind, string>> = { question: ".json", answer: ".cbor" };

type Take = (message: Bytes) => void | Promise<void>;

/** `take` receives the message. Errors that it throws are shown. */
export function receivingView(kind: MessageKind, take: Take): HTMLElement {
  const problem = h("div", { class: "host" });
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    replace(problem);
    try {
      await work();
    } catch (error) {
      replace(problem, failureView(failureOf(error)));
    }
  };
  return h(
    "div",
    { class: "stack" },
    filePicker(`The ${kind} from a file`, ACCEPTED[kind], (file) => attempt(async () => take(await contentOf(file)))),
    cameraView(kind, attempt, take),
    problem,
  );
}

async function contentOf(file: File): Promise<Bytes> {
  if (file.size > MESSAGE_MAX_BYTES) {
    const reason = `it has ${file.size} bytes, more than the ${MESSAGE_MAX_BYTES} of a message`;
    throw new Refusal("too_large", "file", `${reason}; choose another file`);
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new Refusal("file", "file", `it cannot be read (${String(cause)}); choose it again`);
  }
}

type Attempt = (work: () => void | Promise<void>) => Promise<void>;

function cameraView(kind: MessageKind, attempt: Attempt, take: Take): HTMLElement {
  const host = h("div", { class: "host" });
  const open = h("button", { type: "button", class: "quiet" }, `Read the ${kind} by camera`);
  const close = (): void => {
    replace(host, open);
  };
  const start = async (): Promise<void> => {
    const id = newId("codes");
    const video = h("video", { class: "camera", playsinline: true, "aria-label": "What the camera sees" });
    video.muted = true;
    const bar = h("progress", { max: 1, value: 0, "aria-labelledby": id });
    const place = h("span", { class: "detail", id }, "No code yet");
    const stop = h("button", { type: "button", class: "quiet", click: close }, "Stop the camera");
    const collector = new CodeCollector();
    const read = (text: string): void => {
      const reading = collector.read(text);
      if (reading.kind === "reading") {
        bar.value = reading.have / reading.count;
        place.textContent = `${reading.have} of ${reading.count} codes`;
      }
      if (reading.kind === "done" || reading.kind === "damaged") {
        void attempt(() => {
          const message = messageOf(reading, kind);
          close();
          return take(message);
        });
      }
    };
    replace(host, h("div", { class: "stack" }, video, bar, h("div", { class: "actions" }, stop, place)));
    try {
      const { readCodes } = await import("./camera.ts");
      await readCodes(video, read);
    } catch (error) {
      close();
      throw error;
    }
  };
  open.addEventListener("click", () => void attempt(start));
  close();
  return host;
}

/** The message that was read. Throws if the message is damaged or not of the wanted kind. */
function messageOf(reading: Reading, wanted: MessageKind): Bytes {
  if (reading.kind !== "done") {
    throw new Refusal("malformed", "codes", "they do not fit together; keep the camera on them to read them again");
  }
  if (reading.message === wanted) return reading.bytes;
  throw new Refusal("malformed", "codes", `they carry the ${reading.message}; show the codes of the ${wanted}`);
}
