//! A node that listens, called over connections that anybody can make.

mod batches;
mod connections;
mod cors;
mod hostile;
mod metrics;
mod pages;
mod people;
mod quotas;
mod running;
