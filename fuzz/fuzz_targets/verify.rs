#![no_main]

velum_fuzz::target!("verify");
