#![no_main]

velum_fuzz::target!("aggregate_files");
