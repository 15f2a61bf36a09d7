#![no_main]

velum_fuzz::target!("certificate");
