//! Secrets at rest: where `aca login` puts a key, sealed sessions, their recovery, and permissions.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aca_tests::model::Script;
use aca_tests::scenario::{SHOP, two_hunks};
use aca_tests::{Finished, Running, Settings, TestEnv, Workspace, wait};
use serde_json::Value;

const KEY: &str = "sk-ant-made-up-4b1f9c7e2d8a6053";
const PHRASE: &str = "words that nobody else may read";

/// A world where no variable holds a key.
fn without_key(more: &str) -> TestEnv {
    TestEnv::with(Settings {
        api_key: String::new(),
        more: more.to_owned(),
        ..Settings::default()
    })
}

fn with_stdin(mut command: Command, text: &str) -> Finished {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Finished::from(child.wait_with_output().unwrap())
}

fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Returns the files below a folder that hold a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holding(&entry.path(), text));
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

fn stop_daemon(env: &TestEnv, workspace: &Workspace) {
    let stopped = env.run(workspace, &["daemon", "stop"]);
    assert!(matches!(stopped.code, Some(0 | 4)), "{stopped:?}");
}

#[test]
fn a_key_is_stored_in_a_file_where_no_keyring_answers_and_is_used_and_removed() {
    let env = without_key("");
    let workspace = env.workspace(SHOP);
    env.script(&Script::new().text("Nothing to do."));
    let refused = with_stdin(env.aca(&workspace, &["login", "--stdin"]), "two words\n");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused.err.contains("Nothing was stored") && !refused.err.contains("two words"),
        "{refused:?}"
    );

    let stored = with_stdin(env.aca(&workspace, &["login", "--stdin", "--json"]), KEY);
    assert_eq!(stored.code, Some(0), "{stored:?}");
    let answer = json(&stored);
    assert_eq!(answer["place"], "file");
    assert!(answer["fallback"].as_str().unwrap().contains("keyring"), "{answer}");
    assert!(
        stored.err.contains("only your user can read"),
        "the fallback is announced: {stored:?}"
    );
    let file = env.data_dir().join("secrets/api-key");
    assert_eq!(answer["path"], file.display().to_string());
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let doctor = env.run(&workspace, &["doctor"]);
    assert!(
        doctor.out.contains("not encrypted"),
        "doctor keeps saying it: {doctor:?}"
    );

    let ran = env.run(&workspace, &["run", "say something"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(env.model().requests()[0].header("x-api-key"), Some(KEY));
    stop_daemon(&env, &workspace);
    assert_eq!(holding(&env.data_dir(), KEY), [file.display().to_string()]);

    let removed = env.run(&workspace, &["logout"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
    assert_eq!(env.run(&workspace, &["logout"]).code, Some(4));
    assert_eq!(holding(&env.data_dir(), KEY), [""; 0]);
    let failed = env.run(&workspace, &["run", "say something"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.err.contains("aca login") || failed.out.contains("aca login"),
        "{failed:?}"
    );
}

/// A session bus that starts nothing by itself: whoever asks for the keyring before it is there would be given a second one
/// by the usual bus, and two keyrings write the same file.
fn bus_settings(folder: &Path) -> String {
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
         <busconfig><type>session</type><listen>unix:path={}</listen><policy context=\"default\">\
         <allow send_destination=\"*\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>\n",
        folder.join("bus").display()
    )
}

/// A session bus of the test's own with an unlocked keyring on it.
struct Keyring {
    address: String,
    _keyring: Running,
    _bus: Running,
}

impl Keyring {
    fn start(env: &TestEnv) -> Self {
        let part = "is missing; run `cargo xtask parts`";
        let settings = env.folder().join("bus.conf");
        std::fs::write(&settings, bus_settings(env.folder())).unwrap();
        let mut bus = env.command("dbus-daemon");
        bus.args(["--nofork", "--print-address", "--config-file"])
            .arg(settings)
            .stdout(Stdio::piped());
        let mut bus = Running::new(
            bus.spawn()
                .unwrap_or_else(|_| panic!("The part \"dbus-daemon\" {part}.")),
        );
        let mut address = String::new();
        let out = bus.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        let mut keyring = env.command("gnome-keyring-daemon");
        keyring
            .args(["--foreground", "--components=secrets", "--unlock"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let keyring = keyring.spawn();
        let mut keyring = Running::new(keyring.unwrap_or_else(|_| panic!("The part \"gnome-keyring\" {part}.")));
        keyring.stdin.take().unwrap().write_all(b"made-up").unwrap();
        Self {
            address,
            _keyring: keyring,
            _bus: bus,
        }
    }

    fn aca(&self, env: &TestEnv, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = env.aca(workspace, arguments);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    fn run(&self, env: &TestEnv, workspace: &Workspace, arguments: &[&str]) -> Finished {
        Finished::from(self.aca(env, workspace, arguments).output().unwrap())
    }
}

#[test]
fn a_keyring_keeps_the_key_and_no_file_does() {
    let env = without_key("");
    let workspace = env.workspace(SHOP);
    env.script(&Script::new().text("Nothing to do."));
    let keyring = Keyring::start(&env);
    wait::until_true("the keyring", wait::SHORT, || {
        let status = keyring.run(&env, &workspace, &["secrets", "status", "--json"]);
        json(&status)["keyring"]["answers"] == true
    });
    let stored = with_stdin(keyring.aca(&env, &workspace, &["login", "--stdin", "--json"]), KEY);
    assert_eq!(json(&stored)["place"], "keyring", "{stored:?}");
    let again = with_stdin(keyring.aca(&env, &workspace, &["login", "--stdin", "--json"]), KEY);
    assert_eq!(json(&again)["place"], "keyring", "{again:?}");

    let ran = keyring.run(&env, &workspace, &["run", "say something"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(env.model().requests()[0].header("x-api-key"), Some(KEY));
    stop_daemon(&env, &workspace);
    assert_eq!(holding(env.folder(), KEY), [""; 0]);

    let removed = keyring.run(&env, &workspace, &["logout", "--json"]);
    assert_eq!(json(&removed)["removed"], true);
    let status = keyring.run(&env, &workspace, &["secrets", "status", "--json"]);
    assert_eq!(json(&status)["apiKey"], Value::Null);
}

#[test]
fn a_sealed_session_says_nothing_without_its_key_and_comes_back_with_the_recovery_key() {
    let env = TestEnv::with(Settings {
        more: "[secrets]\nseal_sessions = true\n".to_owned(),
        ..Settings::default()
    });
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let without = env.run(&workspace, &["run", PHRASE]);
    assert_ne!(without.code, Some(0), "{without:?}");
    assert!(without.err.contains("aca secrets enable"), "{without:?}");

    let enabled = env.run(&workspace, &["secrets", "enable", "--json"]);
    assert_eq!(enabled.code, Some(0), "{enabled:?}");
    let recovery = json(&enabled)["recoveryKey"].as_str().unwrap().to_owned();
    let ran = env.run(&workspace, &["run", PHRASE]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let exchanges = json(&env.run(&workspace, &["exchanges", "--json"]));
    assert!(!exchanges["exchanges"].as_array().unwrap().is_empty());
    let tasks = json(&env.run(&workspace, &["status", "--json"]))["tasks"].clone();
    let task = tasks[0]["id"].as_str().unwrap();
    let record = json(&env.run(&workspace, &["exchanges", task, "1", "--json"]));
    assert!(record["request"].to_string().contains(PHRASE), "the key opens them");
    stop_daemon(&env, &workspace);

    let session = env.data_dir().join("sessions").join(&env.sessions()[0]);
    for file in holding(&session, PHRASE) {
        let inside = Path::new(&file).strip_prefix(&session).unwrap();
        let mut parts = inside.components().map(|part| part.as_os_str().to_string_lossy());
        let (top, below) = (parts.next().unwrap(), parts.nth(1).unwrap_or_default());
        // What the agent itself was given and wrote is in its directory, as the README says.
        assert!(top == "attempts" && below != "exchanges", "{file} is not sealed");
    }
    assert!(session.join("session.key").exists());

    std::fs::remove_file(env.data_dir().join("secrets/master-key")).unwrap();
    let lost = env.run(&workspace, &["status"]);
    assert_ne!(lost.code, Some(0), "{lost:?}");
    assert!(lost.err.contains("aca secrets recover"), "{lost:?}");
    let wrong = with_stdin(env.aca(&workspace, &["secrets", "recover"]), &recovery[5..]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    let back = with_stdin(env.aca(&workspace, &["secrets", "recover", "--json"]), &recovery);
    assert_eq!(json(&back)["place"], "file", "{back:?}");
    let status = env.run(&workspace, &["status"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.out.contains(PHRASE), "{status:?}");
}

#[test]
fn others_can_read_nothing_of_the_data_directory() {
    let env = TestEnv::new();
    let workspace = env.workspace(SHOP);
    env.script(&two_hunks(&workspace));
    let ran = env.run(&workspace, &["run", "reject empty names"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    stop_daemon(&env, &workspace);
    let session = env.data_dir().join("sessions").join(&env.sessions()[0]);
    let mut looked_at = 0;
    for path in [
        env.data_dir(),
        env.data_dir().join("sessions"),
        env.data_dir().join("logs"),
        session.clone(),
    ] {
        assert_eq!(
            std::fs::metadata(&path).unwrap().mode() & 0o077,
            0,
            "{}",
            path.display()
        );
    }
    for entry in std::fs::read_dir(&session)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
    {
        let mode = entry.metadata().unwrap().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", entry.path().display());
        looked_at += 1;
    }
    for attempt in std::fs::read_dir(session.join("attempts")).unwrap().flatten() {
        for record in std::fs::read_dir(attempt.path().join("exchanges")).unwrap().flatten() {
            let mode = record.metadata().unwrap().mode();
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", record.path().display());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 3, "only {looked_at} files were looked at");

    // Someone has opened it: it is closed again, and that is said.
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(env.data_dir(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = env.run(&workspace, &["status"]);
    assert!(said.err.contains("could be read by others"), "{said:?}");
    assert_eq!(std::fs::metadata(env.data_dir()).unwrap().mode() & 0o777, 0o700);
}
