//! Landing on real files, refusals, what is kept of a file, steps that are taken again.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use super::*;

fn bytes(bytes: &[u8]) -> New<'_> {
    New::Bytes {
        bytes,
        executable: None,
        permissions: None,
    }
}

/// Takes a step that keeps nothing of what it displaces.
fn replace(root: &Path, path: &str, expect: Expect<'_>, new: New<'_>) -> Result<(), LandError> {
    let place = Place { root, displaced: None };
    step(place, path, expect, new).map(drop)
}

fn workspace() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_owned();
    (dir, root)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// Everything below `root`, with contents, so that "nothing changed" can be said of all of it.
fn all(root: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let is_dir = path.symlink_metadata().unwrap().is_dir();
        if is_dir {
            found.extend(all(&path));
        }
        found.push((path.clone(), if is_dir { None } else { fs::read(&path).ok() }));
    }
    found.sort();
    found
}

#[test]
fn content_is_replaced() {
    for (old, new) in [
        (&b"a\r\nb\r\n"[..], &b"a\r\nc"[..]),
        (b"", b"x"),
        (b"x", b""),
        (b"same", b"same"),
        (b"\0\xff", b"\xfe"),
    ] {
        let (_dir, root) = workspace();
        fs::write(root.join("f"), old).unwrap();
        fs::set_permissions(root.join("f"), fs::Permissions::from_mode(0o640)).unwrap();
        replace(&root, "f", Expect::Bytes(old), bytes(new)).unwrap();
        assert_eq!(all(&root), [(root.join("f"), Some(new.to_vec()))]);
        assert_eq!(mode(&root.join("f")), 0o640);
    }
}

#[test]
fn executability_is_set_where_reading_is_allowed() {
    for (before, executable, after) in [
        (0o644, Some(true), 0o755),
        (0o640, Some(true), 0o750),
        (0o755, Some(false), 0o644),
        (0o755, None, 0o755),
    ] {
        let (_dir, root) = workspace();
        fs::write(root.join("f"), "x").unwrap();
        fs::set_permissions(root.join("f"), fs::Permissions::from_mode(before)).unwrap();
        for content in [b"x", b"y"] {
            let old = fs::read(root.join("f")).unwrap();
            replace(
                &root,
                "f",
                Expect::Bytes(&old),
                New::Bytes {
                    bytes: content,
                    executable,
                    permissions: None,
                },
            )
            .unwrap();
            assert_eq!(mode(&root.join("f")), after);
        }
    }
}

#[test]
fn files_are_created_with_their_directories_and_removed() {
    let (_dir, root) = workspace();
    replace(
        &root,
        "a/b/c.sh",
        Expect::Absent,
        New::Bytes {
            bytes: b"x",
            executable: Some(true),
            permissions: None,
        },
    )
    .unwrap();
    assert_eq!(fs::read(root.join("a/b/c.sh")).unwrap(), b"x");
    assert_ne!(mode(&root.join("a/b/c.sh")) & 0o100, 0);
    replace(&root, "a/b/c.sh", Expect::Bytes(b"x"), New::Remove).unwrap();
    assert!(!root.join("a/b/c.sh").exists());
    replace(&root, "a/b/c.sh", Expect::Absent, New::Remove).unwrap();
    replace(&root, "nowhere/c", Expect::Absent, New::Remove).unwrap();
}

#[test]
fn extended_attributes_are_kept() {
    let (_dir, root) = workspace();
    let path = root.join("f");
    fs::write(&path, "x").unwrap();
    rustix::fs::setxattr(&path, "user.note", b"mine", rustix::fs::XattrFlags::empty()).unwrap();
    replace(&root, "f", Expect::Bytes(b"x"), bytes(b"y")).unwrap();
    let mut value = [0; 16];
    let len = rustix::fs::getxattr(&path, "user.note", &mut value[..]).unwrap();
    assert_eq!(&value[..len], b"mine");
}

