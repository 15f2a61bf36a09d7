#![no_main]

velum_fuzz::target!("presentation");
