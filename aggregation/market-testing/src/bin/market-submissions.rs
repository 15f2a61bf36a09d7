//! Writes submissions into a folder, with a list of what a job has to say about each of them. Tests
//! in other languages use them.

use std::path::PathBuf;
use std::process::ExitCode;

use velum_market_testing::made;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map(PathBuf::from);
    let count = arguments.next().and_then(|count| count.to_str()?.parse().ok());
    let (Some(folder), Some(count)) = (folder, count) else {
        eprintln!("Usage: market-submissions FOLDER COUNT");
        return ExitCode::from(2);
    };
    match write(&folder, count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &std::path::Path, count: usize) -> std::io::Result<()> {
    let mut list = Vec::new();
    for (number, made) in made(count).into_iter().enumerate() {
        let file = format!("{number}.submission");
        std::fs::write(folder.join(&file), &made.bytes)?;
        list.push(serde_json::json!({
            "file": file, "statement": made.statement.to_string(), "size_class": "standard",
        }));
    }
    std::fs::write(folder.join("submissions.json"), serde_json::Value::from(list).to_string())
}
