//! Words that the audit's sentences are made of.

/// The longest quoted text, in characters.
const QUOTED: usize = 160;

/// The most things that are listed by name.
const LISTED: usize = 8;

/// Returns the beginning of a text as one line.
pub(super) fn brief(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() <= QUOTED {
        return line;
    }
    let beginning: String = line.chars().take(QUOTED).collect();
    format!("{beginning}…")
}

/// Returns a list of names, not too long.
pub(super) fn list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(LISTED).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns a number with its noun.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Returns millionths of a US dollar as dollars.
pub(super) fn dollars(micros: u64) -> String {
    format!("${}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_lists_stay_short() {
        assert_eq!(brief("  a\n b\t"), "a b");
        assert_eq!(brief(&"x".repeat(500)).chars().count(), QUOTED + 1);
        assert_eq!(list(["a", "b"]), "a, b");
        let many: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(list(&many), "0, 1, 2, 3, 4, 5, 6, 7 and 2 more");
        assert_eq!(
            (count(1, "hunk"), count(2, "hunk")),
            ("1 hunk".to_owned(), "2 hunks".to_owned())
        );
        assert_eq!(dollars(1_020_003), "$1.020003");
    }
}
