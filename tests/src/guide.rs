//! The configurations that `editors/README.md` tells people to write: tests use that very text.

use crate::parts::checkout;

/// Returns the block for a file below a heading of `editors/README.md`: the first that follows the file's path in
/// backticks.
///
/// # Panics
///
/// When there is none.
pub fn configuration(heading: &str, file: &str) -> String {
    let guide = std::fs::read_to_string(checkout().join("editors/README.md")).expect("the guide is there");
    let found = guide.split_once(&format!("\n## {heading}\n")).and_then(|(_, below)| {
        let section = below.split_once("\n## ").map_or(below, |(section, _)| section);
        let (_, after) = section.split_once(&format!("{file}`"))?;
        let (_, block) = after.split_once("\n```")?;
        let (_, block) = block.split_once('\n')?;
        block.split_once("```\n").map(|(block, _)| block.to_owned())
    });
    found.unwrap_or_else(|| panic!("editors/README.md has no block for {file} below {heading}"))
}
