#![no_main]

velum_fuzz::target!("session_transcript");
