//! Snapshots, checkouts and results over real directories, with the hostile things an agent may leave in one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use aca_workspace::objects::{Buffer, Checkout, DiffKind, FileDiff, Imported, MAX_FILE_BYTES, Objects, Tree};

/// A workspace, and a store beside it.
struct Fixture {
    dir: tempfile::TempDir,
    objects: Objects,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("w")).unwrap();
        let objects = Objects::open(&dir.path().join("objects.git")).unwrap();
        Self { dir, objects }
    }

    /// A fixture whose workspace is a repository with these files committed.
    fn repository(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture.write(files);
        fixture.git(&["add", "-A"]);
        fixture.git(&["commit", "-q", "-m", "first", "--allow-empty"]);
        fixture
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("w")
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (path, content) in files {
            write(&self.root().join(path), content);
        }
    }

    fn git(&self, args: &[&str]) -> String {
        git(&self.root(), args)
    }

    fn snapshot(&self) -> Tree {
        self.objects.snapshot(&self.root(), &[]).unwrap()
    }

    /// Every path of a tree with its mode and content.
    fn list(&self, tree: &Tree) -> BTreeMap<String, (String, String)> {
        let store = self.dir.path().join("objects.git");
        let listed = git(&store, &["ls-tree", "-r", "-z", tree.as_str()]);
        let records = listed.split('\0').filter(|record| !record.is_empty());
        records
            .map(|record| {
                let (meta, path) = record.split_once('\t').unwrap();
                let fields: Vec<&str> = meta.split(' ').collect();
                let content = match fields[1] {
                    "blob" => String::from_utf8_lossy(&self.objects.read(&[fields[2]]).unwrap()[0]).into_owned(),
                    _ => String::new(),
                };
                (path.to_owned(), (fields[0].to_owned(), content))
            })
            .collect()
    }

    /// Lets an "agent" change a checkout of the workspace and returns what is made of its work.
    fn result(&self, agent: impl FnOnce(&Path)) -> (Tree, Imported) {
        let base = self.snapshot();
        let work = self.dir.path().join("work");
        let checkout = self.objects.materialize(&base, &work, None).unwrap();
        agent(&work);
        let imported = self.objects.import_result(&base, &work, &checkout).unwrap();
        (base, imported)
    }

    fn diff(&self, base: &Tree, result: &Tree) -> Vec<FileDiff> {
        self.objects.diff(base, result).unwrap()
    }
}

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn git(dir: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", "/nonexistent");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    command.args([
        "-c",
        "user.name=u",
        "-c",
        "user.email=u@x",
        "-c",
        "protocol.file.allow=always",
    ]);
    let output = command.arg("-C").arg(dir).args(args).output().unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn fifo(path: &Path) {
    rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
}

fn refused(imported: &Imported) -> Vec<&str> {
    imported.refused.iter().map(|(path, _)| path.as_str()).collect()
}

fn paths(list: &BTreeMap<String, (String, String)>) -> Vec<&str> {
    list.keys().map(String::as_str).collect()
}

/// All bytes and times below a directory.
fn state(dir: &Path) -> BTreeMap<PathBuf, (i64, i64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        if meta.is_dir() {
            found.extend(state(&path));
        }
        let content = if meta.is_file() {
            fs::read(&path).unwrap()
        } else {
            Vec::new()
        };
        found.insert(path, (meta.mtime(), meta.mtime_nsec(), content));
    }
    found
}

const ODD: &[(&str, &str)] = &[
    ("crlf.txt", "a\r\nb\r\n"),
    ("no-newline", "x"),
    ("empty", ""),
    ("dir with space/é 日本.txt", "ü\n"),
    ("-dash", "d"),
    ("$Id$.txt", "$Id$\n"),
];

#[test]
fn a_directory_without_git_is_stored_byte_for_byte() {
    let fixture = Fixture::new();
    fixture.write(ODD);
    fixture.write(&[("run.sh", "#!/bin/sh\n")]);
    executable(&fixture.root().join("run.sh"));
    symlink("no-newline", fixture.root().join("link")).unwrap();
    fs::create_dir(fixture.root().join("empty-dir")).unwrap();
    let list = fixture.list(&fixture.snapshot());
    for (path, content) in ODD {
        assert_eq!(list[*path], ("100644".to_owned(), (*content).to_owned()));
    }
    assert_eq!(list["run.sh"].0, "100755");
    assert_eq!(list["link"], ("120000".to_owned(), "no-newline".to_owned()));
    assert_eq!(list.len(), ODD.len() + 2);
}

