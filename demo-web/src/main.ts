// Puts the three roles on the page and connects them: the issuer to the wallet, the verifier to the wallet.

import { type Build, Prover, type ProverBase } from "@velum/prover";
import { MarketClient } from "@velum/prover/market";
import { mint } from "@velum/prover/testing";
import { Verifier as PackageVerifier } from "@velum/prover/verify";

import { colophon, type Environment, showGpu } from "./colophon.ts";
import { Authorities } from "./issuer/authorities.ts";
import { Issuer } from "./issuer/issuer.ts";
import { issuerView } from "./issuer/view.ts";
import { type Failure, failureOf } from "./failure.ts";
import { Market } from "./market/market.ts";
import { marketView } from "./market/view.ts";
import { missing } from "./needs.ts";
import { failureView } from "./ui/failure-view.ts";
import { type Accepted, Verifier } from "./verifier/verifier.ts";
import { verifierView } from "./verifier/view.ts";
import { Vault } from "./wallet/vault.ts";
import { walletView } from "./wallet/view.ts";
import { Wallet } from "./wallet/wallet.ts";

const BUILDS: readonly Build[] = ["simd-threads", "simd", "scalar"];

const POLICIES = ["auto", "require"] as const;

/** `?build=` asks for one of the prover's builds. */
function askedBuild(): Build | "auto" {
  const asked = new URLSearchParams(location.search).get("build");
  return BUILDS.find((build) => build === asked) ?? "auto";
}

/** `?gpu=` asks for a GPU where it is faster, by `auto`, or in any case. */
function askedGpu(): (typeof POLICIES)[number] | undefined {
  const asked = new URLSearchParams(location.search).get("gpu");
  return POLICIES.find((policy) => policy === asked);
}

type MadeProver = ProverBase & { readonly environment: Environment };

/** A prover of the asked build or, said so, of another where that one cannot run. */
async function makeProver(): Promise<{ prover: MadeProver; refusal?: Failure }> {
  const [build, gpu] = [askedBuild(), askedGpu()];
  try {
    if (gpu === undefined) return { prover: new Prover({ build }) };
    // What it takes more is fetched where it is asked for.
    const { Prover: GpuProver } = await import("@velum/prover/webgpu");
    return { prover: new GpuProver({ build, gpu, onGpu: showGpu }) };
  } catch (error) {
    return { prover: new Prover(), refusal: failureOf(error) };
  }
}

async function start(): Promise<void> {
  const lack = missing();
  if (lack !== undefined) {
    standStill(lack);
    return;
  }
  const { prover, refusal } = await makeProver();
  // First, since what the storage holds can be forgotten even where it cannot be opened.
  mount("colophon", colophon(prover.environment, location.search, refusal));
  const [vault, authorities] = await Promise.all([Vault.open(), Authorities.open()]);
  const wallet = new Wallet(vault, prover);
  const issuer = new Issuer(authorities, mint, wallet);
  const verifier = new Verifier(new PackageVerifier(), location.origin, (asked) => wallet.receive(asked));

  mount("issuer-view", issuerView(issuer));
  mount("wallet-view", walletView(wallet));
  mount("verifier-view", verifierView(verifier, issuer.published, marketOf(verifier)));
  await Promise.all([wallet.start(), issuer.refresh()]);
}

/** The way from the verifier to a market. What is handed in of one verdict is taken back where another takes its place. */
function marketOf(verifier: Verifier): HTMLElement {
  const market = new Market(new MarketClient(), (accepted) => verifier.askForMarket(accepted));
  verifier.verdict.watch(() => {
    market.reset();
  });
  const accepted = (): Accepted | undefined => {
    const verdict = verifier.verdict.value;
    return verdict.kind === "accepted" ? verdict.accepted : undefined;
  };
  return marketView(market, accepted);
}

function mount(id: string, view: HTMLElement): void {
  document.getElementById(id)?.replaceChildren(view);
}

/** In place of the three roles, none of which can do anything. */
function standStill(failure: Failure): void {
  mount("roles", failureView(failure));
}

start().catch((error: unknown) => {
  standStill(failureOf(error));
});
