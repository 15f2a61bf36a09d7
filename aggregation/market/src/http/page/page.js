// The operator's page: asks the node every two seconds and shows what it says. Without the operator's token, what everyone may see.

import { Chart } from "./charts.js";
import { setText, short, showList, showTable } from "./dom.js";

const EVERY = 2000;
/** The node adds up every transfer for it. */
const BALANCE_EVERY = 60_000;
/** Where the token is kept, for as long as the tab is there. */
const TOKEN = "operator-token";
const AUCTIONS = ["dutch", "sealed", "limit"];
const STATES = ["waiting", "offered", "locked", "settled", "cancelled", "expired"];
const PHASES = ["open", "locked", "settled", "expired"];
const MONEY = {
  outside: "Outside, where deposits come from",
  balance: "Balances",
  stake: "Stakes",
  unstaking: "Stakes on their way back",
  escrow: "Held for jobs and standing orders",
  standby: "Held for sealed bids",
  collateral: "Collateral of leases",
  rescue: "For providers that deliver what others failed to deliver",
  fees: "Fees",
  burned: "Burned",
};

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const whole = (value) => number.format(value);

let token = sessionStorage.getItem(TOKEN);
let balanceIsDue = 0;
/** Counts what was begun, so that an answer to what was asked before does not overwrite a newer one. */
let round = 0;
let timer;

const charts = {
  jobs: new Chart(at("charts"), { title: "Jobs settled per minute", kind: "bars", format: whole }),
  price: new Chart(at("charts"), { title: "Price of a presentation", kind: "curve", format: whole }),
  wait: new Chart(at("charts"), { title: "Wait for a receipt", kind: "curve", format: span }),
};

/** A number of milliseconds in its two largest units. */
function span(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  const said = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return said.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

function until(time, now) {
  return time > now ? span(time - now) : "over";
}

/** What the node answers; an error with its status and detail where it refuses. */
async function ask(path, headers = {}) {
  const answer = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(10_000) });
  const body = await answer.json();
  if (answer.ok) return body;
  throw Object.assign(new Error(body.detail ?? `the node answered with status ${answer.status}`), { status: answer.status });
}

function askAsOperator(path) {
  return ask(path, { authorization: `Bearer ${token}` });
}

async function look() {
  const mine = ++round;
  clearTimeout(timer);
  try {
    const [market, head] = await Promise.all([ask("v1/market"), ask("v1/log/head")]);
    const operators = token === null ? undefined : await askAsOperator("v1/overview");
    const lots = operators?.recent ?? (await Promise.all(AUCTIONS.map((auction) => ask(`v1/lots?auction=${auction}`)))).flat();
    if (mine !== round) return;
    showMarket(market, head, operators);
    showLots(lots, operators?.now ?? market.now);
    if (operators !== undefined) showOperators(operators);
    at("liveness").classList.remove("bad");
    setText(at("liveness"), operators === undefined ? "Live. Without the token, this page shows what everyone may see." : "Live");
    if (operators !== undefined && Date.now() >= balanceIsDue) void checkBalance();
  } catch (error) {
    if (mine !== round) return;
    if (error.status === 401) {
      forget();
      showRefusal("The node does not know this token. Paste the content of the file that its configuration names.");
    } else {
      setText(at("liveness"), `No answer from the node (${error.message}). Asking again…`);
    }
  }
  if (mine === round) timer = setTimeout(look, EVERY);
}

function showMarket(market, head, operators) {
  const { number: length, hash, at: when } = head.message;
  showList(at("log"), [
    ["Market", market.id],
    [`Key (${market.key.algorithm})`, market.key.public],
    ["Proof systems", market.proof_systems.map(({ name }) => name).join(", ")],
    ["Entries of the log", whole(length)],
    ["Hash of the last entry", hash],
    ["Last entry", length === 0 ? "none yet" : `${span(Math.max(0, market.now - when))} ago`],
    ["Signature of the log's end", head.signature],
    ...(operators === undefined ? [] : [["Proofs being verified or waiting for it", whole(operators.verifying)]]),
  ]);
}

function showLots(lots, now) {
  showTable(at("lots"), {
    label: "Lots",
    empty: "There is no lot that providers may take.",
    rows: lots,
    columns: [
      { name: "Lot", of: (lot) => short(lot.lot) },
      { name: "Phase", of: (lot) => ({ text: lot.phase, className: `phase ${lot.phase}` }) },
      { name: "Auction", of: (lot) => lot.order },
      { name: "Profile", of: (lot) => lot.profile },
      { name: "Jobs", number: true, of: (lot) => whole(lot.count) },
      { name: "Price", number: true, of: (lot) => whole(lot.price) },
      { name: "Offered", number: true, of: (lot) => `${whole(lot.minimum)} to ${whole(lot.maximum)}` },
      { name: "Bids", number: true, of: (lot) => (lot.bids === undefined ? "–" : whole(lot.bids.count)) },
      { name: "Provider", of: (lot) => short(lot.provider) },
      { name: "Leases", number: true, of: (lot) => whole(lot.epoch) },
      { name: "Time left", number: true, of: (lot) => timeLeft(lot, now) },
    ],
  });
}

