#![no_main]

velum_fuzz::target!("market_answer");