#[test]
fn what_is_uncommitted_untracked_deleted_and_ignored_is_told_apart() {
    let fixture = Fixture::repository(&[
        ("a", "1"),
        ("b", "1"),
        ("c", "1"),
        ("kept.log", "1"),
        (".gitignore", "*.tmp\n"),
    ]);
    fixture.write(&[
        ("a", "2"),
        ("new", "n"),
        ("x.tmp", "t"),
        ("own", "o"),
        ("staged", "s"),
        (".gitignore", "*.tmp\n*.log\n"),
    ]);
    fixture.write(&[(".git/info/exclude", "own\n"), ("y.log", "y")]);
    fixture.git(&["add", "staged"]);
    fs::remove_file(fixture.root().join("b")).unwrap();
    let list = fixture.list(&fixture.snapshot());
    assert_eq!(paths(&list), [".gitignore", "a", "c", "kept.log", "new", "staged"]);
    assert_eq!(list["a"].1, "2");
    fixture.write(&[("c", "3"), ("later", "l")]);
    fs::remove_file(fixture.root().join("new")).unwrap();
    let list = fixture.list(&fixture.snapshot());
    assert_eq!(paths(&list), [".gitignore", "a", "c", "kept.log", "later", "staged"]);
    assert_eq!(list["c"].1, "3");
}

#[test]
fn what_a_landing_left_is_in_no_snapshot() {
    let fixture = Fixture::repository(&[("d/f", "1")]);
    fixture.write(&[("d/.aca-landing-0123456789abcdef-1.1-0-ready", "2"), ("g", "3")]);
    assert_eq!(paths(&fixture.list(&fixture.snapshot())), ["d/f", "g"]);
}

#[test]
fn filters_and_line_ending_rules_are_inert() {
    let marker = tempfile::tempdir().unwrap();
    let ran = marker.path().join("ran");
    for attributes in [
        "* text=auto\n",
        "* filter=evil ident\n",
        "*.txt text eol=lf\n",
        "* text working-tree-encoding=UTF-16\n",
    ] {
        let fixture = Fixture::repository(&[]);
        fixture.write(&[("a.txt", "x\n"), ("b.txt", "$Id$\n")]);
        fixture.git(&["add", "-A"]);
        fixture.git(&["commit", "-q", "-m", "second"]);
        fixture.write(&[(".gitattributes", attributes), ("a.txt", "x\r\n")]);
        fixture.git(&["config", "core.autocrlf", "input"]);
        fixture.git(&["config", "filter.evil.clean", &format!("touch {}; cat", ran.display())]);
        fixture.git(&["config", "filter.evil.smudge", &format!("touch {}; cat", ran.display())]);
        let (base, imported) = fixture.result(|work| {
            assert_eq!(fs::read(work.join("a.txt")).unwrap(), b"x\r\n");
            assert_eq!(fs::read(work.join("b.txt")).unwrap(), b"$Id$\n");
            write(&work.join("c.txt"), "y\r\n");
        });
        assert_eq!(fixture.list(&base)["a.txt"].1, "x\r\n", "{attributes}");
        assert_eq!(fixture.list(&imported.tree)["c.txt"].1, "y\r\n");
        assert!(!ran.exists(), "{attributes}");
    }
}

#[test]
fn a_clean_file_under_a_line_ending_rule_is_what_is_on_disk() {
    let fixture = Fixture::repository(&[(".gitattributes", "*.txt text eol=crlf\n")]);
    fixture.write(&[("a.txt", "x\r\n")]);
    fixture.git(&["add", "-A"]);
    fixture.git(&["commit", "-q", "-m", "second"]);
    assert_eq!(fixture.git(&["status", "--porcelain"]), "");
    assert_eq!(fixture.list(&fixture.snapshot())["a.txt"].1, "x\r\n");
}

