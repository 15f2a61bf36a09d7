//! Small pictures of sweeps, as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 44.0;
const COLOURS: [&str; 4] = ["#3b6ea5", "#c4622d", "#4f8a3c", "#7d5ba6"];

/// One line of a picture: its name and its values, one for each mark of the axis.
pub type Line<'a> = (&'a str, Vec<f64>);

/// A picture of lines over evenly spaced marks. Each line is scaled to its own range, which is
/// shown with its name.
#[must_use]
pub fn lines(title: &str, axis: &str, marks: &[String], lines: &[Line<'_>]) -> String {
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<title>{title}</title>
<rect width="100%" height="100%" fill="white"/>
<text x="16" y="24" font-size="16">{title}</text>
"#
    );
    let step = (WIDTH - 2.0 * LEFT) / (marks.len().max(2) - 1) as f64;
    let x = |place: usize| LEFT + step * place as f64;
    for (place, mark) in marks.iter().enumerate() {
        let _ = writeln!(
            svg,
            r#"<text x="{:.0}" y="{:.0}" text-anchor="middle">{mark}</text>"#,
            x(place),
            HEIGHT - 24.0
        );
    }
    let _ = writeln!(
        svg,
        r#"<text x="{:.0}" y="{:.0}" text-anchor="middle">{axis}</text>"#,
        WIDTH / 2.0,
        HEIGHT - 6.0
    );
    for (number, (name, values)) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = if most > least { most - least } else { 1.0 };
        let y = |value: f64| {
            HEIGHT - BOTTOM - 10.0 - (value - least) / range * (HEIGHT - BOTTOM - TOP - 20.0)
        };
        let points: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(place, value)| format!("{:.1},{:.1}", x(place), y(*value)))
            .collect();
        let _ = writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/><text x="{:.0}" y="48" fill="{colour}">{name}: {} to {}</text>"#,
            points.join(" "),
            16.0 + 205.0 * number as f64,
            short(least),
            short(most),
        );
        for (place, value) in values.iter().enumerate() {
            let _ = writeln!(
                svg,
                r#"<circle cx="{:.1}" cy="{:.1}" r="3" fill="{colour}"/>"#,
                x(place),
                y(*value)
            );
        }
    }
    svg + "</svg>\n"
}

fn short(value: f64) -> String {
    match value.abs() {
        large if large >= 1e6 => format!("{:.1} million", value / 1e6),
        large if large >= 100.0 => format!("{value:.0}"),
        large if large >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
