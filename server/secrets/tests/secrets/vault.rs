//! A secret is where the vault says, for this user alone, or the error says what to do.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use aca_secrets::{Error, Place, Secret, Vault};

const KEY: &str = "sk-made-up-key";

fn secret(text: &str) -> Secret {
    Secret::parse(text).unwrap()
}

#[test]
fn what_is_put_into_a_file_is_there_for_this_user_alone() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::new(data.path());
    assert!(vault.get("api-key").unwrap().is_none());
    assert_eq!(
        (vault.place("api-key").unwrap(), vault.version("api-key")),
        (None, None)
    );
    let kept = vault.put("api-key", &secret(KEY), true).unwrap();
    let file = data.path().join("secrets/api-key");
    assert_eq!(kept.place, Place::File(file.clone()));
    assert!(kept.fallback.is_none(), "nothing else was meant");
    let (found, place) = vault.get("api-key").unwrap().unwrap();
    assert_eq!((found.expose(), place), (KEY, Place::File(file.clone())));
    for entry in fs::read_dir(data.path().join("secrets")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
    }
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().mode() & 0o777, 0o700);

    let before = vault.version("api-key");
    vault.put("api-key", &secret("another"), true).unwrap();
    assert_ne!(vault.version("api-key"), before);
    assert_eq!(vault.get("api-key").unwrap().unwrap().0.expose(), "another");

    assert!(vault.remove("api-key").unwrap());
    assert!(!vault.remove("api-key").unwrap());
    assert!(vault.get("api-key").unwrap().is_none() && !file.exists());
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::new(data.path());
    vault.put("api-key", &secret(KEY), true).unwrap();
    let file = data.path().join("secrets/api-key");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = vault.get("api-key").unwrap_err();
    assert!(matches!(&error, Error::Exposed { path } if *path == file), "{error}");
    assert!(error.to_string().contains("chmod 600") && !error.to_string().contains(KEY));
}

#[test]
fn a_secret_that_is_gone_or_damaged_is_said_to_be() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::new(data.path());
    vault.put("api-key", &secret(KEY), true).unwrap();
    fs::remove_file(data.path().join("secrets/api-key")).unwrap();
    assert!(matches!(vault.get("api-key").unwrap_err(), Error::Lost { .. }));
    fs::write(data.path().join("secrets/api-key.json"), "{").unwrap();
    assert!(matches!(vault.get("api-key").unwrap_err(), Error::Damaged { .. }));
}

#[test]
fn what_cannot_be_a_credential_is_refused_without_being_shown() {
    let long = "x".repeat(17 << 10);
    for (text, reason) in [
        ("", "empty"),
        (" \n", "empty"),
        ("two words", "more than one word"),
        ("kéy", "not ASCII"),
        ("k\"y", "quotes"),
        (long.as_str(), "too long"),
    ] {
        assert!(Secret::parse(text).unwrap_err().contains(reason), "{text}");
    }
    assert_eq!(secret(" key\n").expose(), "key");
    assert!(!format!("{:?}", secret(KEY)).contains(KEY));
}