#[test]
fn the_users_repository_is_not_touched() {
    let fixture = Fixture::repository(&[("a", "1"), ("b", "1")]);
    fixture.write(&[("a", "2")]);
    fixture.git(&["stash", "-q"]);
    fixture.write(&[("a", "3"), ("c", "1")]);
    fixture.git(&["add", "c"]);
    let before = state(&fixture.root());
    let buffer = Buffer {
        path: "b".into(),
        text: b"unsaved".to_vec(),
    };
    fixture.objects.snapshot(&fixture.root(), &[buffer]).unwrap();
    fixture.result(|work| write(&work.join("a"), "4"));
    assert!(before == state(&fixture.root()));
}

#[test]
fn buffers_lie_over_the_disk() {
    let fixture = Fixture::repository(&[("a", "1"), ("same", "s"), (".gitignore", ".env\n")]);
    fixture.write(&[(".env", "SECRET=1"), ("run.sh", "1")]);
    executable(&fixture.root().join("run.sh"));
    let disk = fixture.snapshot();
    let buffers = [
        ("a", "unsaved"),
        ("same", "s"),
        (".env", "SECRET=2"),
        ("new/unsaved.rs", "n"),
        ("run.sh", "2"),
        ("../out", "x"),
    ];
    let buffers: Vec<Buffer> = buffers
        .iter()
        .map(|(path, text)| Buffer {
            path: (*path).into(),
            text: text.as_bytes().to_vec(),
        })
        .collect();
    let tree = fixture.objects.snapshot(&fixture.root(), &buffers).unwrap();
    let list = fixture.list(&tree);
    assert_eq!(paths(&list), [".gitignore", "a", "new/unsaved.rs", "run.sh", "same"]);
    assert_eq!((list["a"].1.as_str(), list["run.sh"].0.as_str()), ("unsaved", "100755"));
    assert_eq!(fixture.snapshot(), disk);
}

#[test]
fn nested_repositories_are_left_alone() {
    let fixture = Fixture::repository(&[("a", "1")]);
    let nested = fixture.root().join("vendor/nested");
    fs::create_dir_all(&nested).unwrap();
    git(&nested, &["init", "-q"]);
    write(&nested.join("inner"), "i");
    git(&nested, &["add", "-A"]);
    git(&nested, &["commit", "-q", "-m", "inner"]);
    let empty = fixture.root().join("unborn");
    fs::create_dir_all(&empty).unwrap();
    git(&empty, &["init", "-q"]);
    fifo(&fixture.root().join("pipe"));
    let (base, imported) = fixture.result(|work| {
        assert!(work.join("vendor/nested").is_dir());
        write(&work.join("a"), "2");
        write(&work.join("vendor/nested/below/new"), "n");
    });
    assert_eq!(paths(&fixture.list(&base)), ["a", "vendor/nested"]);
    let diff = fixture.diff(&base, &imported.tree);
    assert_eq!(diff.len(), 1);
    assert_eq!((diff[0].path.as_str(), &diff[0].kind), ("a", &DiffKind::Modified));
    assert_eq!(refused(&imported), ["vendor/nested"]);
}

#[test]
fn a_name_that_only_other_systems_take_for_a_repository_is_in_the_way_of_nothing() {
    let fixture = Fixture::repository(&[("a", "1")]);
    write(&fixture.root().join("git~1"), "x");
    fixture.git(&["-c", "core.protectNTFS=false", "add", "git~1"]);
    fixture.git(&["-c", "core.protectNTFS=false", "commit", "-q", "-m", "odd"]);
    let bad_name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"bad-\xff");
    write(&fixture.root().join(bad_name), "x");
    let (_, untouched) = fixture.result(|work| write(&work.join("a"), "2"));
    assert!(untouched.refused.is_empty(), "{untouched:?}");
    fs::remove_file(fixture.root().join(bad_name)).unwrap();
    fs::remove_dir_all(fixture.dir.path().join("work")).unwrap();
    let (base, imported) = fixture.result(|work| {
        write(&work.join("a"), "2");
        write(&work.join("git~1"), "changed");
    });
    assert_eq!(paths(&fixture.list(&base)), ["a", "git~1"]);
    assert_eq!(refused(&imported), ["git~1"]);
    let changed = fixture.list(&imported.tree);
    assert_eq!((changed["a"].1.as_str(), changed["git~1"].1.as_str()), ("2", "x"));
}

