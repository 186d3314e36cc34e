//! Styled text as a terminal wants it: escape sequences where there are colours, plain text elsewhere.

use std::env;
use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

/// What ends every style.
const RESET: &str = "\u{1b}[0m";

/// Whether results are coloured: on a terminal, unless `NO_COLOR` says otherwise; elsewhere if `CLICOLOR_FORCE` says so.
pub(crate) fn has_colours() -> bool {
    static COLOURS: OnceLock<bool> = OnceLock::new();
    *COLOURS.get_or_init(|| {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return false;
        }
        is_set("CLICOLOR_FORCE") || (io::stdout().is_terminal() && !is_dumb)
    })
}

/// Returns a line for stdout, coloured if it [`has_colours`].
pub(crate) fn paint<'t>(line: impl Into<Line<'t>>) -> String {
    render(&line.into(), has_colours())
}

fn render(line: &Line<'_>, colours: bool) -> String {
    let mut out = String::new();
    for span in &line.spans {
        let codes = if colours {
            codes(line.style.patch(span.style))
        } else {
            String::new()
        };
        if codes.is_empty() {
            out.push_str(&span.content);
        } else {
            out.push_str(&format!("\u{1b}[{codes}m{}{RESET}", span.content));
        }
    }
    out
}

/// The numbers of the sequence "select graphic rendition" for what is used here: the basic colours and a few attributes.
fn codes(style: Style) -> String {
    let attributes = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
    ];
    let attributes = attributes
        .into_iter()
        .filter_map(|(modifier, code)| style.add_modifier.contains(modifier).then_some(code));
    let colour = match style.fg {
        Some(Color::Red) => Some("31"),
        Some(Color::Green) => Some("32"),
        Some(Color::Yellow) => Some("33"),
        Some(Color::Cyan) => Some("36"),
        _ => None,
    };
    let codes: Vec<&str> = attributes.chain(colour).collect();
    codes.join(";")
}

#[cfg(test)]
mod tests {
    use ratatui::style::Stylize as _;

    use super::*;

    #[test]
    fn styles_become_sequences_or_nothing() {
        let line = Line::from(vec!["a ".into(), "b".green().reversed(), " c".bold()]);
        assert_eq!(render(&line, false), "a b c");
        assert_eq!(render(&line, true), "a \u{1b}[7;32mb\u{1b}[0m\u{1b}[1m c\u{1b}[0m");
        assert_eq!(render(&Line::from("x").dim(), true), "\u{1b}[2mx\u{1b}[0m");
    }
}
