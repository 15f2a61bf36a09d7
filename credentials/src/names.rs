//! Names that people are shown: the names in requests, to which a holder consents, and the names in
//! certificates.

/// The first character of a name that cannot be shown. This is a control character, or a character
/// that joins, hides or turns around text. The check does not distinguish names that look alike.
pub(crate) fn unseen(name: &str) -> Option<char> {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    name.chars().find(|c| is_unseen(*c))
}
