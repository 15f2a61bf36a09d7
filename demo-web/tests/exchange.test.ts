// Tests questions and answers between two browsers that know nothing of each other, and between a browser and the
// command.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { after, test, type TestContext } from "node:test";

import { codesOf } from "../src/exchange/code-sequence.ts";
import { readQuestion } from "../src/exchange/question-message.ts";
import { sessionTranscript } from "../src/exchange/session.ts";
import { barriers } from "./support/barriers.ts";
import { launch } from "./support/browser.ts";
import { messageIn, pictureOf, picturesIn, writeFilm } from "./support/codes.ts";
import { Demo } from "./support/demo.ts";
import { Stage } from "./support/stage.ts";

/** The path of the command, which `./x ci` builds. */
const VELUM = env["VELUM"];

const stage = new Stage();
const folder = mkdtempSync(join(tmpdir(), "velum-exchange-"));

after(() => {
  rmSync(folder, { recursive: true });
});

const ROOT = ["Save the root for verifiers elsewhere", "velum.root.pem"] as const;
const ANSWER = ["Save the answer as a file", "velum.presentation.cbor"] as const;

/** A verifier and a wallet in separate profiles. The verifier trusts the issuer of the wallet's licence. */
async function devices(): Promise<{ verifier: Demo; wallet: Demo }> {
  const [verifier, wallet] = [await stage.demo(), await stage.demo()];
  await wallet.issue();
  await verifier.trust(await wallet.saved(...ROOT));
  return { verifier, wallet };
}

async function consented(wallet: Demo): Promise<void> {
  await wallet.consent.click();
  await wallet.wallet.getByText("Answered.").first().waitFor();
}

test("a question goes to another device as a file, and its answer comes back and is accepted once", async () => {
  const { verifier, wallet } = await devices();
  const question = await verifier.askElsewhere();
  await wallet.takeQuestion(question);
  await wallet.consent.waitFor();
  const asked = wallet.wallet.getByRole("region", { name: "What the verifier asks" });
  const { origin } = new URL(verifier.page.url());
  assert.match(
    await asked.innerText(),
    new RegExp(`${origin} asks, according to the question\\s+Nobody vouches for that name\\.`),
  );
  assert.match(await asked.innerText(), /They will learn\s+You are 18 or older/);
  await consented(wallet);
  const answer = await wallet.saved(...ANSWER);
  await wallet.wallet.getByRole("button", { name: "Done" }).click();
  await wallet.wallet.getByText("No request.").waitFor();

  // The changed byte is in the middle of the longer proof.
  const changed = Buffer.from(answer);
  changed.writeUInt8(changed.readUInt8(changed.length >> 1) ^ 1, changed.length >> 1);
  await verifier.takeAnswer(changed);
  await verifier.verifier.getByText("proof_invalid", { exact: true }).waitFor();
  await verifier.takeAnswer(answer);
  await verifier.verified.waitFor();
  const verdict = await verifier.verifier.locator(".verdict").innerText();
  assert.match(verdict, /The holder is 18 or older/);
  assert.match(verdict, /Verified in/);
  assert.doesNotMatch(verdict, /Waited for the proof|Where the time went|Sample|Ada|1998/);
  await verifier.screenshot("verified-elsewhere");

  await verifier.verifier.getByRole("button", { name: "Replay to another session" }).click();
  await verifier.verifier.locator("[data-attempt=replay]").getByText("Refused").waitFor();
  assert.equal(await verifier.verifier.getByLabel("The answer from a file").count(), 0, "the question is forgotten");
  // The same answer must not be accepted for another question.
  await verifier.askElsewhere();
  await verifier.takeAnswer(answer);
  await verifier.verifier.getByText("proof_invalid", { exact: true }).waitFor();
  await verifier.close();
  await wallet.close();
});

test("question and answer are shown as QR codes that can be read off the page", async () => {
  const { verifier, wallet } = await devices();
  const question = await verifier.askElsewhere();
  const asked = messageIn(await picturesIn(verifier.verifier));
  assert.deepEqual(asked, question);
  await wallet.takeQuestion(asked);
  await consented(wallet);
  await verifier.takeAnswer(messageIn(await picturesIn(wallet.wallet)));
  await verifier.verified.waitFor();
  await verifier.close();
  await wallet.close();
});

