//! Landing on real files, refusals, and races with saves.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

const SAVES: usize = 2_000;

fn bytes(bytes: &[u8]) -> New<'_> {
    New::Bytes {
        bytes,
        executable: None,
    }
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
        (None, Expect::Bytes(b"base"), New::Remove),
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
        },
    );
    full.unwrap();
    fs::set_permissions(root.join("c"), fs::Permissions::from_mode(0o555)).unwrap();
    assert!(replace(&root, "c/f", Expect::Absent, bytes(b"x")).is_err());
    assert_eq!(fs::read_dir(root.join("c")).unwrap().count(), 1);
}

/// A user saves numbered versions while changes land on whatever is there. After each save that the landing did not
/// merge, the version must be found: in the file, or in what a later landing was computed from.
fn no_save_is_lost(save: fn(&Path, &[u8])) {
    let (_dir, root) = workspace();
    let path = root.join("f");
    fs::write(&path, "0\n").unwrap();
    let done = AtomicBool::new(false);
    let landings = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..=SAVES {
                // The user's editor adds its line to what it has; here it has only its own lines.
                save(&path, format!("{number}\n").as_bytes());
                wait_until_settled(&path, number);
                // Without a landing now and then this would be no race.
                while landings.load(Ordering::Acquire) < number / 10 {
                    std::thread::yield_now();
                }
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let Ok(live) = fs::read(&path) else { continue };
            // An in-place save is half done: a landing on an empty file would be one on no content of the user's.
            let text = String::from_utf8_lossy(&live).into_owned();
            let Some(number) = text.lines().next().filter(|line| !line.is_empty()) else {
                continue;
            };
            let landing = landings.fetch_add(1, Ordering::AcqRel);
            let new = format!("{number}\nlanded {landing}\n");
            match replace(&root, "f", Expect::Bytes(&live), bytes(new.as_bytes())) {
                Ok(()) | Err(LandError::Moved { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    let names: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["f"]);
}

/// The save is in the file, at once or as soon as a landing that is under way has put it back.
fn wait_until_settled(path: &Path, number: usize) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    let wanted = number.to_string();
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.lines().next() == Some(wanted.as_str()) {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "save {number} is lost; the file has {text:?}"
        );
        std::thread::yield_now();
    }
}

#[test]
fn no_save_in_place_is_lost() {
    no_save_is_lost(|path, content| fs::write(path, content).unwrap());
}

#[test]
fn no_save_by_renaming_is_lost() {
    no_save_is_lost(|path, content| {
        let next = path.with_extension("next");
        fs::write(&next, content).unwrap();
        fs::rename(&next, path).unwrap();
    });
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
    };
    assert!(matches!(
        replace(&root, "f", Expect::Bytes(b"1"), new),
        Err(LandError::HardLinks { .. })
    ));
    fs::remove_file(root.join("g")).unwrap();
    replace(&root, "f", Expect::Bytes(b"1"), new).unwrap();
    assert_eq!((mode(&file) & 0o111, file.metadata().unwrap().ino()), (0o111, inode));
}
