//! A terminal's screen as SVG. Reads the escape sequences that `tmux capture-pane -e` writes: colours and attributes,
//! one line of the screen a line.

use std::fmt::Write;

const CELL: (usize, usize) = (9, 20);
const MARGIN: usize = 16;
const BACKGROUND: &str = "#14161b";
const FOREGROUND: &str = "#e0e2ea";

/// The sixteen colours that have no values of their own in a sequence.
const BASIC: [&str; 16] = [
    "#07080d", "#ffc0b9", "#b3f6c0", "#fce094", "#a6dbff", "#ffcaff", "#8cf8f7", "#eef1f8", "#4f5258", "#ffc0b9",
    "#b3f6c0", "#fce094", "#a6dbff", "#ffcaff", "#8cf8f7", "#eef1f8",
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Style {
    foreground: Option<String>,
    background: Option<String>,
    bold: bool,
    italic: bool,
    underlined: bool,
    reversed: bool,
}

/// Draws a screen.
pub(crate) fn to_svg(screen: &str, columns: usize, lines: usize) -> String {
    let width = columns * CELL.0 + 2 * MARGIN;
    let height = lines * CELL.1 + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"15\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    let mut style = Style::default();
    for (row, line) in screen.lines().take(lines).enumerate() {
        let mut column = 0;
        for (text, style) in runs(line, &mut style) {
            draw(&mut svg, row, column, &text, &style);
            column += text.chars().count();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw(svg: &mut String, row: usize, column: usize, text: &str, style: &Style) {
    let (x, y) = (MARGIN + column * CELL.0, MARGIN + row * CELL.1);
    let width = text.chars().count() * CELL.0;
    let (mut foreground, mut background) = (style.foreground.as_deref(), style.background.as_deref());
    if style.reversed {
        (foreground, background) = (background.or(Some(BACKGROUND)), foreground.or(Some(FOREGROUND)));
    }
    if let Some(background) = background {
        let height = CELL.1;
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut attributes = String::new();
    for (set, attribute) in [
        (style.bold, " font-weight=\"bold\""),
        (style.italic, " font-style=\"italic\""),
        (style.underlined, " text-decoration=\"underline\""),
    ] {
        if set {
            attributes.push_str(attribute);
        }
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let fill = foreground.unwrap_or(FOREGROUND);
    let baseline = y + 15;
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{baseline}\" fill=\"{fill}\" textLength=\"{width}\" xml:space=\"preserve\"{attributes}>{escaped}</text>"
    );
}

/// Splits a line into pieces of one style. The style goes on from line to line.
fn runs(line: &str, style: &mut Style) -> Vec<(String, Style)> {
    let mut runs = Vec::new();
    let mut text = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            text.push(character);
            continue;
        }
        let sequence: String = characters
            .by_ref()
            .take_while(|character| !character.is_ascii_alphabetic())
            .collect();
        if !text.is_empty() {
            runs.push((std::mem::take(&mut text), style.clone()));
        }
        if let Some(codes) = sequence.strip_prefix('[') {
            change(style, codes);
        }
    }
    if !text.is_empty() {
        runs.push((text, style.clone()));
    }
    runs
}

/// Applies the numbers of one sequence "select graphic rendition".
fn change(style: &mut Style, codes: &str) {
    let mut numbers = codes
        .split([';', ':'])
        .map(|number| number.parse::<usize>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        match number {
            0 => *style = Style::default(),
            1 => style.bold = true,
            3 => style.italic = true,
            4 => style.underlined = true,
            7 => style.reversed = true,
            22 => style.bold = false,
            23 => style.italic = false,
            24 => style.underlined = false,
            27 => style.reversed = false,
            30..=37 => style.foreground = Some(BASIC[number - 30].to_owned()),
            90..=97 => style.foreground = Some(BASIC[number - 82].to_owned()),
            40..=47 => style.background = Some(BASIC[number - 40].to_owned()),
            100..=107 => style.background = Some(BASIC[number - 92].to_owned()),
            38 => style.foreground = colour(&mut numbers),
            48 => style.background = colour(&mut numbers),
            39 => style.foreground = None,
            49 => style.background = None,
            _ => {}
        }
    }
}

/// Reads `2;red;green;blue` or `5;index`.
fn colour(numbers: &mut impl Iterator<Item = usize>) -> Option<String> {
    match numbers.next()? {
        2 => Some(format!(
            "#{:02x}{:02x}{:02x}",
            numbers.next()?,
            numbers.next()?,
            numbers.next()?
        )),
        5 => Some(indexed(numbers.next()?)),
        _ => None,
    }
}

/// The 256 colours: sixteen basic ones, a cube of six levels a side, and greys.
fn indexed(index: usize) -> String {
    let level = |step: usize| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => BASIC[index].to_owned(),
        16..=231 => {
            let cube = index - 16;
            format!(
                "#{:02x}{:02x}{:02x}",
                level(cube / 36),
                level(cube / 6 % 6),
                level(cube % 6)
            )
        }
        _ => {
            let grey = 8 + 10 * (index.min(255) - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}
