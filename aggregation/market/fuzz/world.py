"""A market in which something is going on: accounts with money, jobs in every auction, a quote, and capacity that is bought ahead of it."""

import base64
import itertools
import json
import os
import pathlib

import requests

from messages import Key, message_id, sealed_price, sha256

MINUTE = 60_000
CREDIT_EPOCH = 90 * 24 * 60 * MINUTE
NUMBERS = itertools.count()


class World:
    def __init__(self):
        self.url = os.environ["VELUM_MARKET_URL"].rstrip("/")
        folder = pathlib.Path(os.environ["VELUM_MARKET_SUBMISSIONS"])
        self.submissions = json.loads((folder / "submissions.json").read_text())
        for submission in self.submissions:
            submission["bytes"] = (folder / submission["file"]).read_bytes()
        self.client, self.provider, self.poor, self.seller = (Key(bytes([byte] * 32)) for byte in (1, 2, 3, 4))
        info = requests.get(f"{self.url}/v1/market", timeout=10).json()
        self.market, self.system = info["id"], info["proof_systems"][0]
        for key in (self.client, self.provider, self.seller):
            self.post("/v1/money", self.money(key, "deposit", 100_000_000))
        for key in (self.provider, self.seller):
            self.post("/v1/money", self.money(key, "stake", 10_000_000))

        self.locked = self.submit(self.job(0, "dutch"))
        self.post(f"/v1/lots/{self.locked['lot']}/lock", self.lock(self.locked["lot"]))
        self.open = self.submit(self.job(1, "dutch"))
        self.sealed = self.submit(self.job(2, "sealed"))
        self.waiting_job = self.job(3, "dutch", wait=60)
        self.waiting = self.submit(self.waiting_job)
        quotes = [self.quote(self.provider, 1000), self.quote(self.provider, 2000, "proven-100")]
        for quote in quotes:
            self.post("/v1/quotes", quote)
        self.quotes = [message_id("quote", quote) for quote in quotes]
        order = self.buy(self.quotes[0])
        self.post("/v1/standing-orders", order)
        self.order = message_id("buy", order)
        # What requests name, by the parameters of their paths.
        self.ids = {
            "job": [status["job"] for status in (self.locked, self.open, self.sealed, self.waiting)],
            "lot": [status["lot"] for status in (self.locked, self.open, self.sealed)],
            "quote": self.quotes,
            "order": [self.order],
            "provider": [self.provider.owner],
        }

    def now(self):
        return requests.get(f"{self.url}/v1/market", timeout=10).json()["now"]

    def post(self, path, body):
        answer = requests.post(self.url + path, json=body, timeout=60)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answers {answer.status_code}: {answer.text}")
        return answer.json()

    def money(self, key, action, amount):
        message = {"market": self.market, "action": action, "amount": amount, "idempotency_key": name("order")}
        return key.sign("moveMoney", message)

    def job(self, number, order, wait=None):
        """A body that hands a submission in."""
        submission, now = self.submissions[number], self.now()
        aggregated = wait and {"aggregated": {"max_wait": wait * MINUTE, "min_batch": 2}}
        job = {
            "market": self.market,
            "proof": {"sha256": sha256(submission["bytes"]), "length": len(submission["bytes"])},
            "proof_system": self.system,
            "size_class": submission["size_class"],
            "statement": submission["statement"],
            "offer": {
                "order": order,
                "minimum": 100,
                "maximum": 1000,
                "ramp": {"start": now, "duration": 1000, "price": "rises"},
                "lock_by": now + 180 * MINUTE,
                "deliver_by": now + 360 * MINUTE,
                "collateral": 0,
            },
            "profile": "standard",
            "latency": aggregated or "single",
            "idempotency_key": name("job"),
        }
        return {"job": self.client.sign("submit", job), "submission": base64.b64encode(submission["bytes"]).decode()}

    def submit(self, body):
        return self.post("/v1/jobs", body)

    def lock(self, lot):
        return self.provider.sign("lock", {"lot": lot, "epoch": 0, "at_least": 0})

    def bid(self, lot):
        commitment = sealed_price(lot, 0, self.provider.owner, 500, sha256(b"nonce"))
        return self.provider.sign("bid", {"lot": lot, "epoch": 0, "commitment": commitment})

    def quote(self, provider, capacity, profile="standard"):
        message = {
            "market": self.market,
            "profile": profile,
            "price": 900,
            "capacity": capacity,
            "discount": 100_000,
            "expires": self.now() + 600 * MINUTE,
        }
        return provider.sign("quote", message)

    def buy(self, quote):
        now = self.now()
        message = {
            "market": self.market,
            "quote": quote,
            "count": 10,
            "price": 900,
            "from": now,
            "until": now + 60 * MINUTE,
            "idempotency_key": name("standing order"),
        }
        return self.client.sign("buy", message)

    def query(self, key, subject):
        return key.sign("account", {"market": self.market, "subject": subject, "at": self.now()})

    def credit_order(self):
        """An order of one token, whose blinded element is the generator of ristretto255 (RFC 9496, A.1)."""
        generator = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
        order = {
            "market": self.market,
            "epoch": self.now() // CREDIT_EPOCH,
            "blinded": [generator],
            "idempotency_key": name("credit"),
        }
        return self.client.sign("issueCredit", order)

    def examples(self):
        """By operation, a request that the node does what it asks for: parameters of the path and of the query, and the body."""
        locked, waiting = self.locked, self.waiting_job["job"]
        cancel = {"job": self.waiting["job"], "lock_by": waiting["message"]["offer"]["lock_by"]}
        dispute = {"lot": locked["lot"], "grievance": "receipt-missing", "evidence": sha256(b"evidence")}
        of_input = {"input": {"job": locked["job"]}}
        return {
            "page": ({}, {}, None),
            "market": ({}, {}, None),
            "estimate": ({}, {}, waiting["message"]),
            "submit": ({}, {}, self.job(4, "limit")),
            "jobStatus": ({"job": locked["job"]}, {}, None),
            "acceptance": ({"job": locked["job"]}, {}, None),
            "cancel": ({"job": self.waiting["job"]}, {}, self.client.sign("cancel", cancel)),
            "jobEvents": ({"job": locked["job"]}, {}, None),
            "lots": ({}, {"auction": "sealed"}, None),
            "lot": ({"lot": locked["lot"]}, {}, None),
            "lock": ({"lot": self.open["lot"]}, {}, self.lock(self.open["lot"])),
            "bid": ({"lot": self.sealed["lot"]}, {}, self.bid(self.sealed["lot"])),
            "input": ({}, {}, self.query(self.provider, of_input)),
            "quote": ({}, {}, self.quote(self.seller, 3000)),
            "buy": ({}, {}, self.buy(self.quotes[0])),
            "standing": ({"order": self.order}, {}, None),
            "revoke": ({"quote": self.quotes[1]}, {}, self.provider.sign("revoke", {"quote": self.quotes[1]})),
            "dispute": ({}, {}, self.client.sign("dispute", dispute)),
            "moveMoney": ({}, {}, self.money(self.client, "stake", 1000)),
            "issueCredit": ({}, {}, self.credit_order()),
            "account": ({}, {}, self.query(self.client, "account")),
            "reputation": ({"provider": self.provider.owner}, {}, None),
            "log": ({}, {"after": 1}, None),
        }


def name(what):
    """An idempotency key that was not used before."""
    return f"{what} {next(NUMBERS):020}"
