//! Fills a disk: what finds no room is refused and harms nothing, and the ballast is room to go on.

use std::path::Path;

use aca_protocol::SessionId;
use aca_store::{Ballast, Error, Store, free_bytes};

use crate::content::{self, Acknowledged, write_old_session};
use crate::disk::Disk;

pub(crate) fn the_ballast_is_enough_to_go_on() {
    let disk = Disk::new(64);
    let dir = disk.path().join("sessions/s");
    let mut store = Store::create(&dir, Path::new("/w"), &SessionId::new("s"), None).unwrap();
    let ballast = Ballast::of(&disk.path());
    ballast.restore().unwrap();
    let mut seq = 0;
    for _ in 0..20 {
        seq = content::append(&mut store, seq).unwrap();
    }
    disk.fill();
    assert!(free_bytes(&disk.path()).unwrap() < 1 << 16);
    let error = loop {
        // The write-ahead log may have room in it still.
        match content::append(&mut store, seq) {
            Ok(last) => seq = last,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    for _ in 0..3 {
        assert!(matches!(content::append(&mut store, seq), Err(Error::DiskFull { .. })));
    }

    assert!(ballast.release().unwrap() >= Ballast::BYTES);
    for _ in 0..50 {
        seq = content::append(&mut store, seq).unwrap();
    }
    content::put_fold(&mut store, seq).unwrap();
    store.verify().unwrap();
    // There is no room for it again, and trying takes none.
    let free = free_bytes(&disk.path()).unwrap();
    assert!(matches!(ballast.restore(), Err(Error::DiskFull { .. })));
    assert!(free_bytes(&disk.path()).unwrap() >= free);

    std::fs::remove_file(disk.path().join("filling")).unwrap();
    ballast.restore().unwrap();
    assert!(ballast.is_whole());
    drop(store);
    assert_eq!(content::check(&dir, Acknowledged { event: seq, fold: seq }), seq);
}

pub(crate) fn an_old_session_without_room_for_its_copy_stays_old() {
    let disk = Disk::new(32);
    let dir = disk.path().join("s");
    write_old_session(&dir);
    disk.fill();
    let error = Store::open(&dir, None).unwrap_err();
    assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    std::fs::remove_file(disk.path().join("filling")).unwrap();
    let store = Store::open(&dir, None).unwrap();
    assert_eq!(store.events(0).map(Result::unwrap).count(), 5);
}