#[test]
fn a_submodule_is_left_alone() {
    let library = Fixture::repository(&[("lib.rs", "l")]);
    let fixture = Fixture::repository(&[("a", "1")]);
    fixture.git(&["submodule", "--quiet", "add", library.root().to_str().unwrap(), "lib"]);
    fixture.git(&["commit", "-q", "-m", "module"]);
    let (base, imported) = fixture.result(|_| {});
    assert_eq!(fixture.list(&base)["lib"].0, "160000");
    assert_eq!(
        imported,
        Imported {
            tree: base,
            refused: Vec::new()
        }
    );
}

#[test]
fn a_workspace_within_a_repository_works() {
    let fixture = Fixture::repository(&[("sub/a", "1"), ("other", "o")]);
    let tree = fixture.objects.snapshot(&fixture.root().join("sub"), &[]).unwrap();
    assert_eq!(paths(&fixture.list(&tree)), ["a"]);
}

#[test]
fn git_works_inside_a_checkout() {
    let fixture = Fixture::repository(ODD);
    let base = fixture.snapshot();
    let work = fixture.dir.path().join("work");
    let checkout = fixture.objects.materialize(&base, &work, Some((1000, 1000))).unwrap();
    assert_eq!(checkout.tree(), &base);
    assert_eq!(work.join("crlf.txt").metadata().unwrap().uid(), 1000);
    let inside = |args: &[&str]| git(&work, &[&["-c", "safe.directory=*"], args].concat());
    assert_eq!(inside(&["status", "--porcelain"]), "");
    write(&work.join("crlf.txt"), "a\r\nc\r\n");
    assert!(inside(&["diff"]).contains("-b\r\n+c\r\n"));
    assert!(inside(&["log", "--oneline"]).contains("when the task began"));
    inside(&["commit", "-q", "-a", "-m", "agent"]);
    let imported = fixture.objects.import_result(&base, &work, &checkout).unwrap();
    assert_eq!(fixture.list(&imported.tree)["crlf.txt"].1, "a\r\nc\r\n");
    assert!(fixture.objects.materialize(&base, &work, None).is_err());
}

#[test]
fn a_checkout_survives_json() {
    let fixture = Fixture::repository(ODD);
    let checkout = fixture
        .objects
        .materialize(&fixture.snapshot(), &fixture.dir.path().join("work"), None)
        .unwrap();
    let json = serde_json::to_vec(&checkout).unwrap();
    assert_eq!(serde_json::from_slice::<Checkout>(&json).unwrap(), checkout);
}

#[test]
fn every_kind_of_difference_is_found() {
    let long = "line\n".repeat(50);
    let fixture = Fixture::repository(&[
        ("mod", "1\n"),
        ("del", "d\n"),
        ("mode", "m\n"),
        ("old", &long),
        ("dir/f", "f\n"),
        ("file", "x\n"),
    ]);
    let (base, imported) = fixture.result(|work| {
        write(&work.join("mod"), "2\n");
        fs::remove_file(work.join("del")).unwrap();
        executable(&work.join("mode"));
        fs::rename(work.join("old"), work.join("moved")).unwrap();
        write(&work.join("moved"), format!("{long}more\n"));
        write(&work.join("sub/new"), "n");
        fs::remove_dir_all(work.join("dir")).unwrap();
        write(&work.join("dir"), "now a file, and nothing like the one before\n");
        fs::remove_file(work.join("file")).unwrap();
        write(&work.join("file/below"), "0123456789\n");
    });
    assert_eq!(imported.refused, []);
    let diff = fixture.diff(&base, &imported.tree);
    let kinds: Vec<(&str, &DiffKind)> = diff.iter().map(|file| (file.path.as_str(), &file.kind)).collect();
    let renamed = DiffKind::Renamed { from: "old".into() };
    let expected = [
        ("del", &DiffKind::Deleted),
        ("dir", &DiffKind::Created),
        ("dir/f", &DiffKind::Deleted),
        ("file", &DiffKind::Deleted),
        ("file/below", &DiffKind::Created),
        ("mod", &DiffKind::Modified),
        ("mode", &DiffKind::ModeOnly),
        ("moved", &renamed),
        ("sub/new", &DiffKind::Created),
    ];
    let mut sorted = kinds.clone();
    sorted.sort_by_key(|(path, _)| *path);
    assert_eq!(sorted, expected);
    let mode = diff.iter().find(|file| file.path == "mode").unwrap();
    assert_eq!(mode.base.as_ref().map(|blob| blob.executable), Some(false));
    assert_eq!(mode.result.as_ref().map(|blob| blob.executable), Some(true));
    let moved = diff.iter().find(|file| file.path == "moved").unwrap();
    assert_eq!(moved.base.as_ref().unwrap().bytes, long.as_bytes());
    assert!(
        diff.iter()
            .any(|file| file.path == "sub/new" && file.base.is_none() && file.result.is_some())
    );
}

