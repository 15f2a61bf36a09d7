#![no_main]

velum_fuzz::target!("wallet_json");
