-- Submissions that are put into the store of blobs for lots which are not here yet.
create table fetched (
    lot text not null,
    submission text not null,
    primary key (lot, submission)
);
