//! Tests the messages from outside: test vectors, and what is refused.

mod examples;
mod refused;
mod vectors;
