//! The workspaces of a connection: which roots the client named, and which file belongs to which.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aca_engine::Engine;
use aca_workspace::todo::Keywords;
use lsp_types::{InitializeParams, Url};

use crate::documents::WorkspaceFile;

/// A workspace as this client sees it.
#[derive(Debug)]
pub(crate) struct Root {
    /// The path the client uses.
    pub(crate) given: PathBuf,
    /// The same directory as the engine names it.
    pub(crate) canonical: PathBuf,
    /// What counts as a TODO there.
    pub(crate) keywords: Arc<Keywords>,
}

impl Root {
    /// Returns the engine's name for a directory that the client named.
    ///
    /// # Errors
    ///
    /// A sentence that says why it cannot be a workspace.
    pub(crate) fn canonical(given: &Path) -> Result<PathBuf, String> {
        let canonical = given
            .canonicalize()
            .map_err(|error| format!("The workspace {} cannot be opened: {error}.", given.display()))?;
        match std::env::home_dir() {
            Some(home) if has_home(&canonical, &home) => Err(format!(
                "aca makes no workspace of {}: your home directory is in it, and each task would get a copy. Open a \
                 project's folder, or put an empty {} into this one.",
                canonical.display(),
                aca_engine::config::FILE_NAME
            )),
            _ => Ok(canonical),
        }
    }

    /// Looks at the settings of a directory with both of its names. A broken configuration is a problem to tell the user
    /// of; the defaults count meanwhile.
    pub(crate) fn new(engine: &Engine, given: PathBuf, canonical: PathBuf) -> (Self, Option<String>) {
        let (keywords, problem) = match engine.load_settings(&canonical) {
            Ok(loaded) => (loaded.config.keywords(), None),
            Err(error) => (Keywords::default(), Some(error.to_string())),
        };
        let root = Self {
            given,
            canonical,
            keywords: Arc::new(keywords),
        };
        (root, problem)
    }

    /// A workspace that is not on disk.
    #[cfg(test)]
    pub(crate) fn for_test(path: &str) -> Self {
        Self {
            given: PathBuf::from(path),
            canonical: PathBuf::from(path),
            keywords: Arc::default(),
        }
    }

    fn file(self: &Arc<Self>, path: &Path) -> Option<WorkspaceFile> {
        let below = path
            .strip_prefix(&self.given)
            .or_else(|_| path.strip_prefix(&self.canonical))
            .ok()?;
        let mut relative = String::new();
        for component in below.components() {
            // Anything but plain names could lead out of the workspace.
            let Component::Normal(name) = component else {
                return None;
            };
            if !relative.is_empty() {
                relative.push('/');
            }
            relative.push_str(name.to_str()?);
        }
        let path = self.canonical.join(&relative);
        (!relative.is_empty()).then(|| WorkspaceFile {
            root: Arc::clone(self),
            relative,
            path,
        })
    }
}

/// The roots of a connection.
#[derive(Debug, Default)]
pub(crate) struct Workspaces {
    roots: Mutex<Roots>,
}

#[derive(Debug, Default)]
struct Roots {
    list: Vec<Arc<Root>>,
    /// Whether the client named any. One that did not gets the project of each document it opens.
    named: bool,
}

impl Workspaces {
    /// Records that the client names its workspaces itself.
    pub(crate) fn set_named(&self) {
        self.lock().named = true;
    }

    /// Says whether the client names its workspaces itself.
    pub(crate) fn is_named(&self) -> bool {
        self.lock().named
    }

    /// Adds a root unless it is there; returns the one that counts, and whether it is new.
    pub(crate) fn add(&self, root: Root) -> (Arc<Root>, bool) {
        let mut roots = self.lock();
        if let Some(known) = roots.list.iter().find(|known| known.given == root.given) {
            return (Arc::clone(known), false);
        }
        let root = Arc::new(root);
        roots.list.push(Arc::clone(&root));
        (root, true)
    }

    /// Removes the root that the client names so, and returns it unless the same directory stays under another name.
    pub(crate) fn remove(&self, given: &Path) -> Option<Arc<Root>> {
        let mut roots = self.lock();
        let place = roots.list.iter().position(|root| root.given == given)?;
        let removed = roots.list.remove(place);
        let stays = roots.list.iter().any(|root| root.canonical == removed.canonical);
        (!stays).then_some(removed)
    }

    /// Puts a root that was looked at anew in the place of the one with its name, if that is still there.
    pub(crate) fn replace(&self, root: Root) {
        if let Some(known) = self.lock().list.iter_mut().find(|known| known.given == root.given) {
            *known = Arc::new(root);
        }
    }

    /// Returns all roots.
    pub(crate) fn all(&self) -> Vec<Arc<Root>> {
        self.lock().list.clone()
    }

    /// Returns the root that the engine names so.
    pub(crate) fn canonical(&self, path: &Path) -> Option<Arc<Root>> {
        self.lock().list.iter().find(|root| root.canonical == path).cloned()
    }

