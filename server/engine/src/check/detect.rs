//! Guesses a project's check from the build files in its root. Pure: file names and contents in, a command out.

use std::collections::BTreeMap;

/// The build files that are looked at, by name, with their texts.
pub(super) type Files = BTreeMap<&'static str, String>;

/// A guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guess {
    /// The command for a shell in the root.
    pub(super) command: String,
    /// The file that it was guessed from.
    pub(super) from: &'static str,
}

/// A build system. Of its rules with the same step the first that fits counts; steps are run one after another.
type System = &'static [Rule];

/// What is run where a build file says something.
struct Rule {
    step: u8,
    file: &'static str,
    says: Says,
    command: &'static str,
}

/// What a build file must say.
#[derive(Clone, Copy)]
enum Says {
    /// Whatever it says.
    Anything,
    /// It has this text.
    Text(&'static str),
    /// It has a target or recipe of this name.
    Target(&'static str),
    /// It has a script of this name, which is not the one that `npm init` makes.
    Script(&'static str),
}

const fn rule(step: u8, file: &'static str, says: Says, command: &'static str) -> Rule {
    Rule {
        step,
        file,
        says,
        command,
    }
}

use Says::{Anything, Script, Target, Text};

/// All systems, in the order in which they are asked: what a project says itself comes before what is usual.
const SYSTEMS: &[System] = &[
    &[
        rule(0, "justfile", Target("check"), "just check"),
        rule(0, "justfile", Target("test"), "just test"),
        rule(0, "Justfile", Target("check"), "just check"),
        rule(0, "Justfile", Target("test"), "just test"),
        rule(0, ".justfile", Target("check"), "just check"),
        rule(0, ".justfile", Target("test"), "just test"),
    ],
    &[
        rule(0, "GNUmakefile", Target("check"), "make check"),
        rule(0, "GNUmakefile", Target("test"), "make test"),
        rule(0, "makefile", Target("check"), "make check"),
        rule(0, "makefile", Target("test"), "make test"),
        rule(0, "Makefile", Target("check"), "make check"),
        rule(0, "Makefile", Target("test"), "make test"),
    ],
    &[rule(0, "Cargo.toml", Anything, "cargo test")],
    &[rule(0, "go.mod", Anything, "go test ./...")],
    &[
        rule(0, "package.json", Script("check"), "{manager} run check"),
        rule(0, "package.json", Script("test"), "{manager} run test"),
    ],
    &[rule(0, "tox.ini", Anything, "tox")],
    &[
        rule(0, "ruff.toml", Anything, "ruff check ."),
        rule(0, ".ruff.toml", Anything, "ruff check ."),
        rule(0, "pyproject.toml", Text("[tool.ruff"), "ruff check ."),
        rule(1, "mypy.ini", Anything, "mypy ."),
        rule(1, "pyproject.toml", Text("[tool.mypy"), "mypy ."),
        rule(1, "setup.cfg", Text("[mypy"), "mypy ."),
        rule(2, "pytest.ini", Anything, "python3 -m pytest"),
        rule(2, "conftest.py", Anything, "python3 -m pytest"),
        rule(2, "pyproject.toml", Text("[tool.pytest"), "python3 -m pytest"),
        rule(2, "setup.cfg", Text("[tool:pytest]"), "python3 -m pytest"),
    ],
    &[
        rule(0, "gradlew", Anything, "./gradlew check"),
        rule(0, "build.gradle", Anything, "gradle check"),
        rule(0, "build.gradle.kts", Anything, "gradle check"),
    ],
    &[
        rule(0, "mvnw", Anything, "./mvnw test"),
        rule(0, "pom.xml", Anything, "mvn test"),
    ],
    &[rule(
        0,
        "meson.build",
        Anything,
        "meson setup build-check && meson test -C build-check --print-errorlogs",
    )],
    &[rule(
        0,
        "CMakeLists.txt",
        Anything,
        "cmake -S . -B build-check && cmake --build build-check && ctest --test-dir build-check --output-on-failure",
    )],
];

/// Files that say which program runs the scripts of a `package.json`; npm does where there is none.
const MANAGERS: &[(&str, &str)] = &[
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
];

/// Returns the names of all files that [`detect`] looks at.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let rules = SYSTEMS.iter().copied().flatten();
    rules
        .map(|rule| rule.file)
        .chain(MANAGERS.iter().map(|(file, _)| *file))
}

/// Returns the check of a project with these build files; nothing if none is known.
pub(super) fn detect(files: &Files) -> Option<Guess> {
    SYSTEMS.iter().find_map(|system| {
        let mut fitting: Vec<&Rule> = system.iter().filter(|rule| fits(rule, files)).collect();
        fitting.dedup_by_key(|rule| rule.step);
        let commands: Vec<&str> = fitting.iter().map(|rule| rule.command).collect();
        Some(Guess {
            command: commands.join(" && ").replace("{manager}", manager(files)),
            from: fitting.first()?.file,
        })
    })
}

fn fits(rule: &Rule, files: &Files) -> bool {
    let Some(text) = files.get(rule.file) else { return false };
    match rule.says {
        Anything => true,
        Text(wanted) => text.contains(wanted),
        Target(name) => text.lines().any(|line| is_target(line, name)),
        Script(name) => has_script(text, name),
    }
}

/// Says whether a line begins a target of a makefile or a recipe of a justfile: `name: …` or `name arguments: …`.
fn is_target(line: &str, name: &str) -> bool {
    let Some(rest) = line.trim_start_matches('@').strip_prefix(name) else {
        return false;
    };
    let Some((arguments, after)) = rest.split_once(':') else {
        return false;
    };
    let separate = arguments.is_empty() || arguments.starts_with([' ', '\t']);
    let is_assignment = after.starts_with('=') || arguments.contains('=') && !arguments.contains(['"', '\'']);
    separate && !is_assignment
}

fn has_script(package: &str, name: &str) -> bool {
    let package: serde_json::Value = serde_json::from_str(package).unwrap_or_default();
    let script = package.pointer(&format!("/scripts/{name}"));
    script
        .and_then(serde_json::Value::as_str)
        .is_some_and(|script| !script.contains("no test specified"))
}

fn manager(files: &Files) -> &'static str {
    let found = MANAGERS.iter().find(|(file, _)| files.contains_key(file));
    found.map_or("npm", |(_, manager)| manager)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Build files with their texts, and the command with the file that it is guessed from.
    type Case = (
        &'static [(&'static str, &'static str)],
        Option<(&'static str, &'static str)>,
    );

    fn guess(files: &[(&'static str, &str)]) -> Option<(String, &'static str)> {
        let files = files.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        detect(&files).map(|guess| (guess.command, guess.from))
    }

    #[test]
    fn each_build_system_has_its_check() {
        const NO_TEST: &str = r#"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#;
        const BOTH: &str = r#"{"scripts": {"test": "vitest", "check": "tsc"}}"#;
        const ONLY_TEST: &str = r#"{"scripts": {"test": "vitest"}}"#;
        let cases: &[Case] = &[
            (&[], None),
            (&[("Cargo.toml", "[package]")], Some(("cargo test", "Cargo.toml"))),
            (&[("go.mod", "module m")], Some(("go test ./...", "go.mod"))),
            (&[("package.json", BOTH)], Some(("npm run check", "package.json"))),
            (
                &[("package.json", ONLY_TEST), ("pnpm-lock.yaml", "")],
                Some(("pnpm run test", "package.json")),
            ),
            (
                &[("package.json", ONLY_TEST), ("yarn.lock", "")],
                Some(("yarn run test", "package.json")),
            ),
            (&[("package.json", NO_TEST)], None),
            (&[("package.json", "not JSON")], None),
            (&[("tox.ini", ""), ("pytest.ini", "")], Some(("tox", "tox.ini"))),
            (
                &[("pyproject.toml", "[tool.ruff]\n[tool.pytest.ini_options]")],
                Some(("ruff check . && python3 -m pytest", "pyproject.toml")),
            ),
            (
                &[("mypy.ini", ""), ("ruff.toml", ""), ("conftest.py", "")],
                Some(("ruff check . && mypy . && python3 -m pytest", "ruff.toml")),
            ),
            (&[("pyproject.toml", "[project]")], None),
            (
                &[("build.gradle.kts", ""), ("gradlew", "")],
                Some(("./gradlew check", "gradlew")),
            ),
            (&[("pom.xml", "")], Some(("mvn test", "pom.xml"))),
            (
                &[("meson.build", "")],
                Some((
                    "meson setup build-check && meson test -C build-check --print-errorlogs",
                    "meson.build",
                )),
            ),
            (
                &[("CMakeLists.txt", "")],
                Some((
                    "cmake -S . -B build-check && cmake --build build-check && \
                     ctest --test-dir build-check --output-on-failure",
                    "CMakeLists.txt",
                )),
            ),
        ];
        for (files, want) in cases {
            let got = guess(files);
            let got = got.as_ref().map(|(command, from)| (command.as_str(), *from));
            assert_eq!(got, *want, "{files:?}");
        }
    }

    #[test]
    fn what_a_project_says_itself_comes_first() {
        let cargo = ("Cargo.toml", "[package]");
        let cases = [
            ("Makefile", "all:\n\ncheck: all\n\tcargo test\n", "make check"),
            ("Makefile", "test:\n\tcargo test\n", "make test"),
            ("Makefile", "test := 1\ncheck = 2\nchecks:\n", "cargo test"),
            ("Makefile", "\techo check: no\n", "cargo test"),
            (
                "justfile",
                "@test filter='': build\n    cargo test {{filter}}\n",
                "just test",
            ),
            ("justfile", "check := 'x'\n", "cargo test"),
        ];
        for (file, text, want) in cases {
            assert_eq!(guess(&[cargo, (file, text)]).unwrap().0, want, "{file}: {text}");
        }
    }
}
