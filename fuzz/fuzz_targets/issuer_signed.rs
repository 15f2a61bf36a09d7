#![no_main]

velum_fuzz::target!("issuer_signed");
