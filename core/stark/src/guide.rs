#![doc = include_str!("../GUIDE.md")]
//! # The whole program
//!
//! ```
#![doc = include_str!("../examples/square_root.rs")]
//! ```

#[cfg(test)]
mod tests {
    /// The blocks of Rust in the guide, with an empty line between them.
    fn program(guide: &str) -> String {
        let blocks = guide.split("```rust,ignore\n").skip(1);
        let blocks: Vec<_> = blocks.filter_map(|rest| rest.split("```\n").next()).collect();
        blocks.join("\n")
    }

    #[test]
    fn the_example_is_the_program_of_the_guide() {
        let example = include_str!("../examples/square_root.rs");
        let (opening, rest) = example.split_once("\n\n").unwrap();
        assert!(opening.starts_with("//! "), "{opening}");
        assert_eq!(rest, program(include_str!("../GUIDE.md")));
    }
}
