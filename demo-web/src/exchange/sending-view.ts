// Sends a message to another device: shows it as QR codes in a loop, and offers it as a file.

import type { Bytes } from "../bytes.ts";
import { failureOf } from "../failure.ts";
import { h, replace } from "../ui/dom.ts";
import { failureView } from "../ui/failure-view.ts";
import { saveButton } from "../ui/save-file.ts";
import { codesOf, type MessageKind } from "./code-sequence.ts";

type Encoder = typeof import("qr");

const CODES_PER_SECOND = 8;
/** The width of one module of a code, in pixels of the picture. */
const MODULE = 4;
/** The width of the border around a code that must stay light, in modules (ISO/IEC 18004). */
const BORDER = 4;

const FILES: Readonly<Record<MessageKind, { readonly name: string; readonly type: string }>> = {
  question: { name: "velum.question.json", type: "application/json" },
  answer: { name: "velum.presentation.cbor", type: "application/cbor" },
};

export function sendingView(kind: MessageKind, message: Bytes): HTMLElement {
  const codes = h("div", { class: "host" });
  showCodes(codes, kind, message).catch((error: unknown) => {
    replace(codes, failureView(failureOf(error)));
  });
  const { name, type } = FILES[kind];
  const save = saveButton(`Save the ${kind} as a file`, name, type, message);
  return h("div", { class: "stack" }, codes, save);
}

/** Shows the codes of a message. The QR encoder is loaded when it is first used. */
async function showCodes(host: HTMLElement, kind: MessageKind, message: Bytes): Promise<void> {
  const texts = codesOf(kind, message);
  replace(host, loopView(await import("qr"), kind, texts));
}

function loopView(encoder: Encoder, kind: MessageKind, texts: readonly string[]): HTMLElement {
  const name = texts.length === 1 ? `The ${kind} as a QR code` : `The ${kind} as QR codes in a loop`;
  const picture = h("canvas", { class: "codes", role: "img", "aria-label": name });
  const place = h("span", { class: "detail" });
  let index = 0;
  const show = (): void => {
    draw(encoder, picture, texts[index] ?? "");
    place.textContent = `Code ${index + 1} of ${texts.length}`;
  };
  const next = (): void => {
    index = (index + 1) % texts.length;
    show();
  };
  show();
  if (texts.length === 1) return picture;
  return h(
    "div",
    { class: "code-loop" },
    picture,
    h("div", { class: "actions" }, ...loopControls(picture, next), place),
  );
}

/**
 * The controls of the loop. The loop runs only while its picture is on the page. It starts by itself, unless the reader
 * has asked for less motion.
 */
function loopControls(picture: HTMLElement, next: () => void): HTMLElement[] {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    toggle.textContent = "Run the loop";
  };
  const start = (): void => {
    timer = setInterval(() => {
      if (picture.isConnected) next();
      else stop();
    }, 1000 / CODES_PER_SECOND);
    toggle.textContent = "Pause";
  };
  const toggle = h("button", {
    type: "button",
    class: "quiet",
    click: () => {
      if (timer === undefined) start();
      else stop();
    },
  });
  const step = h(
    "button",
    {
      type: "button",
      class: "quiet",
      click: () => {
        stop();
        next();
      },
    },
    "Next code",
  );
  if (isStill) stop();
  else start();
  return [toggle, step];
}

/** Draws a code dark on light in every colour scheme, as code readers expect. */
function draw({ encodeQR }: Encoder, canvas: HTMLCanvasElement, text: string): void {
  const modules = encodeQR(text, "raw", { ecc: "low", border: BORDER });
  const context = canvas.getContext("2d");
  if (context === null) return;
  canvas.width = modules.length * MODULE;
  canvas.height = modules.length * MODULE;
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "black";
  modules.forEach((row, y) => {
    row.forEach((isDark, x) => {
      if (isDark) context.fillRect(x * MODULE, y * MODULE, MODULE, MODULE);
    });
  });
}
