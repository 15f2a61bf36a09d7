#![no_main]

velum_fuzz::target!("root_key");
