//! What a file says now: the open document first, the disk otherwise.

use std::path::Path;

use aca_review::text::{self, Encoding};
use aca_workspace::objects::Blob;
use ropey::Rope;

use crate::{Buffers, LiveBuffer};

/// Some editors keep the mark in the document, most do not. Hunks never have it.
pub(super) const MARK: char = '\u{feff}';

/// The live content of one file.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    /// It is open in an editor.
    Open(Document),
    /// It is closed.
    Closed(Blob),
    /// It is not there.
    Absent,
    /// It is there and cannot be read as a file, for this reason.
    Unreadable(String),
}

/// An open document.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The document as its editor has it.
    pub(crate) buffer: LiveBuffer,
    /// Its text without a byte order mark.
    pub(crate) text: String,
    /// Whether the document itself begins with the mark.
    marked: bool,
}

impl Document {
    fn new(buffer: LiveBuffer) -> Self {
        let mut text = buffer.text.to_string();
        let marked = text.starts_with(MARK);
        if marked {
            text.remove(0);
        }
        Self { buffer, text, marked }
    }

    /// Whether nothing is in it. Helix and Kakoune begin a file with a line end.
    fn is_blank(&self) -> bool {
        self.text.chars().all(|character| matches!(character, '\r' | '\n'))
    }

    /// Returns what the document must say so that its text is `text`.
    pub(crate) fn with(&self, text: String) -> String {
        if self.marked { format!("{MARK}{text}") } else { text }
    }
}

impl Live {
    /// Reads what the file at `path`, relative to `root`, says now.
    pub(crate) fn read(buffers: &Buffers, root: &Path, path: &str) -> Self {
        match buffers.live(&root.join(path)) {
            Some(buffer) => Self::Open(Document::new(buffer)),
            None => Self::on_disk(root, path),
        }
    }

    /// Reads what the file at `path`, relative to `root`, has on disk. Links are not followed.
    pub(crate) fn on_disk(root: &Path, path: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        if let Some(link) = link_above(root, path) {
            return Self::Unreadable(format!("{path} is reached through the symbolic link {link} by now."));
        }
        let file = root.join(path);
        match file.symlink_metadata() {
            Ok(meta) if meta.is_file() => match std::fs::read(&file) {
                Ok(bytes) => Self::Closed(Blob {
                    bytes,
                    executable: meta.permissions().mode() & 0o100 != 0,
                }),
                Err(error) => Self::Unreadable(format!("{path} cannot be read: {error}.")),
            },
            Ok(_) => Self::Unreadable(format!("{path} is not a plain file any more.")),
            Err(error) if is_missing(&error) => Self::Absent,
            Err(error) => Self::Unreadable(format!("{path} cannot be examined: {error}.")),
        }
    }

    /// Returns the text; an error says why there is none.
    pub(crate) fn text(self, path: &str) -> Result<String, String> {
        match self {
            Self::Open(document) => Ok(document.text),
            Self::Closed(blob) => match text::decode(&blob.bytes) {
                Some(decoded) => Ok(decoded.text),
                None => Err(format!("{path} is not text any more.")),
            },
            Self::Absent => Err(format!("{path} is not there any more.")),
            Self::Unreadable(reason) => Err(reason),
        }
    }

    /// Returns the content that the file has, or would have if the document were saved; nothing if it is not there. Who
    /// opens a file that is not there, and has typed nothing into it, has not made it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    pub(crate) fn content(&self, root: &Path, path: &str) -> Result<Option<Blob>, String> {
        match self {
            Self::Open(document) if document.is_blank() && matches!(Self::on_disk(root, path), Self::Absent) => {
                Ok(None)
            }
            Self::Open(document) => Ok(Some(saved(document, root, path))),
            Self::Closed(blob) => Ok(Some(blob.clone())),
            Self::Absent => Ok(None),
            Self::Unreadable(reason) => Err(reason.clone()),
        }
    }

    /// Whether it is open and differs from what the disk has.
    pub(crate) fn is_unsaved(&self, root: &Path, path: &str) -> bool {
        match self {
            Self::Open(document) => match Self::on_disk(root, path) {
                Self::Closed(disk) => text::decode(&disk.bytes).is_none_or(|disk| disk.text != document.text),
                _ => true,
            },
            Self::Closed(_) | Self::Absent | Self::Unreadable(_) => false,
        }
    }
}

/// Returns the file that saving a document would give.
fn saved(document: &Document, root: &Path, path: &str) -> Blob {
    let (bytes, executable) = match Live::on_disk(root, path) {
        Live::Closed(disk) => (encode_as(&document.text, &disk.bytes), disk.executable),
        _ => (document.text.clone().into_bytes(), false),
    };
    Blob { bytes, executable }
}

/// Returns a text in the encoding of a file's bytes, or in UTF-8 where it does not fit into that.
fn encode_as(document: &str, disk: &[u8]) -> Vec<u8> {
    let encoding = text::decode(disk).map_or(Encoding::Utf8, |decoded| decoded.encoding);
    text::encode(document, encoding).unwrap_or_else(|_| document.as_bytes().to_vec())
}

/// Returns a document's text in the bytes its file would get: in the encoding that the file has.
pub(crate) fn encode_like(path: &Path, text: &Rope) -> Vec<u8> {
    let mut text = text.to_string();
    let disk = read_plain(path).unwrap_or_default();
    if text.starts_with(MARK) && !disk.is_empty() {
        text.remove(0);
    }
    encode_as(&text, &disk)
}

/// Returns the content of a plain file. Whoever opens a pipe would wait for someone to write to it.
pub(crate) fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    if path.metadata()?.is_file() {
        std::fs::read(path)
    } else {
        Err(std::io::Error::other("it is not a plain file"))
    }
}

/// Returns the symbolic link in place of a directory above a file, if there is one.
fn link_above<'a>(root: &Path, path: &'a str) -> Option<&'a str> {
    let ends = path.match_indices('/').map(|(at, _)| at);
    let mut above = ends.filter_map(|end| path.get(..end));
    above.find(|dir| root.join(dir).symlink_metadata().is_ok_and(|meta| meta.is_symlink()))
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
