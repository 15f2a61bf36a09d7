//! Prints tables in Markdown.

/// Prints a table: its title, its columns, its rows.
pub fn print(title: &str, columns: &[&str], rows: &[Vec<String>]) {
    println!("**{title}**\n");
    println!("| {} |", columns.join(" | "));
    println!("|{}", "---|".repeat(columns.len()));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
    println!();
}

/// A number with as many decimal places as are informative.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => "–".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A part of a whole, in per cent.
pub fn percent(part: f64) -> String {
    format!("{:.*} %", if part < 0.1 { 1 } else { 0 }, 100.0 * part)
}

/// A count, or the mean of several counts.
pub fn count(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { number(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_places() {
        let numbers = [1234.5, 56.78, 9.876, 0.1234, f64::NAN].map(number);
        assert_eq!(numbers, ["1234", "56.8", "9.88", "0.123", "–"]);
        assert_eq!([percent(0.256), percent(0.0123)], ["26 %", "1.2 %"]);
        assert_eq!([count(64.0), count(2.5), count(0.0)], ["64", "2.50", "0"]);
    }
}
