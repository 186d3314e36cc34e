//! What a directory takes on disk.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Returns the bytes that a directory and everything below it take on disk, links not followed, each file once. What
/// goes away meanwhile or cannot be read does not count.
pub fn on_disk(dir: &Path) -> u64 {
    let mut seen = HashSet::new();
    let mut bytes = 0;
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        for entry in entries {
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                dirs.push(entry.path());
            } else if meta.nlink() > 1 && !seen.insert((meta.dev(), meta.ino())) {
                continue;
            }
            // POSIX counts blocks of 512 bytes, whatever the file system's are.
            bytes += meta.blocks() * 512;
        }
    }
    bytes
}