#[test]
fn a_change_of_the_same_size_with_its_time_set_back_is_seen() {
    let fixture = Fixture::repository(&[("a", "11")]);
    let (_, imported) = fixture.result(|work| {
        let modified = work.join("a").metadata().unwrap().modified().unwrap();
        fs::write(work.join("a"), "22").unwrap();
        fs::File::options()
            .write(true)
            .open(work.join("a"))
            .unwrap()
            .set_modified(modified)
            .unwrap();
    });
    assert_eq!(fixture.list(&imported.tree)["a"].1, "22");
}

#[test]
fn what_the_base_ignores_is_left_out_of_the_result() {
    let fixture = Fixture::repository(&[
        (".gitignore", "target/\n*.o\n!keep.o\n/only-root\n"),
        ("sub/.gitignore", "local\n!back.o\n"),
        ("sub/a", "1"),
    ]);
    fixture.write(&[("target/tracked", "t")]);
    fixture.git(&["add", "-f", "target/tracked"]);
    let (base, imported) = fixture.result(|work| {
        for path in [
            "target/debug/x",
            "a.o",
            "keep.o",
            "sub/b.o",
            "sub/back.o",
            "sub/local",
            "local",
            "only-root",
            "sub/only-root",
            "deep/target/x",
            "target/tracked",
        ] {
            write(&work.join(path), "new");
        }
        write(&work.join(".gitignore"), "*\n");
        fifo(&work.join("target/pipe"));
    });
    let changed: Vec<String> = fixture
        .diff(&base, &imported.tree)
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(
        changed,
        [
            ".gitignore",
            "keep.o",
            "local",
            "sub/back.o",
            "sub/only-root",
            "target/tracked"
        ]
    );
    assert_eq!(imported.refused, []);
}

