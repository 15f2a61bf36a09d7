//! One message of each kind, and the keys that sign them.

use velum_market_model::*;

pub const NOON: u64 = 1_800_000_000_000;

pub fn key(algorithm: Algorithm, byte: u8) -> SecretKey {
    SecretKey::from_bytes(algorithm, &[byte; 32]).unwrap()
}

pub fn client() -> SecretKey {
    key(Algorithm::Es256, 1)
}

pub fn provider() -> SecretKey {
    key(Algorithm::Ed25519, 2)
}

pub fn node() -> SecretKey {
    key(Algorithm::Ed25519, 3)
}

pub fn hash(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn proof(byte: u8, length: u64) -> ProofReference {
    ProofReference { sha256: hash(byte), length: Count::constant(length) }
}

fn text<T: TryFrom<String, Error = TextError>>(text: &str) -> T {
    text.to_owned().try_into().unwrap()
}

pub fn job() -> Job {
    Job {
        market: node().public().owner(),
        proof: proof(0x11, 310_330),
        proof_system: ProofSystem { name: text("velum aggregatable 6"), keys: hash(0x12) },
        size_class: SizeClass::Standard,
        statement: hash(0x13),
        offer: Offer {
            order: Order::Dutch,
            minimum: Amount::constant(100),
            maximum: Amount::constant(900),
            ramp: Ramp {
                start: Time::constant(NOON),
                duration: Duration::constant(300_000),
                price: PriceMove::Rises,
            },
            lock_by: Time::constant(NOON + 3_600_000),
            deliver_by: Time::constant(NOON + 7_200_000),
            collateral: Amount::constant(1000),
        },
        profile: Profile::Standard,
        latency: Latency::Aggregated {
            max_wait: Duration::constant(600_000),
            min_batch: Count::constant(8),
        },
        standing_order: None,
        idempotency_key: text("2027-01-15/000001"),
        submitter: client().public(),
    }
}

pub fn single_job() -> Job {
    Job {
        profile: Profile::Proven100,
        latency: Latency::Single,
        standing_order: Some(hash(0x14)),
        ..job()
    }
}

pub fn cancel() -> Cancel {
    Cancel {
        job: hash(0x21),
        lock_by: Time::constant(NOON + 3_600_000),
        submitter: client().public(),
    }
}

pub fn standing_order() -> StandingOrder {
    StandingOrder {
        market: node().public().owner(),
        quote: hash(0x22),
        count: Count::constant(10_000),
        price: Amount::constant(380),
        from: Time::constant(NOON),
        until: Time::constant(NOON + 86_400_000),
        idempotency_key: text("standing order \"7\" \\ 2027"),
        client: client().public(),
    }
}

pub fn dispute() -> Dispute {
    Dispute {
        lot: hash(0x31),
        grievance: Grievance::InputsWithheld,
        evidence: hash(0x32),
        complainant: provider().public(),
    }
}

pub fn quote() -> Quote {
    Quote {
        market: node().public().owner(),
        profile: Profile::Proven100,
        price: Amount::constant(400),
        capacity: Count::constant(256),
        discount: Parts::percent(5),
        expires: Time::constant(NOON + 3_600_000),
        provider: provider().public(),
    }
}

pub fn lock() -> Lock {
    Lock {
        lot: hash(0x31),
        epoch: Count::ZERO,
        at_least: Amount::constant(20_000),
        provider: provider().public(),
    }
}

pub fn bid() -> Bid {
    let (lot, nonce, price) = (hash(0x31), hash(0x33), Amount::constant(20_000));
    let commitment = sealed_price(&lot, Count::ZERO, &provider().public().owner(), price, &nonce);
    Bid { lot, epoch: Count::ZERO, commitment, provider: provider().public() }
}

pub fn reveal() -> Reveal {
    Reveal {
        lot: hash(0x31),
        epoch: Count::ZERO,
        price: Amount::constant(20_000),
        nonce: hash(0x33),
        provider: provider().public(),
    }
}

pub fn delivery() -> Delivery {
    Delivery {
        lot: hash(0x31),
        epoch: Count::constant(1),
        aggregate: proof(0x34, 87_000),
        provider: provider().public(),
    }
}

pub fn matched() -> Match {
    Match {
        lot: hash(0x31),
        jobs: vec![hash(0x21), hash(0x23)],
        provider: provider().public().owner(),
        price: Amount::constant(1000),
        commitments: Some(hash(0x35)),
        node: node().public(),
    }
}

pub fn lease() -> Lease {
    Lease {
        lot: hash(0x31),
        epoch: Count::constant(1),
        provider: provider().public().owner(),
        price: Amount::constant(1000),
        collateral: Amount::constant(2000),
        deliver_by: Time::constant(NOON + 600_000),
        node: node().public(),
    }
}

pub fn receipt() -> ReceiptReference {
    ReceiptReference {
        job: hash(0x21),
        lot: hash(0x31),
        aggregate: proof(0x34, 87_000),
        receipt: proof(0x36, 90_000),
        node: node().public(),
    }
}

pub fn settlement() -> Settlement {
    let paid = |byte, amount| Paid { job: hash(byte), amount: Amount::constant(amount) };
    Settlement {
        lot: hash(0x31),
        outcome: Outcome::Settled {
            provider: provider().public().owner(),
            epoch: Count::constant(1),
        },
        paid: vec![paid(0x21, 499), paid(0x23, 501)],
        at: Time::constant(NOON + 500_000),
        node: node().public(),
    }
}

pub fn expired() -> Settlement {
    Settlement { outcome: Outcome::Expired, paid: Vec::new(), ..settlement() }
}

pub fn reputation() -> Reputation {
    Reputation {
        provider: provider().public().owner(),
        from: Time::constant(NOON),
        until: Time::constant(NOON + 86_400_000),
        delivered: Count::constant(40),
        late: Count::constant(2),
        failed: Count::constant(1),
        node: node().public(),
    }
}

pub fn money_order() -> MoneyOrder {
    MoneyOrder {
        market: node().public().owner(),
        action: MoneyAction::Stake,
        amount: Amount::constant(1_000_000),
        idempotency_key: text("an order of money, once"),
        owner: provider().public(),
    }
}

pub fn revocation() -> Revocation {
    Revocation { quote: hash(0x41), provider: provider().public() }
}

pub fn account_query() -> Query {
    Query {
        market: node().public().owner(),
        subject: Subject::Account,
        at: Time::constant(NOON),
        asker: client().public(),
    }
}

pub fn input_query() -> Query {
    Query {
        subject: Subject::Input { job: hash(0x21) },
        asker: provider().public(),
        ..account_query()
    }
}

pub fn head() -> Head {
    Head {
        number: Count::constant(17),
        hash: hash(0x51),
        at: Time::constant(NOON),
        node: node().public(),
    }
}

pub fn acceptance() -> Acceptance {
    Acceptance {
        job: hash(0x21),
        number: Count::constant(17),
        at: Time::constant(NOON),
        node: node().public(),
    }
}

pub fn credit_key() -> CreditKey {
    CreditKey {
        epoch: Count::constant(82),
        element: Element([0x61; 32]),
        value: Amount::constant(100),
        issued_until: Time::constant(NOON + 7_776_000_000),
        redeemed_until: Time::constant(NOON + 15_552_000_000),
        node: node().public(),
    }
}

pub fn credit_order() -> CreditOrder {
    CreditOrder {
        market: node().public().owner(),
        epoch: Count::constant(82),
        blinded: vec![Element([0x62; 32]), Element([0x63; 32])],
        idempotency_key: text("credit for a month"),
        owner: client().public(),
    }
}

pub fn redemption() -> Redemption {
    Redemption {
        market: node().public().owner(),
        epoch: Count::constant(82),
        tokens: vec![
            SpentToken { nonce: hash(0x64), authenticator: hash(0x65) },
            SpentToken { nonce: hash(0x66), authenticator: hash(0x67) },
        ],
        owner: provider().public(),
    }
}

pub fn log_entry() -> LogEntry {
    LogEntry {
        number: Count::constant(17),
        at: Time::constant(NOON),
        kind: LogKind::Job,
        subject: hash(0x21),
        digest: hash(0x21),
    }
}
