//! Shortening text for records and reasons.

/// Returns `text` cut to at most `max` bytes at a character's boundary, with an ellipsis where something is missing.
pub(crate) fn clip(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max);
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// Returns the first line of `text` that is not blank, cut to at most `max` bytes.
pub(crate) fn first_line(text: &str, max: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    clip(line.unwrap_or_default(), max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_at_character_boundaries() {
        let cases = [
            ("abc", 3, "abc"),
            ("abcd", 3, "abc…"),
            ("aäb", 2, "a…"),
            ("", 0, ""),
            ("日本", 4, "日…"),
        ];
        for (text, max, want) in cases {
            assert_eq!(clip(text, max), want, "{text:?} at {max}");
        }
    }

    #[test]
    fn first_line_skips_blank_ones() {
        assert_eq!(first_line("\n  \n one\ntwo", 10), "one");
        assert_eq!(first_line("", 10), "");
    }
}
