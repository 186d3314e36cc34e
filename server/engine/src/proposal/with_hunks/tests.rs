//! Hunks in snapshots, over a real object store: base, result and live files in, files and places out.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use aca_protocol::proposal::Decision;
use aca_protocol::task::Origin;
use aca_protocol::{AttemptId, SessionId, TaskId};

use super::*;
use crate::core::{AttemptEnd, Command, HunkRef, Proposed, State};
use crate::proposal::hunks_between;

/// A file by path and content; one that begins with `#!` is executable.
type Files<'a> = [(&'a str, &'a str)];

struct Fixture {
    dir: tempfile::TempDir,
    objects: Objects,
    state: State,
    live: Tree,
}

impl Fixture {
    /// A session whose one task turned `base` into `result`, while a person made `live` of it.
    fn new(base: &Files<'_>, result: &Files<'_>, live: &Files<'_>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::open(&dir.path().join("objects.git")).unwrap();
        let tree = |files: &Files<'_>| snapshot(&dir.path().join("w"), &objects, files);
        let (base, result, live) = (tree(base), tree(result), tree(live));
        let (task, attempt) = (TaskId::new("t"), AttemptId::new("aca-01234567-t-1"));
        let proposed = Proposed {
            base: base.as_str().to_owned(),
            result: result.as_str().to_owned(),
            hunks: hunks_between(&objects, &base, &result).unwrap(),
            reasons: BTreeMap::new(),
        };
        let mut fixture = Self {
            dir,
            objects,
            state: State::new(SessionId::new("0123456789abcdef"), 1),
            live,
        };
        fixture.step(Command::Create {
            task,
            title: "a task".to_owned(),
            origin: Origin::Text { text: "x".to_owned() },
        });
        fixture.step(Command::Ended {
            attempt,
            end: AttemptEnd::Finished {
                summary: String::new(),
                proposed: Some(proposed),
                verify: false,
            },
        });
        fixture
    }

    fn step(&mut self, command: Command) {
        for event in self.state.decide(command).unwrap() {
            self.state.apply(&event, 1);
        }
    }

    fn task(&self) -> &Task {
        self.state.task(&TaskId::new("t")).unwrap()
    }

    fn hunks(&self) -> Vec<HunkRef> {
        self.task().proposed.clone().unwrap().hunks
    }

    fn with(&self, chosen: &[HunkId]) -> WithHunks {
        with_hunks(&self.objects, &self.live, self.task(), chosen).unwrap()
    }

    fn with_all(&self) -> WithHunks {
        let all: Vec<HunkId> = self.hunks().into_iter().map(|hunk| hunk.id).collect();
        self.with(&all)
    }

    /// The files of a snapshot, executable ones with a `*`.
    fn files(&self, tree: &Tree) -> Vec<(String, String)> {
        let paths = self.objects.paths(tree).unwrap();
        let wanted: Vec<&str> = paths.iter().map(String::as_str).collect();
        let blobs = self.objects.files_at(tree, &wanted).unwrap();
        let shown = |(path, blob): (&String, Option<Blob>)| {
            let blob = blob.unwrap();
            let mark = if blob.executable { "*" } else { "" };
            (
                format!("{path}{mark}"),
                String::from_utf8_lossy(&blob.bytes).into_owned(),
            )
        };
        paths.iter().zip(blobs).map(shown).collect()
    }
}

fn snapshot(root: &Path, objects: &Objects, files: &Files<'_>) -> Tree {
    if root.exists() {
        std::fs::remove_dir_all(root).unwrap();
    }
    std::fs::create_dir_all(root).unwrap();
    for (path, content) in files {
        let file = root.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, content).unwrap();
        let mode = if content.starts_with("#!") { 0o755 } else { 0o644 };
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    objects.snapshot(root, &[]).unwrap()
}

/// Files as [`Fixture::files`] shows them.
fn shown(files: &Files<'_>) -> Vec<(String, String)> {
    files
        .iter()
        .map(|(path, content)| ((*path).to_owned(), (*content).to_owned()))
        .collect()
}

const BASE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
const RESULT: &str = "1\ntwo\n3\n4\n5\n6\n7\neight\nnew\n9\n";

