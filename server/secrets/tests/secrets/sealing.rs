//! What is sealed opens with its key at its place, and with nothing else; a lost key comes back with the recovery key.

use std::fs;
use std::path::Path;

use aca_secrets::{Error, MasterKey, MasterState, Place, RecoveryKey, SessionKey};

fn session(data: &Path, name: &str) -> std::path::PathBuf {
    let dir = data.join("sessions").join(name);
    fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn contents_open_with_their_key_at_their_place() {
    let data = tempfile::tempdir().unwrap();
    assert!(matches!(MasterKey::open(data.path()).unwrap_err(), Error::NotEnabled));
    assert_eq!(MasterKey::state(data.path()).unwrap(), MasterState::None);
    let (master, _, kept) = MasterKey::create(data.path(), true).unwrap();
    assert!(matches!(
        MasterKey::create(data.path(), true).unwrap_err(),
        Error::Enabled
    ));
    assert_eq!(MasterKey::state(data.path()).unwrap(), MasterState::There(kept.place));

    let (one, two) = (session(data.path(), "one"), session(data.path(), "two"));
    let key = SessionKey::create(&one, "one", &master).unwrap();
    SessionKey::create(&two, "two", &master).unwrap();
    let plain = br#"{"event":"told","text":"words that nobody else may read"}"#;
    let sealed = key.seal(b"event 1", plain).unwrap();
    assert_ne!(
        sealed,
        key.seal(b"event 1", plain).unwrap(),
        "each has a nonce of its own"
    );
    assert!(!sealed.windows(5).any(|window| window == b"words"));

    let master = MasterKey::open(data.path()).unwrap();
    let key = SessionKey::open(&one, &master).unwrap();
    assert_eq!(key.open_sealed(b"event 1", &sealed).unwrap(), plain);
    let other = SessionKey::open(&two, &master).unwrap();
    for opened in [
        key.open_sealed(b"event 2", &sealed),
        other.open_sealed(b"event 1", &sealed),
    ] {
        assert!(matches!(opened.unwrap_err(), Error::NotOpened));
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(key.open_sealed(b"event 1", &changed).is_err(), "byte {at}");
    }
    for cut in 0..sealed.len() {
        assert!(key.open_sealed(b"event 1", &sealed[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_lost_key_comes_back_with_the_recovery_key_and_with_no_other() {
    let data = tempfile::tempdir().unwrap();
    let (master, recovery, _) = MasterKey::create(data.path(), true).unwrap();
    let shown = recovery.show().to_string();
    let dir = session(data.path(), "one");
    let sealed = SessionKey::create(&dir, "one", &master)
        .unwrap()
        .seal(b"1", b"kept")
        .unwrap();
    fs::remove_file(data.path().join("secrets/master-key")).unwrap();

    let lost = MasterKey::open(data.path()).unwrap_err().to_string();
    assert!(
        lost.contains("aca secrets recover") && lost.contains("recovery key"),
        "{lost}"
    );
    assert!(matches!(
        MasterKey::state(data.path()).unwrap(),
        MasterState::Missing(Place::File(_), _)
    ));
    let elsewhere = tempfile::tempdir().unwrap();
    let (_, other, _) = MasterKey::create(elsewhere.path(), true).unwrap();
    let wrong = MasterKey::recover(data.path(), &other, true).unwrap_err();
    assert!(matches!(wrong, Error::WrongRecoveryKey { .. }), "{wrong}");

    MasterKey::recover(data.path(), &RecoveryKey::parse(&shown).unwrap(), true).unwrap();
    let key = SessionKey::open(&dir, &MasterKey::open(data.path()).unwrap()).unwrap();
    assert_eq!(key.open_sealed(b"1", &sealed).unwrap(), b"kept");
    for file in fs::read_dir(data.path().join("secrets")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(&shown), "the recovery key is kept");
    }
}

#[test]
fn the_recovery_key_and_the_sessions_are_enough_where_the_directory_of_the_secrets_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let (master, recovery, _) = MasterKey::create(data.path(), true).unwrap();
    let dir = session(data.path(), "one");
    let sealed = SessionKey::create(&dir, "one", &master)
        .unwrap()
        .seal(b"1", b"kept")
        .unwrap();
    fs::remove_dir_all(data.path().join("secrets")).unwrap();

    let lost = MasterKey::open(data.path()).unwrap_err();
    assert!(matches!(lost, Error::Lost { .. }), "{lost}");
    // Another key beside sealed sessions would only hide that theirs is missing.
    let another = MasterKey::create(data.path(), true).unwrap_err();
    assert!(matches!(another, Error::Enabled), "{another}");
    let elsewhere = tempfile::tempdir().unwrap();
    let (_, other, _) = MasterKey::create(elsewhere.path(), true).unwrap();
    let wrong = MasterKey::recover(data.path(), &other, true).unwrap_err();
    assert!(matches!(wrong, Error::WrongRecoveryKey { .. }), "{wrong}");

    MasterKey::recover(data.path(), &recovery, true).unwrap();
    let key = SessionKey::open(&dir, &MasterKey::open(data.path()).unwrap()).unwrap();
    assert_eq!(key.open_sealed(b"1", &sealed).unwrap(), b"kept");
    assert!(data.path().join("secrets/sealing.json").is_file());
}

#[test]
fn a_key_of_another_master_key_and_a_destroyed_one_are_told_apart() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (master, ..) = MasterKey::create(here.path(), true).unwrap();
    let (other, ..) = MasterKey::create(there.path(), true).unwrap();
    let dir = session(here.path(), "one");
    SessionKey::create(&dir, "one", &master).unwrap();
    let error = SessionKey::open(&dir, &other).unwrap_err();
    assert!(
        matches!(error, Error::OtherKey { .. }) && error.to_string().contains("import"),
        "{error}"
    );
    assert!(SessionKey::exists(&dir) && SessionKey::destroy(&dir).unwrap());
    assert!(!SessionKey::exists(&dir) && !SessionKey::destroy(&dir).unwrap());
    assert!(SessionKey::open(&dir, &master).is_err());
}

#[test]
fn no_key_is_ever_shown() {
    let data = tempfile::tempdir().unwrap();
    let (master, recovery, _) = MasterKey::create(data.path(), true).unwrap();
    let key = fs::read_to_string(data.path().join("secrets/master-key")).unwrap();
    let dir = session(data.path(), "one");
    let session = SessionKey::create(&dir, "one", &master).unwrap();
    let shown = format!("{master:?} {recovery:?} {session:?}");
    assert!(
        !shown.contains(&key) && !shown.contains(&recovery.show()[..9]),
        "{shown}"
    );
    assert!(!fs::read_to_string(dir.join("session.key")).unwrap().contains(&key));
}