    /// Returns the place of a document in its workspace: the innermost root above it.
    pub(crate) fn file(&self, uri: &Url) -> Option<WorkspaceFile> {
        let path = path_of(uri)?;
        let places = self.all().into_iter().filter_map(|root| root.file(&path));
        places.min_by_key(|file| file.relative.len())
    }

    /// Returns the client's name for a file, by the engine's path.
    pub(crate) fn uri_of(&self, path: &Path) -> Option<Url> {
        self.all()
            .into_iter()
            .find_map(|root| Url::from_file_path(root.given.join(path.strip_prefix(&root.canonical).ok()?)).ok())
    }

    fn lock(&self) -> MutexGuard<'_, Roots> {
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the path of a `file:` URI.
pub(crate) fn path_of(uri: &Url) -> Option<PathBuf> {
    (uri.scheme() == "file").then(|| uri.to_file_path().ok()).flatten()
}

/// Returns the directories a client names in `initialize`, from the newest of the three ways to name them.
pub(crate) fn named_roots(params: &InitializeParams) -> Vec<PathBuf> {
    if let Some(folders) = &params.workspace_folders {
        return folders.iter().filter_map(|folder| path_of(&folder.uri)).collect();
    }
    if let Some(root) = params.root_uri.as_ref().and_then(path_of) {
        return vec![root];
    }
    #[expect(deprecated, reason = "old clients send nothing else")]
    params
        .root_path
        .as_ref()
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .into_iter()
        .collect()
}

/// Returns the project that a single file belongs to: the nearest directory above it with `aca.toml` or `.git`.
///
/// A file without one has no workspace: a snapshot of whatever directory it lies in could be a whole home directory.
pub(crate) fn project_of(file: &Path) -> Option<PathBuf> {
    let mut above = file.ancestors().skip(1);
    above.find(|dir| is_project(dir)).map(Path::to_owned)
}

fn is_project(dir: &Path) -> bool {
    dir.join(aca_engine::config::FILE_NAME).is_file() || dir.join(".git").exists()
}

/// Whether a directory that nobody made a project is the home directory or has it in it. Some clients name the directory
/// of a file as its root when they know no better.
fn has_home(dir: &Path, home: &Path) -> bool {
    let home = home.canonicalize();
    home.is_ok_and(|home| home.starts_with(dir)) && !is_project(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspaces(roots: &[&str]) -> Workspaces {
        let workspaces = Workspaces::default();
        for root in roots {
            workspaces.add(Root::for_test(root));
        }
        workspaces
    }

    #[test]
    fn a_document_belongs_to_the_innermost_root() {
        let workspaces = workspaces(&["/p", "/p/inner", "/q"]);
        let cases = [
            ("file:///p/a.rs", Some(("/p", "a.rs"))),
            ("file:///p/inner/src/a.rs", Some(("/p/inner", "src/a.rs"))),
            ("file:///p/in%20ner/a.rs", Some(("/p", "in ner/a.rs"))),
            ("file:///other/a.rs", None),
            ("file:///pp/a.rs", None),
            ("file:///p", None),
            ("untitled:Untitled-1", None),
        ];
        for (uri, expected) in cases {
            let file = workspaces.file(&Url::parse(uri).unwrap());
            let found = file
                .as_ref()
                .map(|file| (file.root.given.to_str().unwrap(), file.relative.as_str()));
            assert_eq!(found, expected, "{uri}");
        }
    }

    #[test]
    fn roots_come_from_the_newest_field() {
        let cases = [
            (
                r#"{"capabilities":{},"workspaceFolders":[{"uri":"file:///a","name":"a"}],"rootUri":"file:///b"}"#,
                vec!["/a"],
            ),
            (
                r#"{"capabilities":{},"rootUri":"file:///b","rootPath":"/c"}"#,
                vec!["/b"],
            ),
            (r#"{"capabilities":{},"rootPath":"/c"}"#, vec!["/c"]),
            (r#"{"capabilities":{},"rootPath":"c"}"#, vec![]),
            (r#"{"capabilities":{},"workspaceFolders":null,"rootUri":null}"#, vec![]),
        ];
        for (params, expected) in cases {
            let params: InitializeParams = serde_json::from_str(params).unwrap();
            let expected: Vec<PathBuf> = expected.into_iter().map(PathBuf::from).collect();
            assert_eq!(named_roots(&params), expected);
        }
    }

    #[test]
    fn the_home_directory_is_a_project_only_if_someone_made_it_one() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let home = dir.join("ada");
        let project = home.join("shop");
        std::fs::create_dir_all(&project).unwrap();
        assert!(has_home(&home, &home) && has_home(&dir, &home) && !has_home(&project, &home));
        std::fs::write(home.join("aca.toml"), "").unwrap();
        assert!(!has_home(&home, &home) && has_home(&dir, &home));
    }

    #[test]
    fn a_single_file_belongs_to_its_project_or_to_none() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("project");
        std::fs::create_dir_all(project.join("src")).unwrap();
        std::fs::create_dir_all(project.join(".git")).unwrap();
        assert_eq!(project_of(&project.join("src/a.rs")), Some(project.clone()));
        assert_eq!(project_of(&project.join("a.rs")), Some(project));
    }
}
