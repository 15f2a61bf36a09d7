// Puts the three roles on the page, and connects the issuer and the verifier to the wallet.

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

/** The build of the prover that `?build=` asks for. */
function askedBuild(): Build | "auto" {
  const asked = new URLSearchParams(location.search).get("build");
  return BUILDS.find((build) => build === asked) ?? "auto";
}

/** The GPU policy that `?gpu=` asks for: `auto` uses a GPU where it is faster, `require` uses it in any case. */
function askedGpu(): (typeof POLICIES)[number] | undefined {
  const asked = new URLSearchParams(location.search).get("gpu");
  return POLICIES.find((policy) => policy === asked);
}

type MadeProver = ProverBase & { readonly environment: Environment };

/**
 * Creates a prover of the requested build. If that build cannot run here, the prover is of another build, and `refusal`
 * says why.
 */
async function makeProver(): Promise<{ prover: MadeProver; refusal?: Failure }> {
  const [build, gpu] = [askedBuild(), askedGpu()];
  try {
    if (gpu === undefined) return { prover: new Prover({ build }) };
    // The additional code for GPUs is fetched only if the page's address asks for a GPU.
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
  // The colophon comes first, because it can delete what is in storage even if the storage cannot be opened.
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

/**
 * The way from the verifier to a market. When a new verdict replaces the current one, what was handed in for the old
 * verdict is taken back if that is still possible.
 */
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

/** Shows a failure in place of the three roles, none of which can work. */
function standStill(failure: Failure): void {
  mount("roles", failureView(failure));
}

start().catch((error: unknown) => {
  standStill(failureOf(error));
});
