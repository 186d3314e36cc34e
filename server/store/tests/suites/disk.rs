//! A disk of the suite's own, whose power can be cut: an ext4 file system in a file.
//!
//! It is mounted where only this thread and the programs it starts see it, so it is gone when they are, however they end.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use rustix::ioctl::{Setter, ioctl};
use rustix::thread::UnshareFlags;

/// `EXT4_IOC_SHUTDOWN`: from then on nothing reaches the disk, not even what the journal holds back.
/// <https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/include/uapi/linux/ext4.h>
const SHUTDOWN: rustix::ioctl::Opcode = rustix::ioctl::opcode::read::<u32>(b'X', 125);
/// `EXT4_GOING_FLAGS_NOLOGFLUSH`.
const WITHOUT_FLUSHING: u32 = 2;

/// A mounted disk.
pub(crate) struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    /// Makes one with so many mebibytes.
    pub(crate) fn new(mebibytes: u64) -> Self {
        // Private to this thread: no other process is kept from unmounting anything by it.
        #[expect(
            unsafe_code,
            reason = "no descriptors are shared anew, and this thread's directory stays the same"
        )]
        let own = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) };
        own.unwrap_or_else(|error| panic!("a disk cannot be mounted here, run this as root: {error}"));
        run(Command::new("mount").args(["--make-rprivate", "/"]));
        let disk = Self {
            dir: tempfile::Builder::new().prefix("aca-disk-").tempdir().unwrap(),
        };
        let image = File::create(disk.image()).unwrap();
        image.set_len(mebibytes << 20).unwrap();
        // Nothing is kept back for root, who may run this.
        run(Command::new("mkfs.ext4")
            .args(["-q", "-F", "-m", "0"])
            .arg(disk.image()));
        std::fs::create_dir(disk.path()).unwrap();
        disk.mount();
        disk
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    /// Cuts the power. Whoever acknowledges anything must have been stopped before: the kernel lets a sync succeed that
    /// comes at the same moment, as no disk does.
    pub(crate) fn cut_power(&self) {
        let root = File::open(self.path()).unwrap();
        #[expect(
            unsafe_code,
            reason = "there is no safe call; the opcode takes a pointer to a number"
        )]
        let cut = unsafe { ioctl(&root, Setter::<SHUTDOWN, u32>::new(WITHOUT_FLUSHING)) };
        cut.unwrap();
    }

    /// Starts it again after its power was cut. Nobody may have anything open on it.
    pub(crate) fn start(&self) {
        run(Command::new("umount").arg(self.path()));
        self.mount();
    }

    /// Takes all the room there is.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.path().join("filling")).unwrap();
        for size in [1 << 16, 1 << 10, 1] {
            while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
        }
        file.sync_all().unwrap();
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn mount(&self) {
        // With `loop` the loop device is given back with the last use of the file system.
        run(Command::new("mount")
            .args(["-t", "ext4", "-o", "loop"])
            .args([self.image(), self.path()]));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "a disk cannot be had, is there a loop device? {command:?}: {said}"
    );
}
