//! Files of a workspace as one text: a line `//- /src/lib.rs` begins a file, the lines up to the next are its content.

use std::path::Path;

/// Writes the files of a fixture below `root`.
///
/// # Panics
///
/// When the text does not begin with a `//- ` line, or a file cannot be written.
pub fn write(root: &Path, fixture: &str) {
    for (path, content) in parse(fixture) {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().expect("a file has a folder")).unwrap();
        std::fs::write(&file, content).unwrap();
    }
}

/// Splits a fixture into paths and contents.
pub fn parse(fixture: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in fixture.trim_start_matches('\n').split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("//- /") {
            files.push((path.trim_end(), String::new()));
        } else {
            let (_, content) = files.last_mut().expect("a fixture begins with a line `//- /path`");
            content.push_str(line);
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn files_keep_their_bytes() {
        let files = parse("\n//- /a.rs\none\r\n\n//- /b/c.py\ntwo");
        assert_eq!(files, [("a.rs", "one\r\n\n".to_owned()), ("b/c.py", "two".to_owned())]);
    }
}
