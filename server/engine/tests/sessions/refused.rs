//! An export that is not whole, or not what it says, is refused and changes nothing.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::carried::{export, import, rich};
use crate::fixture::{Made, World};

/// Does something to an export and says what.
type Harm = (&'static str, fn(&Path));

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    std::fs::write(path, change(text)).unwrap();
}

/// Changes a file and makes the manifest agree with it, as somebody who means it would.
fn forge(dir: &Path, path: &str, change: impl FnOnce(String) -> String) {
    edit(&dir.join(path), change);
    list(dir, path);
}

/// Lists a file in the manifest as it is.
fn list(dir: &Path, path: &str) {
    let bytes = std::fs::read(dir.join(path)).unwrap();
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    manifest(dir, |files| {
        files.retain(|file| file["path"] != path);
        files.push(json!({ "path": path, "bytes": bytes.len(), "sha256": hash }));
    });
}

fn manifest(dir: &Path, change: impl FnOnce(&mut Vec<Value>)) {
    edit(&dir.join("meta/manifest.json"), |text| {
        let mut manifest: Value = serde_json::from_str(&text).unwrap();
        change(manifest["files"].as_array_mut().unwrap());
        manifest.to_string()
    });
}

/// Changes the first event of a kind, so that the manifest agrees.
fn event(dir: &Path, kind: &str, change: impl FnOnce(&mut Value)) {
    forge(dir, "events.jsonl", |text| {
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        change(lines.iter_mut().find(|line| line["kind"] == kind).unwrap());
        lines.iter().map(|line| format!("{line}\n")).collect()
    });
}

const HARMS: &[Harm] = &[
    ("no manifest", |dir| {
        std::fs::remove_file(dir.join("meta/manifest.json")).unwrap()
    }),
    ("a newer format", |dir| {
        edit(&dir.join("meta/manifest.json"), |text| {
            text.replacen("\"format\": 1", "\"format\": 2", 1)
        })
    }),
    ("a file changed", |dir| {
        edit(&dir.join("events.jsonl"), |text| text.replace("to review", "to revoke"))
    }),
    ("a file longer", |dir| {
        edit(&dir.join("events.jsonl"), |text| text + "{}\n")
    }),
    ("a patch changed", |dir| {
        edit(&dir.join("file_changes/t1/aca-t1-1.patch"), |text| text + " ")
    }),
    ("a file more", |dir| {
        std::fs::write(dir.join("claude/more"), "more").unwrap()
    }),
    ("a file missing", |dir| {
        std::fs::remove_file(dir.join("execution_logs/aca.log")).unwrap()
    }),
    ("a file as a link", |dir| {
        let (file, aside) = (dir.join("events.jsonl"), dir.with_extension("aside"));
        std::fs::rename(&file, &aside).unwrap();
        symlink(aside, file).unwrap();
    }),
    ("a directory as a link", |dir| {
        let (logs, aside) = (dir.join("execution_logs"), dir.with_extension("aside"));
        std::fs::rename(&logs, &aside).unwrap();
        symlink(aside, logs).unwrap();
    }),
    ("a link more", |dir| {
        symlink("/etc/passwd", dir.join("claude/passwd")).unwrap()
    }),
    ("a path out of it", |dir| {
        manifest(dir, |files| {
            files.push(json!({ "path": "../outside", "bytes": 0, "sha256": "" }))
        })
    }),
    ("an absolute path", |dir| {
        manifest(dir, |files| {
            files.push(json!({ "path": "/etc/passwd", "bytes": 0, "sha256": "" }))
        })
    }),
    ("a file twice", |dir| {
        manifest(dir, |files| files.push(files[0].clone()))
    }),
    ("too many files", |dir| {
        manifest(dir, |files| {
            files.extend((0..100_001).map(|n| json!({ "path": format!("claude/{n}"), "bytes": 0, "sha256": "" })))
        })
    }),
    ("sizes beyond counting", |dir| {
        manifest(dir, |files| files[0]["bytes"] = json!(u64::MAX))
    }),
    ("an id that is a path", |dir| {
        forge(dir, "meta/session.json", |text| {
            text.replacen("\"id\": \"aaaa\"", "\"id\": \"../aaaa\"", 1)
        })
    }),
    ("fewer events than it says", |dir| {
        forge(dir, "events.jsonl", |text| {
            let last = text.trim_end().rfind('\n').unwrap();
            text[..=last].to_owned()
        })
    }),
    ("events out of order", |dir| {
        forge(dir, "events.jsonl", |text| {
            text.lines().rev().map(|line| format!("{line}\n")).collect()
        })
    }),
    ("an event that is none", |dir| {
        forge(dir, "events.jsonl", |text| format!("[]\n{text}"))
    }),
    ("an attempt with a path for a name", |dir| {
        event(dir, "attempt_planned", |line| {
            line["attempt"] = json!("../../x");
            line["body"]["attempt"] = json!("../../x");
        })
    }),
    ("a task with a path for a name", |dir| {
        event(dir, "task_created", |line| {
            line["task"] = json!("a/b");
            line["body"]["task"] = json!("a/b");
        })
    }),
    ("an event about another attempt", |dir| {
        event(dir, "attempt_planned", |line| line["attempt"] = json!("other"))
    }),
    ("a hunk outside the workspace", |dir| {
        event(dir, "attempt_ended", |line| {
            line["body"]["end"]["proposed"]["hunks"][0]["path"] = json!("../a.txt")
        })
    }),
    ("a hunk of a repository's own file", |dir| {
        event(dir, "attempt_ended", |line| {
            line["body"]["end"]["proposed"]["hunks"][0]["path"] = json!(".git/config")
        })
    }),
    ("an object that is not in it", |dir| {
        event(dir, "attempt_ended", |line| {
            line["body"]["end"]["proposed"]["result"] = json!("0".repeat(40))
        })
    }),
    ("an object that is none", |dir| {
        event(dir, "snapshot_taken", |line| {
            line["body"]["base"] = json!("--upload-pack=touch")
        })
    }),
    ("a pack that is none", |dir| {
        std::fs::write(dir.join("file_changes/objects.pack"), "PACK").unwrap();
        list(dir, "file_changes/objects.pack");
    }),
    ("no pack", |dir| {
        std::fs::remove_file(dir.join("file_changes/objects.pack")).unwrap();
        manifest(dir, |files| {
            files.retain(|file| file["path"] != "file_changes/objects.pack")
        });
    }),
];

