//! A node that listens, asked over connections as anybody can make them.

mod batches;
mod connections;
mod cors;
mod hostile;
mod metrics;
mod pages;
mod people;
mod quotas;
mod running;