function timeLeft(lot, now) {
  if (lot.phase === "open") return `${until(lot.bids?.reveals_end ?? lot.last_lock, now)}`;
  return lot.phase === "locked" ? until(lot.lease_ends ?? lot.deliver_by, now) : "–";
}

function showOperators({ now, jobs, lots, recent, book, batches, providers, minutes, money, verifying }) {
  showList(at("jobs"), [
    ...STATES.map((state) => [state, whole(jobs[state] ?? 0)]),
    ["being verified", whole(verifying)],
  ]);
  showList(at("phases"), PHASES.map((phase) => [phase, whole(lots[phase] ?? 0)]));
  showCharts(minutes, now);
  showTable(at("batches"), {
    label: "Batches collecting jobs",
    empty: "No job waits for others.",
    rows: batches,
    columns: [
      { name: "Auction", of: (batch) => batch.order },
      { name: "Profile", of: (batch) => batch.profile },
      { name: "Jobs", number: true, of: (batch) => whole(batch.count) },
      { name: "Closes in", number: true, of: (batch) => (batch.closes_at === undefined ? "–" : until(batch.closes_at, now)) },
    ],
  });
  showTable(at("book"), {
    label: "Book of quotes",
    empty: "No provider has a quote in the book.",
    rows: book,
    columns: [
      { name: "Price", number: true, of: (ask) => whole(ask.price) },
      { name: "Left", number: true, of: (ask) => whole(ask.left) },
      { name: "Profile", of: (ask) => ask.profile },
      { name: "Provider", of: (ask) => short(ask.provider) },
      { name: "Expires in", number: true, of: (ask) => until(ask.expires, now) },
    ],
  });
  showTable(at("providers"), {
    label: "Providers",
    empty: "No provider has a stake.",
    rows: providers,
    columns: [
      { name: "Provider", of: (provider) => short(provider.provider) },
      { name: "Stake", number: true, of: (provider) => whole(provider.stake) },
      { name: "Lots held", number: true, of: (provider) => whole(provider.lots) },
      { name: "Maximum value", number: true, of: (provider) => whole(provider.held) },
      { name: "Delivered", number: true, of: (provider) => whole(provider.delivered) },
      { name: "Late", number: true, of: (provider) => whole(provider.late) },
      { name: "Failed", number: true, of: (provider) => whole(provider.failed) },
    ],
  });
  const sum = Object.values(money).reduce((sum, of) => sum + of, 0);
  showTable(at("money"), {
    label: "Money by kind of account",
    empty: "",
    rows: [...Object.entries(MONEY).map(([kind, name]) => [name, money[kind] ?? 0]), ["Sum, which must be zero", sum]],
    columns: [
      { name: "Kind of account", of: ([name]) => name },
      { name: "Units", number: true, of: ([, units]) => whole(units) },
    ],
  });
}

function showCharts(minutes, now) {
  const profiles = [...new Set(minutes.map(({ profile }) => profile))].sort().reverse();
  const of = (member) =>
    profiles.map((name) => ({
      name,
      points: minutes.filter(({ profile }) => profile === name).map((minute) => [minute.from, minute[member]]),
    }));
  for (const [member, chart] of Object.entries(charts)) chart.draw(of(member), now);
}

async function checkBalance() {
  balanceIsDue = Date.now() + BALANCE_EVERY;
  const shown = at("balance");
  try {
    const { balanced, sum, wrong } = await askAsOperator("v1/balance");
    shown.className = balanced ? "notice good" : "notice bad";
    const time = new Date().toLocaleTimeString();
    const fault = wrong === undefined ? `all accounts add up to ${whole(sum)}` : `account ${wrong} does not match its transfers`;
    setText(shown, balanced ? `The ledger balances: every balance matches its transfers (${time}).` : `The ledger does not balance: ${fault} (${time}).`);
  } catch (error) {
    shown.className = "notice";
    setText(shown, `The ledger could not be checked: ${error.message}`);
  }
}

function showRefusal(text) {
  at("refused").hidden = text === undefined;
  setText(at("refused"), text ?? "");
}

/** What is the operator's is there with a token, and the form without one. */
function showParts() {
  for (const part of document.querySelectorAll(".operator")) part.hidden = token === null;
  at("token-form").hidden = token !== null;
  at("forget").hidden = token === null;
}

function forget() {
  sessionStorage.removeItem(TOKEN);
  token = null;
  showParts();
}

at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = at("token").value.trim();
  at("token").value = "";
  sessionStorage.setItem(TOKEN, token);
  balanceIsDue = 0;
  showRefusal(undefined);
  showParts();
  at("content").focus();
  void look();
});

at("forget").addEventListener("click", () => {
  forget();
  at("token").focus();
  void look();
});

at("check").addEventListener("click", () => void checkBalance());

// Nobody looks at a page that is not in sight.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else void look();
});

showParts();
void look();