test("a loop runs by itself, and stops when it is told to", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.askElsewhere();
  const place = demo.verifier.locator(".code-loop .detail");
  for (const code of [2, 1, 2]) await place.getByText(`Code ${code} of`).waitFor();
  await demo.verifier.getByRole("button", { name: "Pause" }).click();
  await standsStill(demo);
  await demo.close();
});

test("a loop waits to be run where less motion is asked for", async () => {
  const demo = await stage.demo({ reducedMotion: "reduce" });
  await demo.issue();
  await demo.askElsewhere();
  await standsStill(demo);
  await demo.verifier.getByRole("button", { name: "Run the loop" }).click();
  const place = demo.verifier.locator(".code-loop .detail");
  for (const code of [2, 1]) await place.getByText(`Code ${code} of`).waitFor();
  await demo.close();
});

/** Checks that the loop can be started and is not running. */
async function standsStill(demo: Demo): Promise<void> {
  await demo.verifier.getByRole("button", { name: "Run the loop" }).waitFor();
  const place = demo.verifier.locator(".code-loop .detail");
  const still = await place.innerText();
  // Long enough for several codes.
  await demo.page.waitForTimeout(400);
  assert.equal(await place.innerText(), still);
}

/** A page whose camera shows a film. */
async function withCamera(context: TestContext, film: string): Promise<Demo> {
  const browser = await launch([
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${film}`,
  ]);
  context.after(() => browser.close());
  const demo = await Demo.open(browser, (await stage.running()).url);
  await demo.unfold(demo.wallet, "Take a question from another device");
  return demo;
}

test("a wallet reads a question by camera", async (context) => {
  const verifier = await stage.demo();
  await verifier.issue();
  await verifier.askElsewhere();
  const film = join(folder, "question.y4m");
  writeFilm(film, await picturesIn(verifier.verifier));
  const wallet = await withCamera(context, film);
  await wallet.issue();
  const loaded = wallet.watch.paths.filter((path) => path.includes("camera"));
  assert.deepEqual(loaded, [], "what reads codes is loaded when it is used");
  await wallet.wallet.getByRole("button", { name: "Read the question by camera" }).click();
  await wallet.wallet.getByText("You are 18 or older").waitFor();
  assert.equal(await wallet.wallet.locator("video").count(), 0, "the camera is off");
  await wallet.close();
  await verifier.close();
});

test("a camera that sees codes of another kind says so, goes on, and can be stopped", async (context) => {
  const film = join(folder, "answer.y4m");
  writeFilm(film, codesOf("answer", Buffer.from("an answer")).map(pictureOf));
  const demo = await withCamera(context, film);
  const read = demo.wallet.getByRole("button", { name: "Read the question by camera" });
  await read.click();
  await demo.wallet.getByText("they carry the answer; show the codes of the question").waitFor();
  await demo.screenshot("camera");
  assert.deepEqual(await barriers(demo.page), []);
  const stopped = await watchedCamera(demo);
  await demo.wallet.getByRole("button", { name: "Stop the camera" }).click();
  await stopped();
  await read.click();
  const folded = await watchedCamera(demo);
  await demo.wallet.getByText("Take a question from another device").click();
  await folded();
  await demo.close();
});

/** Waits until the page receives a picture from its camera. The returned function waits until the camera is off. */
async function watchedCamera({ page, wallet }: Demo): Promise<() => Promise<unknown>> {
  await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
  const track = await wallet
    .locator("video")
    .evaluateHandle((shown) => ((shown as HTMLVideoElement).srcObject as MediaStream).getTracks()[0]);
  return () => page.waitForFunction((seen) => seen?.readyState === "ended", track);
}

test("without a camera there is the way by file, and what is no question or answer is told", async () => {
  const demo = await stage.demo();
  await demo.issue();
  await demo.unfold(demo.wallet, "Take a question from another device");
  await demo.wallet.getByRole("button", { name: "Read the question by camera" }).click();
  await demo.wallet.getByText(/^no camera can be used here .*; allow the page to use one, or choose a file$/).waitFor();
  await demo.wallet.getByRole("button", { name: "Read the question by camera" }).waitFor();
  await demo.screenshot("no-camera");
  await demo.takeQuestion(Buffer.from("{}"));
  await demo.wallet.getByText("question.request").waitFor();
  await demo.takeQuestion(await demo.askElsewhere());
  await demo.wallet.getByText("You are 18 or older").waitFor();
  await demo.wallet.getByRole("button", { name: "Decline" }).click();
  await demo.wallet.getByText("Nothing leaves this wallet.").waitFor();
  await demo.takeAnswer(Buffer.from("no presentation"));
  await demo.verifier.getByRole("alert").getByText("Where:").waitFor();
  await demo.takeAnswer(Buffer.alloc(5_000_000));
  await demo.verifier.getByText("too_large", { exact: true }).waitFor();
  await demo.trust(Buffer.from("no certificate"));
  await demo.verifier.getByText(/^it is not one certificate in PEM/).waitFor();
  await demo.close();
});

/** Runs the command, which must succeed, and returns the object that it prints. */
function velum(...words: string[]): Record<string, unknown> {
  assert.ok(VELUM !== undefined);
  const { status, stdout, stderr } = spawnSync(VELUM, ["--json", ...words], { encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Writes the transcript and the request of a question to files, because the command computes no transcripts itself. */
async function filesOf(question: Buffer, name: string): Promise<{ transcript: string; request: string }> {
  const { origin, nonce, request } = readQuestion(question);
  const files = { transcript: join(folder, `${name}.transcript.cbor`), request: join(folder, `${name}.request.json`) };
  writeFileSync(files.transcript, await sessionTranscript(origin, nonce));
  writeFileSync(files.request, request);
  return files;
}

test(
  "the command answers a question of the page",
  { skip: VELUM === undefined && "VELUM names no command" },
  async () => {
    const day = (days: number): string => `${new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)}Z`;
    const spec = {
      seed: "5e".repeat(32),
      doc_type: "org.iso.18013.5.1.mDL",
      validity: { signed: day(-1), valid_from: day(-1), valid_until: day(30) },
      elements: [{ namespace: "org.iso.18013.5.1", element: "birth_date", value: { full_date: "1990-02-28" } }],
    };
    const [specFile, minted] = [join(folder, "spec.json"), join(folder, "minted")];
    writeFileSync(specFile, JSON.stringify(spec));
    velum("issue", "--spec", specFile, "--out", minted);
    const demo = await stage.demo();
    await demo.trust(readFileSync(join(minted, "iaca.pem")));
    const { transcript, request } = await filesOf(await demo.askElsewhere(), "page");
    const [signed, presentation] = [join(folder, "signed.cbor"), join(folder, "answer.cbor")];
    const document = ["--document", join(minted, "document.cbor"), "--transcript", transcript];
    velum("sign", ...document, "--device-key", join(minted, "device.key"), "--out", signed);
    velum("prove", "--document", signed, "--transcript", transcript, "--request", request, "--out", presentation);
    await demo.takeAnswer(readFileSync(presentation));
    await demo.verified.waitFor();
    assert.match(await demo.verifier.locator(".learnt").innerText(), /The holder is 18 or older/);
    await demo.close();
  },
);

test(
  "the command verifies an answer of the page",
  { skip: VELUM === undefined && "VELUM names no command" },
  async () => {
    const demo = await stage.demo();
    await demo.issue();
    const question = await demo.askElsewhere();
    const { transcript, request } = await filesOf(question, "command");
    await demo.takeQuestion(question);
    await consented(demo);
    const presentation = join(folder, "page.cbor");
    writeFileSync(presentation, await demo.saved(...ANSWER));
    const words = ["--presentation", presentation, "--transcript", transcript, "--request", request];
    assert.equal(velum("verify", ...words)["verified"], true);
    const { transcript: other } = await filesOf(await demo.askElsewhere(), "other");
    const refused = spawnSync(VELUM ?? "", ["verify", ...words.map((word) => (word === transcript ? other : word))]);
    assert.equal(refused.status, 1);
    await demo.close();
  },
);
