//! What leaves one store arrives in another, and nothing that is not whole does.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aca_workspace::objects::{Objects, Tree};

const ENOUGH: u64 = 1 << 24;

/// Two stores, and a workspace beside them.
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

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, path: &str, content: &[u8]) {
        fs::write(self.at("w").join(path), content).unwrap();
    }

    fn snapshot(&self) -> Tree {
        self.objects.snapshot(&self.at("w"), &[]).unwrap()
    }

    fn pack(&self, roots: &[&str]) -> PathBuf {
        let path = self.at("objects.pack");
        let roots: Vec<String> = roots.iter().map(|root| (*root).to_owned()).collect();
        self.objects.pack(&roots, File::create(&path).unwrap()).unwrap();
        path
    }

    fn other(&self) -> Objects {
        Objects::open(&self.at("other.git")).unwrap()
    }
}

/// Writes an object into a store whatever it is, and returns its name.
fn hash_object(store: &Path, kind: &str, content: &[u8]) -> String {
    let mut command = Command::new("git");
    command.args(["hash-object", "-w", "--literally", "-t", kind, "--stdin"]);
    command
        .env("GIT_DIR", store)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn objects_go_from_store_to_store() {
    let fixture = Fixture::new();
    fixture.write("a.txt", b"one\ntwo\n");
    fixture.write("b.bin", &[0, 1, 2, 255]);
    let base = fixture.snapshot();
    fixture.write("a.txt", b"one\n2\n");
    fixture.write("b.bin", &[0, 1, 3, 255]);
    let result = fixture.snapshot();
    let alone = fixture.objects.write(&[b"not in a tree"]).unwrap().remove(0);
    let none = "0".repeat(40);
    let names = [base.as_str(), none.as_str(), "HEAD", result.as_str(), alone.as_str()].map(str::to_owned);
    let known = fixture.objects.known(&names).unwrap();
    assert_eq!(known, [base.as_str(), result.as_str(), alone.as_str()]);

    let pack = fixture.pack(&[base.as_str(), result.as_str(), &alone]);
    let other = fixture.other();
    other.unpack(File::open(&pack).unwrap(), ENOUGH).unwrap();
    assert_eq!(
        other.diff(&base, &result).unwrap(),
        fixture.objects.diff(&base, &result).unwrap()
    );
    assert_eq!(other.read(&[&alone]).unwrap(), [b"not in a tree"]);

    // A patch says the same, for people and for git.
    let patch = other.patch(&base, &result).unwrap();
    let text = String::from_utf8_lossy(&patch);
    assert!(
        text.contains("-two\n+2\n") && text.contains("GIT binary patch"),
        "{text}"
    );
    let copy = fixture.at("copy");
    other.materialize(&base, &copy, None).unwrap();
    fs::write(fixture.at("patch"), &patch).unwrap();
    let mut apply = Command::new("git");
    apply
        .args(["apply", "../patch"])
        .current_dir(&copy)
        .env("GIT_CEILING_DIRECTORIES", fixture.dir.path());
    assert!(apply.status().unwrap().success());
    assert_eq!(fs::read(copy.join("a.txt")).unwrap(), b"one\n2\n");
    assert_eq!(fs::read(copy.join("b.bin")).unwrap(), [0, 1, 3, 255]);
}

#[test]
fn a_store_is_looked_at_beside_its_user() {
    let fixture = Fixture::new();
    fixture.write("a.txt", b"one\n");
    let base = fixture.snapshot();
    let lock = fixture.at("objects.git/workspace.index.lock");
    fs::write(&lock, b"").unwrap();
    let beside = Objects::look(&fixture.at("objects.git"));
    assert_eq!(beside.known(&[base.as_str().to_owned()]).unwrap(), [base.as_str()]);
    assert!(lock.exists(), "somebody else's file was cleared");
}

#[test]
fn what_is_not_whole_is_not_taken() {
    let fixture = Fixture::new();
    fixture.write("a.txt", b"one\n");
    let base = fixture.snapshot();
    let good = fs::read(fixture.pack(&[base.as_str()])).unwrap();
    let store = fixture.at("objects.git");
    let blob = hash_object(&store, "blob", b"x");
    let entry = |mode: &str, name: &str| {
        let mut tree = format!("{mode} {name}\0").into_bytes();
        let bytes = (0..40)
            .step_by(2)
            .map(|at| u8::from_str_radix(blob.get(at..at + 2).unwrap(), 16).unwrap());
        tree.extend(bytes);
        hash_object(&store, "tree", &tree)
    };
    let pack = |tree: &str| fs::read(fixture.pack(&[tree])).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cases = [
        ("nothing", Vec::new()),
        ("text", b"PACK or not".to_vec()),
        ("a flipped bit", flipped),
        ("a part", good.get(..good.len() / 2).unwrap().to_vec()),
        ("a way out", pack(&entry("100644", ".."))),
        ("a repository", pack(&entry("100644", ".git"))),
        ("a path as a name", pack(&entry("100644", "a/b"))),
    ];
    for (what, bytes) in cases {
        let path = fixture.at("taken.pack");
        fs::write(&path, bytes).unwrap();
        assert!(
            fixture.other().unpack(File::open(&path).unwrap(), ENOUGH).is_err(),
            "{what}"
        );
    }
    let path = fixture.at("taken.pack");
    fs::write(&path, &good).unwrap();
    let other = fixture.other();
    assert!(other.unpack(File::open(&path).unwrap(), 10).is_err(), "too large");
    other.unpack(File::open(&path).unwrap(), ENOUGH).unwrap();
    assert_eq!(other.known(&[base.as_str().to_owned(), blob]).unwrap(), [base.as_str()]);
}
