//! Where the real parts are. `cargo xtask parts` installs them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Returns the top folder of the checkout.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the checkout")
        .to_owned()
}

/// Returns the real `aca`.
pub fn aca() -> PathBuf {
    if let Some(path) = std::env::var_os("ACA_TEST_BIN") {
        return existing("aca", PathBuf::from(path));
    }
    let beside = std::env::current_exe().expect("a test knows its own program");
    let profile = beside.ancestors().nth(2).expect("a test lies in target/<profile>/deps");
    existing("aca", profile.join("aca"))
}

/// Returns the real Claude Code. It is only ever run inside a container.
pub fn claude() -> PathBuf {
    let link = existing("Claude Code", folder().join("claude/claude"));
    link.canonicalize().expect("the link was followed a moment ago")
}

/// Returns the real Neovim.
pub fn nvim() -> PathBuf {
    existing("Neovim", folder().join("nvim/bin/nvim"))
}

/// Returns the folder of VS Code's server.
pub fn vscode() -> PathBuf {
    let main = existing("VS Code", folder().join("vscode/server/out/server-main.js"));
    main.ancestors().nth(2).expect("it has a folder").to_owned()
}

/// Returns the real Chromium.
pub fn chromium() -> PathBuf {
    existing("Chromium", PathBuf::from("/usr/bin/chromium"))
}

/// Returns the library that a program is loaded with so that its clock can be set.
pub fn faketime() -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib")
        .expect("a machine has libraries")
        .flatten();
    let found = libraries.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    found
        .into_iter()
        .find(|library| library.is_file())
        .expect("The part \"libfaketime\" is missing below /usr/lib; run `cargo xtask parts`.")
}

/// Returns Node, from the search path.
pub fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("node"));
    found
        .into_iter()
        .find(|program| program.is_file())
        .expect("The part \"Node\" is missing on the PATH; install version 20 or later.")
}

/// Returns the extension for VS Code as `cargo xtask test` packs it: `universal` or `platform`.
pub fn vsix(kind: &str) -> PathBuf {
    existing(
        "the packed extension",
        checkout().join(format!("target/vsix/test/{kind}.vsix")),
    )
}

/// Returns the real Helix.
pub fn helix() -> PathBuf {
    existing("Helix", folder().join("helix/hx"))
}

/// Returns the real kakoune-lsp.
pub fn kakoune_lsp() -> PathBuf {
    existing("kakoune-lsp", folder().join("kakoune-lsp/bin/kak-lsp"))
}

/// Makes sure that the container engine answers and has the base image.
pub fn engine() {
    static CHECKED: OnceLock<()> = OnceLock::new();
    CHECKED.get_or_init(|| {
        let answer = crate::engine::docker(&["image", "inspect", BASE_IMAGE]);
        assert!(
            answer.is_ok(),
            "The part \"container engine with {BASE_IMAGE}\" is missing; run `cargo xtask parts`: {answer:?}"
        );
    });
}

/// The image that sandboxes are built on in tests.
pub const BASE_IMAGE: &str = "aca-base:bookworm";

fn folder() -> PathBuf {
    match std::env::var_os("ACA_TEST_PARTS") {
        Some(folder) => PathBuf::from(folder),
        None => checkout().join("target/parts"),
    }
}

fn existing(name: &str, path: PathBuf) -> PathBuf {
    assert!(
        path.is_file(),
        "The part \"{name}\" is missing at {}; run `cargo xtask parts`, or `cargo xtask test` for everything.",
        path.display()
    );
    path
}