#[test]
fn what_the_user_has_meanwhile_stays() {
    for (live, expect, new) in [
        (Some(&b"user"[..]), Expect::Bytes(b"base"), bytes(b"new")),
        (Some(b"user"), Expect::Bytes(b"base"), New::Remove),
        (Some(b"user"), Expect::Absent, bytes(b"new")),
        (Some(b"user"), Expect::Absent, New::Remove),
        (None, Expect::Bytes(b"base"), bytes(b"new")),
    ] {
        let (_dir, root) = workspace();
        fs::create_dir(root.join("d")).unwrap();
        if let Some(live) = live {
            fs::write(root.join("d/f"), live).unwrap();
        }
        let before = all(&root);
        let error = replace(&root, "d/f", expect, new).unwrap_err();
        let LandError::Moved { found, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(found.as_deref(), live);
        assert_eq!(all(&root), before);
    }
}

#[test]
fn odd_things_are_refused_and_left_alone() {
    let (_dir, root) = workspace();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("f"), "x").unwrap();
    fs::write(root.join("f"), "x").unwrap();
    fs::write(root.join("read-only"), "x").unwrap();
    fs::set_permissions(root.join("read-only"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::write(root.join("linked"), "x").unwrap();
    fs::hard_link(root.join("linked"), root.join("linked2")).unwrap();
    symlink("f", root.join("link")).unwrap();
    symlink(outside.path(), root.join("out")).unwrap();
    fs::create_dir(root.join("dir")).unwrap();
    fs::create_dir(root.join("closed")).unwrap();
    fs::write(root.join("closed/f"), "x").unwrap();
    fs::set_permissions(root.join("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        root.join("pipe"),
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    let before = all_but_pipe(&root);
    type Check = fn(&LandError) -> bool;
    let expectations: [(&str, Check); 12] = [
        ("link", |error| matches!(error, LandError::Symlink { .. })),
        ("out/f", |error| matches!(error, LandError::Symlink { .. })),
        ("out/new/f", |error| matches!(error, LandError::Symlink { .. })),
        ("dir", |error| matches!(error, LandError::NotAFile { .. })),
        ("f/below", |error| matches!(error, LandError::NotAFile { .. })),
        ("pipe", |error| matches!(error, LandError::NotAFile { .. })),
        ("linked", |error| matches!(error, LandError::HardLinks { .. })),
        ("read-only", |error| matches!(error, LandError::ReadOnly { .. })),
        ("closed/f", |error| matches!(error, LandError::ReadOnly { .. })),
        ("../f", |error| matches!(error, LandError::Path(_))),
        ("/etc/hostname", |error| matches!(error, LandError::Path(_))),
        (".git/config", |error| matches!(error, LandError::Path(_))),
    ];
    for (path, is_expected) in expectations {
        for new in [bytes(b"y"), New::Remove] {
            let error = replace(&root, path, Expect::Bytes(b"x"), new).unwrap_err();
            assert!(is_expected(&error), "{path}: {error:?}");
        }
    }
    for path in ["closed/new", "out/new", "f/new"] {
        assert!(replace(&root, path, Expect::Absent, bytes(b"y")).is_err(), "{path}");
    }
    assert_eq!(all_but_pipe(&root), before);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

/// Reading a pipe would wait for a writer.
fn all_but_pipe(root: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let pipe = root.join("pipe");
    let away = root.with_extension("pipe");
    fs::rename(&pipe, &away).unwrap();
    let found = all(root);
    fs::rename(&away, &pipe).unwrap();
    found
}

#[test]
fn directories_made_for_nothing_are_removed() {
    let (_dir, root) = workspace();
    let long = "x".repeat(250);
    let name = format!("a/b/{long}");
    replace(&root, &name, Expect::Absent, bytes(b"x")).unwrap();
    let full = replace(
        &root,
        "c/d/f",
        Expect::Absent,
        New::Bytes {
            bytes: b"x",
            executable: None,
            permissions: None,
        },
    );
    full.unwrap();
    fs::set_permissions(root.join("c"), fs::Permissions::from_mode(0o555)).unwrap();
    assert!(replace(&root, "c/f", Expect::Absent, bytes(b"x")).is_err());
    assert_eq!(fs::read_dir(root.join("c")).unwrap().count(), 1);
}

#[test]
fn a_new_file_gets_the_permissions_that_are_asked_for() {
    let (_dir, root) = workspace();
    for (permissions, executable, after) in [
        (0o600, Some(false), 0o600),
        (0o640, Some(true), 0o750),
        (0o744, Some(true), 0o744),
        (0o755, Some(false), 0o644),
    ] {
        let new = New::Bytes {
            bytes: b"x",
            executable,
            permissions: Some(permissions),
        };
        replace(&root, "f", Expect::Absent, new).unwrap();
        assert_eq!(mode(&root.join("f")), after);
        fs::remove_file(root.join("f")).unwrap();
    }
}

#[test]
fn directories_that_a_removed_file_leaves_empty_go_too() {
    let (_dir, root) = workspace();
    fs::create_dir_all(root.join("keep/a/b")).unwrap();
    fs::write(root.join("keep/a/b/f"), "1").unwrap();
    fs::write(root.join("keep/g"), "2").unwrap();
    replace(&root, "keep/a/b/f", Expect::Bytes(b"1"), New::Remove).unwrap();
    let left = [(root.join("keep"), None), (root.join("keep/g"), Some(b"2".to_vec()))];
    assert_eq!(all(&root), left);
}

#[test]
fn the_mode_alone_changes_in_place() {
    use std::os::unix::fs::MetadataExt as _;
    let (_dir, root) = workspace();
    let file = root.join("f");
    fs::write(&file, "1").unwrap();
    fs::hard_link(&file, root.join("g")).unwrap();
    let inode = file.metadata().unwrap().ino();
    let new = New::Bytes {
        bytes: b"1",
        executable: Some(true),
        permissions: None,
    };
    assert!(matches!(
        replace(&root, "f", Expect::Bytes(b"1"), new),
        Err(LandError::HardLinks { .. })
    ));
    fs::remove_file(root.join("g")).unwrap();
    replace(&root, "f", Expect::Bytes(b"1"), new).unwrap();
    assert_eq!((mode(&file) & 0o111, file.metadata().unwrap().ino()), (0o111, inode));
}

/// A workspace and a directory for what is displaced, on one file system.
fn place(dir: &tempfile::TempDir) -> (PathBuf, PathBuf) {
    let (root, kept) = (dir.path().join("w"), dir.path().join("kept"));
    fs::create_dir(&root).unwrap();
    fs::create_dir(&kept).unwrap();
    (root, kept)
}

fn displaced(landed: Landed) -> Displaced {
    match landed {
        Landed::Displaced(displaced) => displaced,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_late_write_to_a_displaced_file_is_seen() {
    use std::io::Write as _;
    for (new, keep) in [
        (bytes(b"new"), true),
        (bytes(b"new"), false),
        (New::Remove, true),
        (New::Remove, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (root, kept) = place(&dir);
        fs::write(root.join("f"), "old").unwrap();
        let mut editor = fs::OpenOptions::new().append(true).open(root.join("f")).unwrap();
        let place = Place {
            root: &root,
            displaced: keep.then_some(kept.as_path()),
        };
        let mut displaced = displaced(step(place, "f", Expect::Bytes(b"old"), new).unwrap());
        assert_eq!(fs::read_dir(&kept).unwrap().count(), usize::from(keep));
        assert!(all(&root).len() <= 1, "{:?}", all(&root));
        assert_eq!(displaced.late_write().unwrap(), None);
        editor.write_all(b" and more").unwrap();
        assert_eq!(displaced.late_write().unwrap().as_deref(), Some(&b"old and more"[..]));
        assert_eq!(displaced.late_write().unwrap(), None);
        editor.write_all(b"!").unwrap();
        assert_eq!(displaced.finish().unwrap().as_deref(), Some(&b"old and more!"[..]));
        assert_eq!(fs::read_dir(&kept).unwrap().count(), usize::from(keep));
        assert_eq!(displaced.finish().unwrap(), None);
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 0);
    }
}

#[test]
fn on_another_file_system_late_writes_are_seen_too() {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;
    let other = tempfile::tempdir_in("/dev/shm").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (root, _) = place(&dir);
    assert_ne!(other.path().metadata().unwrap().dev(), root.metadata().unwrap().dev());
    fs::write(root.join("f"), "old").unwrap();
    let mut editor = fs::OpenOptions::new().append(true).open(root.join("f")).unwrap();
    let place = Place {
        root: &root,
        displaced: Some(other.path()),
    };
    let mut displaced = displaced(step(place, "f", Expect::Bytes(b"old"), bytes(b"new")).unwrap());
    assert_eq!((all(&root).len(), all(other.path()).len()), (1, 0));
    editor.write_all(b"!").unwrap();
    assert_eq!(displaced.late_write().unwrap().as_deref(), Some(&b"old!"[..]));
}

#[test]
fn a_step_taken_again_changes_nothing() {
    for (before, expect, new, after) in [
        (
            Some(&b"old"[..]),
            Expect::Bytes(b"old"),
            bytes(b"new"),
            Some(&b"new"[..]),
        ),
        (None, Expect::Absent, bytes(b"new"), Some(b"new")),
        (Some(b"old"), Expect::Bytes(b"old"), New::Remove, None),
        (None, Expect::Absent, New::Remove, None),
        (Some(b"new"), Expect::Bytes(b"old"), bytes(b"new"), Some(b"new")),
        (Some(b"new"), Expect::Absent, bytes(b"new"), Some(b"new")),
        (None, Expect::Bytes(b"old"), New::Remove, None),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (root, kept) = place(&dir);
        if let Some(before) = before {
            fs::create_dir(root.join("d")).unwrap();
            fs::write(root.join("d/f"), before).unwrap();
        }
        let place = Place {
            root: &root,
            displaced: Some(&kept),
        };
        let first = step(place, "d/f", expect, new).unwrap();
        if let Landed::Displaced(mut displaced) = first {
            assert_eq!(displaced.finish().unwrap(), None);
        }
        assert!(matches!(step(place, "d/f", expect, new), Ok(Landed::Already)));
        assert_eq!(fs::read(root.join("d/f")).ok().as_deref(), after);
        assert_eq!(root.join("d").exists(), after.is_some());
        assert_eq!(all(&kept), []);
    }
}

#[test]
fn what_an_earlier_process_left_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (root, kept) = place(&dir);
    let gone = |path: &str, count: u32, stage: &str| {
        let name = names::unused(path, names::Stage::Ready);
        let hash = name.strip_prefix(PREFIX).unwrap().split('-').next().unwrap();
        // Above the largest number a process can have.
        format!("{PREFIX}{hash}-4294967295.1-{count}-{stage}")
    };
    fs::write(root.join(gone("f", 0, "unfinished")), "ne").unwrap();
    fs::write(root.join(gone("f", 1, "ready")), "old").unwrap();
    fs::write(root.join(gone("f", 2, "ready")), "the user's").unwrap();
    fs::write(kept.join(gone("f", 3, "ready")), "late").unwrap();
    let others = [
        root.join(gone("g", 4, "ready")),
        root.join(names::unused("f", names::Stage::Ready)),
        root.join("f"),
    ];
    others.iter().for_each(|path| fs::write(path, "other").unwrap());
    let place = Place {
        root: &root,
        displaced: Some(&kept),
    };
    let mut left = recover(place, "f", |content| content == b"old" || content == b"new").unwrap();
    let mut late: Vec<_> = left.iter_mut().map(|left| left.late_write().unwrap()).collect();
    late.sort();
    assert_eq!(late, [None, Some(b"late".to_vec()), Some(b"the user's".to_vec())]);
    let mut beside: Vec<_> = all(&root).into_iter().map(|(path, _)| path).collect();
    beside.sort_by_key(|path| others.iter().position(|other| other == path));
    assert_eq!(beside, others);
    // Dropped without an end, all are found again.
    drop(left);
    let mut left = recover(place, "f", |_| true).unwrap();
    assert_eq!(left.len(), 3);
    left.iter_mut()
        .for_each(|left| assert_eq!(left.finish().unwrap(), None));
    assert_eq!(all(&kept), []);
}

#[test]
fn what_is_not_known_stays_where_it_was_left() {
    let (_dir, root) = workspace();
    let hash = names::unused("d/f", names::Stage::Ready);
    let hash = hash.strip_prefix(PREFIX).unwrap().split('-').next().unwrap();
    fs::create_dir(root.join("d")).unwrap();
    let left = |count: u32| root.join(format!("d/{PREFIX}{hash}-4294967295.1-{count}-ready"));
    fs::write(left(0), "known").unwrap();
    fs::write(left(1), "the user's").unwrap();
    let place = Place {
        root: &root,
        displaced: None,
    };
    for mut left in recover(place, "d/f", |content| content == b"known").unwrap() {
        left.finish().unwrap();
    }
    assert_eq!((left(0).exists(), left(1).exists()), (false, true));
    assert_eq!(recover(place, "no/such/file", |_| true).unwrap().len(), 0);
}

#[test]
fn names_that_differ_in_case_are_two_files() {
    let (_dir, root) = workspace();
    fs::write(root.join("f"), "lower").unwrap();
    replace(&root, "F", Expect::Absent, bytes(b"upper")).unwrap();
    replace(&root, "f", Expect::Bytes(b"lower"), New::Remove).unwrap();
    assert_eq!(all(&root), [(root.join("F"), Some(b"upper".to_vec()))]);
}

#[test]
fn a_large_sparse_file_lands() {
    use std::os::unix::fs::FileExt as _;
    let (_dir, root) = workspace();
    let file = fs::File::create(root.join("f")).unwrap();
    file.write_all_at(b"end", 64 << 20).unwrap();
    let old = fs::read(root.join("f")).unwrap();
    let mut new = old.clone();
    new.extend_from_slice(b" and more");
    replace(&root, "f", Expect::Bytes(&old), bytes(&new)).unwrap();
    assert!(fs::read(root.join("f")).unwrap() == new);
}

#[test]
fn owner_and_group_are_kept() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let (_dir, root) = workspace();
    fs::write(root.join("f"), "old").unwrap();
    // Who may not give files away keeps them.
    let _ = chown(root.join("f"), Some(1234), Some(1234));
    let before = root.join("f").metadata().unwrap();
    replace(&root, "f", Expect::Bytes(b"old"), bytes(b"new")).unwrap();
    let after = root.join("f").metadata().unwrap();
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
}
