-- What a provider has won and not yet handed over.
create table lot (
    id text not null primary key,
    body text not null
);

create table task (
    name text not null primary key,
    kind text not null,
    body text not null,
    -- The earliest of the lots that want it.
    deadline bigint not null,
    -- An open task is ready when none of those that it waits for is open or dead.
    state text not null check (state in ('open', 'done', 'dead')),
    -- How often it was begun.
    attempts bigint not null,
    -- Not begun before.
    begin_after bigint not null,
    -- Who does it, and until when nobody else begins it.
    worker text,
    leased_until bigint,
    -- Why the last attempt came to nothing.
    error text
);
create index task_open on task (deadline, name) where state = 'open';
create index task_worker on task (worker) where worker is not null;

create table input (
    task text not null,
    input text not null,
    primary key (task, input)
);

-- Which lots want which tasks. Tasks that none wants are removed.
create table want (
    lot text not null,
    task text not null,
    primary key (lot, task)
);
create index want_task on want (task);

-- Results that nobody wants any more, until their blobs are removed.
create table garbage (
    name text not null primary key
);