#[test]
fn chosen_hunks_of_a_file_are_put_beside_what_the_person_changed() {
    let live = "0\n1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
    let fixture = Fixture::new(&[("a", BASE)], &[("a", RESULT)], &[("a", live)]);
    let hunks = fixture.hunks();
    let second = fixture.with(&[hunks[1].id.clone()]);
    let want = "0\n1\n2\n3\n4\nfive\n6\n7\neight\nnew\n9\n";
    assert_eq!(fixture.files(&second.tree), shown(&[("a", want)]));
    let place = Place {
        hunk: hunks[1].id.clone(),
        path: "a".to_owned(),
        lines: 8..10,
    };
    assert_eq!((second.places, second.left_out), (vec![place], vec![]));
    let all = fixture.with_all();
    let lines: Vec<_> = all.places.iter().map(|place| place.lines.clone()).collect();
    assert_eq!(lines, [2..3, 8..10]);
    assert_eq!(fixture.with(&[]).tree, fixture.live);
    assert!(fixture.dir.path().join("w/a").exists(), "the workspace is only read");
}

#[test]
fn a_hunk_in_the_way_is_left_out_and_the_others_are_in() {
    let fixture = Fixture::new(&[("a", BASE)], &[("a", RESULT)], &[("a", &BASE.replace('2', "zwei"))]);
    let hunks = fixture.hunks();
    let with = fixture.with_all();
    assert_eq!(with.left_out, [hunks[0].id.clone()]);
    let want = RESULT.replace("two", "zwei");
    assert_eq!(fixture.files(&with.tree), shown(&[("a", &want)]));
}

#[test]
fn amended_text_is_what_goes_in_and_what_landed_is_there() {
    let mut fixture = Fixture::new(
        &[("a", BASE)],
        &[("a", RESULT)],
        &[("a", &BASE.replace("8\n", "eight\nnew\n"))],
    );
    let hunks = fixture.hunks();
    let task = TaskId::new("t");
    fixture.step(Command::Decide {
        task: task.clone(),
        hunks: vec![hunks[1].id.clone()],
        decision: Decision::Accept,
    });
    fixture.step(Command::Amend {
        task,
        hunk: hunks[0].id.clone(),
        text: Some("deux\n".to_owned()),
    });
    let with = fixture.with(&[hunks[0].id.clone()]);
    let want = RESULT.replace("two", "deux");
    assert_eq!(fixture.files(&with.tree), shown(&[("a", &want)]));
}

#[test]
fn whole_files_come_go_move_and_become_executable() {
    let long = "a line of the file that moves\n".repeat(10);
    let moved = format!("{long}and one more\n");
    let base = [
        ("gone", "x\n"),
        ("old", &long),
        ("run.sh", "#!/bin/sh\n"),
        ("bin", "\0a"),
    ];
    let result = [
        ("made/new", "y\n"),
        ("now", &moved),
        ("run.sh", "#!/bin/sh\necho\n"),
        ("bin", "\0b"),
    ];
    let fixture = Fixture::new(&base, &result, &base);
    let with = fixture.with_all();
    assert_eq!(with.left_out, []);
    let want = [
        ("bin", "\0b"),
        ("made/new", "y\n"),
        ("now", moved.as_str()),
        ("run.sh*", "#!/bin/sh\necho\n"),
    ];
    assert_eq!(fixture.files(&with.tree), shown(&want));
    let mut places: Vec<&str> = with.places.iter().map(|place| place.path.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["bin", "made/new", "now", "run.sh"]);
}

#[test]
fn whole_files_that_someone_changed_stay_as_they_are() {
    let base = [("gone", "x\n"), ("bin", "\0a")];
    let result = [("made", "y\n"), ("bin", "\0b")];
    let live = [("gone", "mine\n"), ("bin", "\0c"), ("made", "mine too\n")];
    let fixture = Fixture::new(&base, &result, &live);
    let with = fixture.with_all();
    assert_eq!(with.left_out.len(), 3);
    assert_eq!((with.tree, with.places), (fixture.live.clone(), vec![]));
}

#[test]
fn in_the_whole_result_hunks_are_where_the_agent_put_them() {
    let fixture = Fixture::new(&[("a", BASE)], &[("a", RESULT), ("b", "new\n")], &[("a", "other\n")]);
    let places = places_in_result(&fixture.objects, fixture.task()).unwrap();
    let lines: Vec<_> = places.into_iter().map(|place| (place.path, place.lines)).collect();
    let want = [("a", 1..2), ("a", 7..9), ("b", 0..usize::MAX)];
    assert_eq!(lines, want.map(|(path, lines)| (path.to_owned(), lines)));
}
