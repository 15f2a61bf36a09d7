"""What Schemathesis is told, so that a node takes what it sends: requests as generated would all be refused for their signatures.

Most of what is generated within the description is made to be about what is there, by somebody with money, of now and for this market, and signed. The rest, and all that is generated outside of the
description, is sent as it is. Each operation that can be carried out at once is asked for once with a request that has to succeed.
"""

import collections
import copy
import json
import os
import pathlib
import random

import schemathesis
from schemathesis import GenerationMode

from messages import KINDS, canonical
from world import CREDIT_EPOCH, MINUTE, World, name

WORLD = World()
EXAMPLES = WORLD.examples()
SEEN = collections.defaultdict(collections.Counter)


@schemathesis.hook
def before_add_examples(context, examples):
    operation = context.operation
    found = EXAMPLES.get(operation_id(operation))
    if found is None:
        return
    path, query, body = found
    rest = {} if body is None else {"body": body, "media_type": "application/json"}
    examples.insert(0, operation.Case(path_parameters=path, query=query, **rest))


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = operation_id(case.operation)
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    chance = random.Random(canonical([operation, repr(case.path_parameters), repr(case.body)]))
    for parameter in case.path_parameters or {}:
        if parameter in WORLD.ids and chance.random() < 0.7:
            case.path_parameters[parameter] = chance.choice(WORLD.ids[parameter])
    if not isinstance(case.body, dict) or chance.random() < 0.1:
        return
    if operation == "estimate":
        case.body = {**copy.deepcopy(case.body), "submitter": WORLD.client.public}
        plausible(case.body, chance)
    if operation in KINDS:
        case.body = signed(operation, copy.deepcopy(case.body), case.path_parameters or {}, chance)


@schemathesis.hook
def after_call(context, case, response):
    # Other methods of the same path are answered too, and say nothing of the operation.
    if case.method.upper() != case.operation.method.upper():
        return
    SEEN[case.operation.label][str(response.status_code)] += 1
    pathlib.Path(os.environ["VELUM_MARKET_SEEN"]).write_text(json.dumps(SEEN))


def operation_id(operation):
    return operation.definition.raw.get("operationId")


def signed(operation, body, path, chance):
    """A generated body whose message is about what is there, and signed."""
    member = {"submit": "job", "deliver": "delivery"}.get(operation)
    message = (body[member] if member else body)["message"]
    key = chance.choices([WORLD.client, WORLD.provider, WORLD.poor], [4, 4, 1])[0]
    for parameter in ("job", "lot", "quote"):
        if parameter in message and parameter in path:
            message[parameter] = path[parameter]
        elif parameter in message:
            message[parameter] = chance.choice(WORLD.ids[parameter])
    if chance.random() < 0.8:
        plausible(message, chance)
    if operation == "submit" and chance.random() < 0.2:
        # The bytes are those that the job names.
        wanted = WORLD.job(chance.randrange(len(WORLD.submissions)), message["offer"]["order"])
        body["submission"] = wanted["submission"]
        of_wanted = wanted["job"]["message"]
        message.update({part: of_wanted[part] for part in ("proof", "proof_system", "size_class", "statement")})
    signed = key.sign(operation, message)
    return {**body, member: signed} if member else signed


def plausible(message, chance):
    """Times of now, amounts that somebody has, and this market."""
    now = WORLD.now()
    if "market" in message:
        message["market"] = WORLD.market
    if "idempotency_key" in message:
        message["idempotency_key"] = name("generated")
    if "epoch" in message:
        of_credit = "blinded" in message or "tokens" in message
        message["epoch"] = WORLD.now() // CREDIT_EPOCH if of_credit else chance.choice([0, 0, 0, 1])
    if "at" in message:
        message["at"] = now
    for soon in ("expires", "until", "lock_by"):
        if soon in message:
            message[soon] = now + chance.randrange(1, 600) * MINUTE
    if "from" in message:
        message["from"] = now
    for amount in ("amount", "price", "count", "capacity"):
        if amount in message:
            message[amount] = message[amount] % 1000 + 1
    if "subject" in message and message["subject"] != "account":
        message["subject"] = {"input": {"job": chance.choice(WORLD.ids["job"])}}
    if "offer" in message:
        offer = message["offer"]
        offer["minimum"], offer["maximum"] = sorted([offer["minimum"] % 1000 + 50, offer["maximum"] % 1000 + 50])
        offer["ramp"]["start"] = now
        if offer["order"] == "dutch":
            offer["ramp"]["price"] = "rises"
        offer["lock_by"] = now + chance.randrange(1, 600) * MINUTE
        offer["deliver_by"] = offer["lock_by"] + chance.randrange(1, 600) * MINUTE
    if "standing_order" in message:
        message["standing_order"] = WORLD.order