#[test]
fn hostile_things_are_refused_and_stay_as_in_the_base() {
    let secret = tempfile::tempdir().unwrap();
    write(&secret.path().join("secret"), "SECRET");
    let fixture = Fixture::repository(&[
        ("swapped", "1"),
        ("dir/a", "1"),
        ("dir/b", "1"),
        ("pipe", "1"),
        ("huge", "1"),
        ("good", "1"),
        ("hard", "1"),
    ]);
    symlink("good", fixture.root().join("link")).unwrap();
    symlink("good", fixture.root().join("gone")).unwrap();
    symlink("good", fixture.root().join("stays")).unwrap();
    let (base, imported) = fixture.result(|work| {
        let replace = |path: &str| fs::remove_file(work.join(path)).unwrap();
        ["swapped", "pipe", "huge", "link", "gone", "hard"]
            .into_iter()
            .for_each(replace);
        symlink(secret.path().join("secret"), work.join("swapped")).unwrap();
        fs::remove_dir_all(work.join("dir")).unwrap();
        symlink(secret.path(), work.join("dir")).unwrap();
        fifo(&work.join("pipe"));
        let sparse = fs::File::create(work.join("huge")).unwrap();
        sparse.set_len(1 << 30).unwrap();
        fs::File::create(work.join("big"))
            .unwrap()
            .set_len(MAX_FILE_BYTES + 1)
            .unwrap();
        write(&work.join("link/below"), "b");
        fs::hard_link(work.join("good"), work.join("hard")).unwrap();
        write(&work.join("good"), "2");
        symlink("/etc/passwd", work.join("passwd")).unwrap();
        write(
            &work.join("nested/.git/config"),
            "[core]\n\tfsmonitor = touch /tmp/pwned\n",
        );
        write(&work.join("nested/.gitattributes"), "* filter=evil\n");
        write(&work.join("case/.GIT/config"), "x");
        write(&work.join("ntfs/git~1"), "x");
        write(&work.join("hfs/.g\u{200c}it"), "x");
        write(&work.join("back\\slash"), "x");
        let bad_name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"bad-\xff");
        write(&work.join(bad_name), "x");
        let _socket = std::os::unix::net::UnixListener::bind(work.join("socket")).unwrap();
    });
    let changed: Vec<String> = fixture
        .diff(&base, &imported.tree)
        .into_iter()
        .map(|file| file.path)
        .collect();
    assert_eq!(changed, ["good", "hard", "nested/.gitattributes"]);
    assert_eq!(
        refused(&imported),
        [
            "back\\slash",
            "bad-\u{fffd}",
            "big",
            "case/.GIT",
            "dir",
            "gone",
            "hfs/.g\u{200c}it",
            "huge",
            "link",
            "nested/.git",
            "ntfs/git~1",
            "passwd",
            "pipe",
            "socket",
            "swapped",
        ]
    );
    let list = fixture.list(&imported.tree);
    for path in ["swapped", "dir/a", "dir/b", "pipe", "huge"] {
        assert_eq!(list[path].1, "1", "{path}");
    }
    assert!(list.values().all(|(_, content)| content != "SECRET"));
}

#[test]
fn a_deep_tree_is_refused_where_it_gets_too_deep() {
    let fixture = Fixture::repository(&[("a", "1")]);
    let (base, imported) = fixture.result(|work| {
        let deep = vec!["d"; 150].join("/");
        write(&work.join(&deep).join("f"), "x");
        write(&work.join("a"), "2");
    });
    assert_eq!(imported.refused.len(), 1);
    assert_eq!(fixture.diff(&base, &imported.tree).len(), 1);
}

#[test]
fn nothing_changed_gives_the_base() {
    let fixture = Fixture::repository(ODD);
    let (base, imported) = fixture.result(|_| {});
    assert_eq!(
        imported,
        Imported {
            tree: base.clone(),
            refused: Vec::new()
        }
    );
    assert_eq!(fixture.diff(&base, &imported.tree), []);
}

#[test]
fn a_crash_leaves_nothing_in_the_way() {
    let fixture = Fixture::repository(&[("a", "1")]);
    let store = fixture.dir.path().join("objects.git");
    write(&store.join("workspace.index.lock"), "");
    write(&store.join("tmp-old/index"), "");
    let objects = Objects::open(&store).unwrap();
    objects.snapshot(&fixture.root(), &[]).unwrap();
    assert!(!store.join("tmp-old").exists());
}

#[test]
fn what_is_unknown_is_an_error() {
    let fixture = Fixture::new();
    for text in ["", "HEAD", "--all", "0123", &"g".repeat(40), &"A".repeat(40)] {
        assert!(Tree::parse(text).is_err(), "{text}");
    }
    let absent = Tree::parse(&"1".repeat(40)).unwrap();
    let dir = fixture.dir.path().join("work");
    assert!(fixture.objects.materialize(&absent, &dir, None).is_err());
    assert!(fixture.objects.read(&[&"1".repeat(40)]).is_err());
    assert!(fixture.objects.diff(&absent, &fixture.snapshot()).is_err());
}

#[test]
fn contents_are_stored_byte_for_byte_and_come_back_in_order() {
    let fixture = Fixture::new();
    let contents: [&[u8]; 5] = [b"a\r\n", b"", b"\0\xff\n\n", b"a\r\n", b"last"];
    let blobs = fixture.objects.write(&contents).unwrap();
    assert_eq!(blobs[0], blobs[3], "a blob is named by its content");
    let named: Vec<&str> = blobs.iter().map(String::as_str).collect();
    assert_eq!(fixture.objects.read(&named).unwrap(), contents);
    assert_eq!(fixture.objects.write(&[]).unwrap(), Vec::<String>::new());
}
