//! Directories that others could enter are mended, and it is said which.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use aca_secrets::keep_private;

#[test]
fn what_others_could_enter_is_mended_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert_eq!(keep_private(&data).unwrap(), [], "what is not there is fine");
    fs::create_dir_all(data.join("sessions/s1/attempts")).unwrap();
    fs::create_dir_all(data.join("logs")).unwrap();
    for (path, mode) in [("", 0o755), ("sessions", 0o750), ("logs", 0o700)] {
        fs::set_permissions(data.join(path), Permissions::from_mode(mode)).unwrap();
    }
    let mended: Vec<_> = keep_private(&data)
        .unwrap()
        .into_iter()
        .map(|mended| (mended.path, mended.mode))
        .collect();
    assert_eq!(mended, [(data.clone(), 0o755), (data.join("sessions"), 0o750)]);
    for part in ["", "sessions", "logs"] {
        assert_eq!(fs::metadata(data.join(part)).unwrap().mode() & 0o777, 0o700, "{part}");
    }
    assert_eq!(keep_private(&data).unwrap(), []);
}
