-- The end of the log, and the market's clock. One row.
create table head (
    one bigint not null primary key check (one = 1),
    number bigint not null,
    hash text not null,
    at bigint not null,
    -- When some node was last there.
    alive bigint not null
);

create table log (
    number bigint not null primary key,
    at bigint not null,
    kind text not null,
    subject text not null,
    digest text not null,
    hash text not null
);
create index log_subject on log (subject, number);

-- An account that holds nothing has no row.
create table account (
    name text not null primary key,
    -- What stands before the name's first colon.
    kind text not null,
    balance bigint not null,
    check (balance > 0 or (name = 'outside' and balance < 0))
);
create index account_kind on account (kind, balance);

create table transfer (
    -- The log's entry that it goes with, and its place among that entry's transfers.
    entry bigint not null,
    place bigint not null,
    debit text not null,
    credit text not null,
    amount bigint not null check (amount > 0),
    cause text not null,
    primary key (entry, place),
    check (debit <> credit)
);

-- How many jobs stand in each state, how many lots are in each phase, and the sums of accounts of each kind: kept, for no table is counted whole for a glance.
create table total (
    what text not null,
    name text not null,
    total bigint not null,
    primary key (what, name)
);

create table batch (
    number bigint not null primary key,
    key text not null,
    closes_at bigint,
    lot text
);
-- More than one of a key collects where the sums of one leave no room.
create index batch_open on batch (key, number) where lot is null;
create index batch_due on batch (closes_at) where lot is null and closes_at is not null;

create table lot (
    id text not null primary key,
    phase text not null,
    auction text not null,
    profile text not null,
    count bigint not null,
    opened bigint not null,
    -- When the next thing happens to it that nobody asks for.
    due_at bigint,
    -- When the book is looked into for it again.
    match_at bigint,
    body text not null,
    -- The blob of its aggregate, and who delivered it.
    aggregate text,
    provider text,
    ended bigint
);
create index lot_due on lot (due_at) where due_at is not null;
create index lot_match on lot (match_at) where match_at is not null;
create index lot_open on lot (auction, profile, count, opened) where phase = 'open';
create index lot_page on lot (auction, opened, id) where phase = 'open';
create index lot_ended on lot (ended) where ended is not null;
create index lot_live on lot (opened) where ended is null;
create index lot_provider on lot (provider) where phase = 'locked';
create index lot_aggregate on lot (aggregate) where aggregate is not null;

create table job (
    id text not null primary key,
    owner text not null,
    idempotency_key text not null,
    statement text not null,
    state text not null,
    since bigint not null,
    submitted bigint not null,
    batch bigint,
    place bigint,
    lot text,
    paid bigint,
    profile text not null,
    -- The blob of its submission.
    submission text not null,
    message text not null,
    entry text not null,
    -- The number of its entry in the log.
    accepted bigint not null,
    unique (owner, idempotency_key)
);
-- No presentation is counted twice.
create unique index job_statement on job (statement) where state not in ('cancelled', 'expired');
create unique index job_batch on job (batch, place) where batch is not null;
create index job_lot on job (lot);
create index job_owner on job (owner, submitted);
create index job_submission on job (submission);
create index job_settled on job (profile, since) where state = 'settled';

-- What a lot's signed messages say: its matches, leases and settlement.
create table said (
    lot text not null,
    number bigint not null,
    kind text not null,
    message text not null,
    primary key (lot, number)
);

-- The maximum prices of lots that providers hold or bid for.
create table held (
    lot text not null,
    provider text not null,
    value bigint not null,
    primary key (lot, provider)
);
create index held_provider on held (provider);

-- What was counted in each span of a window: of providers, and of whoever has a quota.
create table counted (
    kind text not null,
    span bigint not null,
    who text not null,
    count bigint not null,
    primary key (kind, span, who)
);
create index counted_who on counted (kind, who, span);

create table ask (
    id text not null primary key,
    provider text not null,
    profile text not null,
    price bigint not null,
    remaining bigint not null,
    placed bigint not null,
    expires bigint not null,
    message text not null
);
create index ask_book on ask (profile, price, placed, id);
create index ask_over on ask (expires);

create table standing (
    id text not null primary key,
    client text not null,
    quote text not null,
    until bigint not null,
    ended bigint not null,
    body text not null
);
create index standing_due on standing (until) where ended = 0;
create index standing_quote on standing (quote) where ended = 0;
create index standing_client on standing (client) where ended = 0;

-- Messages that are not to be taken a second time, until they could not be taken anyway.
create table seen (
    id text not null,
    owner text not null,
    until bigint not null,
    primary key (owner, id)
);
create index seen_until on seen (until);

-- Orders of money, by what makes each one order.
create table money_order (
    owner text not null,
    idempotency_key text not null,
    id text not null,
    primary key (owner, idempotency_key)
);

-- Stake on its way back.
create table unstaking (
    owner text not null,
    entry bigint not null,
    free_from bigint not null,
    body text not null,
    primary key (owner, entry)
);
create index unstaking_due on unstaking (free_from);

-- The keys of blind credit, by epoch, as they were signed.
create table credit_key (
    epoch bigint not null primary key,
    message text not null
);

-- Tokens that were redeemed, and by which message.
create table spent (
    epoch bigint not null,
    nonce text not null,
    redemption text not null,
    primary key (epoch, nonce)
);

-- Owners that were paid by blind credit. Each hands in one job.
create table one_time (
    owner text not null primary key
);

-- Spans in which providers could not deliver: of everyone where lot is empty, and without an end while they last.
create table excuse (
    lot text not null,
    since bigint not null,
    until bigint,
    primary key (lot, since)
);
create index excuse_over on excuse (lot, until);
create index excuse_lasting on excuse (lot) where until is null;

create table dispute (
    id text not null primary key,
    lot text not null,
    at bigint not null,
    message text not null,
    outcome text not null
);

insert into head (one, number, hash, at, alive) values (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0, 0);
