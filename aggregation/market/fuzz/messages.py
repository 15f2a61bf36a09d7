"""Signed messages of a market, as docs/market-api.yaml has them."""

import hashlib
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# By operation: the kind of the message, and the member that names who signs it.
KINDS = {
    "submit": ("job", "submitter"),
    "cancel": ("cancel", "submitter"),
    "buy": ("standing order", "client"),
    "dispute": ("dispute", "complainant"),
    "quote": ("quote", "provider"),
    "revoke": ("revocation", "provider"),
    "lock": ("lock", "provider"),
    "bid": ("bid", "provider"),
    "reveal": ("reveal", "provider"),
    "deliver": ("delivery", "provider"),
    "moveMoney": ("money order", "owner"),
    "issueCredit": ("credit order", "owner"),
    "redeemCredit": ("redemption", "owner"),
    "account": ("query", "asker"),
    "input": ("query", "asker"),
}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


def canonical(value):
    """RFC 8785, for what messages are made of: no fractions, and names in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """An owner."""

    def __init__(self, secret):
        self.secret = Ed25519PrivateKey.from_private_bytes(secret)
        public = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = {"algorithm": "ed25519", "public": public.hex()}
        self.owner = sha256(b"velum market v1 owner\0", canonical(self.public))

    def sign(self, operation, message):
        """The message of an operation, which names this key, with its signature."""
        kind, author = KINDS[operation]
        message = {**message, author: self.public}
        signature = self.secret.sign(signed_bytes(kind, message)).hex()
        return {"message": message, "key": self.public, "signature": signature}


def signed_bytes(kind, message):
    return b"velum market v1 " + kind.encode() + b"\0" + canonical(message)


def message_id(operation, signed):
    return sha256(signed_bytes(KINDS[operation][0], signed["message"]))


def sealed_price(lot, epoch, bidder, price, nonce):
    numbers = [number.to_bytes(8, "big") for number in (epoch, price)]
    texts = [bytes.fromhex(text) for text in (lot, bidder, nonce)]
    return sha256(b"velum market v1 sealed price\0", texts[0], numbers[0], texts[1], numbers[1], texts[2])
