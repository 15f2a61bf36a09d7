#![no_main]

velum_fuzz::target!("device_response");
