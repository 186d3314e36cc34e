//! What a file says now: the open document first, the disk otherwise.

use std::path::Path;

use ropey::Rope;

use crate::{Buffers, LiveBuffer};

const BOM: &[u8] = "\u{feff}".as_bytes();

/// The live content of one file.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    /// It is open in an editor.
    Open {
        /// The open document.
        buffer: LiveBuffer,
        /// Its text as it would be saved.
        bytes: Vec<u8>,
        /// Whether the file begins with a byte order mark, which editors keep out of the document.
        bom: bool,
    },
    /// It is closed.
    Closed(Vec<u8>),
    /// It is not there.
    Absent,
    /// It is there and cannot be read as a file.
    Unreadable(String),
}

impl Live {
    /// Reads what the file at `path` says now.
    pub(crate) fn read(buffers: &Buffers, path: &Path) -> Self {
        if let Some(buffer) = buffers.live(path) {
            let bytes = encode_like(path, &buffer.text);
            let bom = bytes.starts_with(BOM) && buffer.text.get_char(0) != Some('\u{feff}');
            return Self::Open { buffer, bytes, bom };
        }
        match path.symlink_metadata() {
            Ok(meta) if meta.is_file() => match std::fs::read(path) {
                Ok(bytes) => Self::Closed(bytes),
                Err(error) => Self::Unreadable(format!("{} cannot be read: {error}.", path.display())),
            },
            Ok(_) => Self::Unreadable(format!("{} is not a plain file any more.", path.display())),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                Self::Absent
            }
            Err(error) => Self::Unreadable(format!("{} cannot be examined: {error}.", path.display())),
        }
    }

    /// Whether it is open and differs from the file at `path`, which it was read for.
    pub(crate) fn is_unsaved(&self, path: &Path) -> bool {
        match self {
            Self::Open { bytes, .. } => !read_plain(path).is_ok_and(|disk| disk == *bytes),
            Self::Closed(_) | Self::Absent | Self::Unreadable(_) => false,
        }
    }

    /// Returns the content, if there is one.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Open { bytes, .. } | Self::Closed(bytes) => Some(bytes),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }
}

/// Returns a document's text in the bytes its file would get: with a byte order mark if the file has one.
pub(crate) fn encode_like(path: &Path, text: &Rope) -> Vec<u8> {
    let text = text.to_string().into_bytes();
    if !text.starts_with(BOM) && begins_with_bom(path) {
        [BOM, &text].concat()
    } else {
        text
    }
}

/// Returns the content of a plain file.
pub(crate) fn read_plain(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    open_plain(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a plain file. Whoever opens a pipe would wait for someone to write to it.
fn open_plain(path: &Path) -> std::io::Result<std::fs::File> {
    if path.metadata()?.is_file() {
        std::fs::File::open(path)
    } else {
        Err(std::io::Error::other("it is not a plain file"))
    }
}

fn begins_with_bom(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = [0; 3];
    open_plain(path)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == BOM)
}