#[tokio::test]
async fn a_harmed_export_is_refused_and_changes_nothing() {
    let here = World::new();
    rich(&here, &here.workspace("w", "one\ntwo\n"));
    let good = export(&here, "aaaa", "good").await;
    let there = World::new();
    let root = there.workspace("w", "one\ntwo\n");
    Made::new(&there, "bbbb", &root, 1_000).task("t9", "here already");
    let before = there.everything();
    for (what, harm) in HARMS {
        let dir = here.at("harmed");
        let copied = std::process::Command::new("cp").arg("-r").args([&good, &dir]).status();
        assert!(copied.unwrap().success());
        harm(&dir);
        let refused = import(&there, &dir, &root).await;
        let Err(aca_engine::Error::Invalid(reason)) = &refused else {
            panic!("{what}: {refused:?}");
        };
        assert!(reason.contains("nothing was changed"), "{what}: {reason}");
        assert_eq!(there.everything(), before, "{what}");
        std::fs::remove_dir_all(&dir).unwrap();
        let _ = std::fs::remove_dir_all(dir.with_extension("aside"));
        let _ = std::fs::remove_file(dir.with_extension("aside"));
    }
    assert!(import(&there, &here.at("none"), &root).await.is_err());
    assert!(import(&there, &good, &there.at("none")).await.is_err());
    assert_eq!(there.everything(), before);
    import(&there, &good, &root).await.unwrap();
}

#[tokio::test]
async fn a_task_that_is_here_already_is_not_taken_twice() {
    let here = World::new();
    rich(&here, &here.workspace("w", "one\ntwo\n"));
    let good = export(&here, "aaaa", "good").await;
    let there = World::new();
    let root = there.workspace("w", "one\ntwo\n");
    Made::new(&there, "bbbb", &root, 1_000).task("t4", "here already");
    let refused = import(&there, &good, &root).await.unwrap_err();
    assert!(
        refused.to_string().contains("t4 is one of the session bbbb"),
        "{refused}"
    );
}
