//! A small device: one thread that proves, callers with stacks of 512 kB, and little memory. Each
//! operation runs in a process of its own, which reports its peak memory.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use velum_credentials::block_on;
use velum_mobile::*;
use velum_testdata::MUSTERMANN;

/// The environment variable that tells a process of this test what to do.
const VERB: &str = "VELUM_SMALL_DEVICE";
/// The environment variable that tells it where the files are.
const FOLDER: &str = "VELUM_SMALL_DEVICE_FOLDER";

const CALLER_STACK_BYTES: usize = 512 << 10;

const KEY: [u8; 32] = [7; 32];

/// The operations, and the maximum memory of each process in megabytes. The first operation leaves
/// a proof for the others.
const VERBS: [(&str, u64); 5] =
    [("prepare", 90), ("prepare low", 64), ("present", 48), ("present low", 48), ("verify", 16)];

#[test]
fn each_verb_keeps_to_its_memory_on_a_small_device() {
    if let Ok(verb) = env::var(VERB) {
        let folder = env::var(FOLDER).unwrap();
        let caller = thread::Builder::new().stack_size(CALLER_STACK_BYTES);
        caller.spawn(move || work(&verb, Path::new(&folder))).unwrap().join().unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut over = Vec::new();
    for (verb, most) in VERBS {
        let peak = of_process(verb, folder.path());
        let [whole, program] = peak.map(|kibibytes| kibibytes * 1_024);
        // Pages that are mapped from files, mostly the program itself, can be read again and put no
        // pressure on memory. Their number only grows.
        let anonymous = whole - program;
        println!(
            "{verb}: {:.1} MB, of which {:.1} MB anonymous; at most {most}",
            mb(whole),
            mb(anonymous)
        );
        if whole > most * 1_000_000 {
            over.push(verb);
        }
    }
    assert!(over.is_empty(), "more than it may take: {over:?}");
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The peak memory of a process of its own, and the memory mapped from files at its end, in
/// kibibytes.
fn of_process(verb: &str, folder: &Path) -> [u64; 2] {
    let mut process = Command::new(env::current_exe().unwrap());
    process.args(["--exact", "each_verb_keeps_to_its_memory_on_a_small_device", "--nocapture"]);
    let output = process.env(VERB, verb).env(FOLDER, folder).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{verb}: {printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    ["VmHWM", "RssFile"].map(|name| {
        let lines = printed.lines().filter_map(|line| line.strip_prefix(name));
        let mut numbers = lines.filter_map(|line| line.split_whitespace().nth(1));
        numbers
            .next_back()
            .unwrap_or_else(|| panic!("{verb}: no {name} in {printed}"))
            .parse()
            .unwrap()
    })
}

fn document() -> Vec<u8> {
    MUSTERMANN.device_response.to_vec()
}

fn request() -> Vec<u8> {
    MUSTERMANN.request.as_bytes().to_vec()
}

fn transcript() -> Vec<u8> {
    MUSTERMANN.session_transcript.to_vec()
}

fn work(verb: &str, folder: &Path) {
    let wallet = Wallet::new(Some(WalletOptions { low_power: true, threads: None }));
    let pool = || {
        ProofPool::new(
            wallet.clone(),
            folder.join("pool").display().to_string(),
            KEY.to_vec(),
            None,
        )
        .unwrap()
    };
    let presentation = folder.join("presentation");
    match verb {
        "prepare" | "prepare low" => {
            let options = FillOptions { memory: memory(verb), ..FillOptions::default() };
            let wanted = block_on(pool().count(document(), request())).unwrap() + 1;
            assert_eq!(
                block_on(pool().fill(document(), request(), wanted, Some(options))).unwrap(),
                1
            );
        }
        "present" | "present low" => {
            let options = PresentOptions {
                clock: Some(Clock::Any),
                memory: memory(verb),
                ..PresentOptions::default()
            };
            let answer =
                block_on(pool().present(document(), request(), transcript(), None, Some(options)))
                    .unwrap();
            assert!(answer.from_pool);
            fs::write(presentation, answer.presentation).unwrap();
        }
        _ => {
            let answer = fs::read(presentation).unwrap();
            block_on(verify(answer, transcript(), request(), None, None)).unwrap();
        }
    }
    println!("\n{}", fs::read_to_string("/proc/self/status").unwrap());
}

fn memory(verb: &str) -> Option<Memory> {
    verb.ends_with("low").then_some(Memory::Low)
}
