//! Proves what the store promises, on what really happens to it: killed processes, failing system calls, cuts of power,
//! a full disk, other processes.
//!
//! Each suite is sized for every commit. `ACA_SUITE_ROUNDS=10000 cargo test -p aca-store --test suites kill` is a long
//! run of one. The suites that mount a disk of their own need root; those that follow system calls need `strace`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test"
)]

mod child;
mod content;
mod disk;
mod full_disk;
mod kill;
mod power;
mod processes;
mod programs;
mod rounds;
mod syscalls;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Makes this program, started again, one of the [`programs`] that the suites watch from outside.
const PROGRAM: &str = "--program";

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|first| first == PROGRAM) {
        programs::run(&args[1..]);
        return ExitCode::SUCCESS;
    }
    let suites: [(&str, fn()); 16] = [
        ("kill::nothing_acknowledged_is_lost", kill::nothing_acknowledged_is_lost),
        (
            "syscalls::every_one_may_be_the_last",
            syscalls::every_one_may_be_the_last,
        ),
        ("syscalls::every_one_may_fail", syscalls::every_one_may_fail),
        (
            "syscalls::every_one_may_find_the_disk_full",
            syscalls::every_one_may_find_the_disk_full,
        ),
        (
            "syscalls::a_migration_may_end_anywhere",
            syscalls::a_migration_may_end_anywhere,
        ),
        (
            "syscalls::names_are_synced_before_they_are_relied_on",
            syscalls::names_are_synced_before_they_are_relied_on,
        ),
        (
            "power::nothing_acknowledged_is_lost",
            power::nothing_acknowledged_is_lost,
        ),
        (
            "power::an_acknowledged_session_is_there",
            power::an_acknowledged_session_is_there,
        ),
        (
            "power::a_session_is_of_one_format_or_the_other",
            power::a_session_is_of_one_format_or_the_other,
        ),
        (
            "full_disk::the_ballast_is_enough_to_go_on",
            full_disk::the_ballast_is_enough_to_go_on,
        ),
        (
            "full_disk::an_old_session_without_room_for_its_copy_stays_old",
            full_disk::an_old_session_without_room_for_its_copy_stays_old,
        ),
        (
            "processes::twenty_readers_follow_one_owner",
            processes::twenty_readers_follow_one_owner,
        ),
        (
            "processes::a_stopped_owner_that_was_replaced_writes_nothing",
            processes::a_stopped_owner_that_was_replaced_writes_nothing,
        ),
        (
            "processes::the_lock_goes_with_its_process",
            processes::the_lock_goes_with_its_process,
        ),
        (
            "processes::a_reader_that_stops_does_not_make_the_log_grow",
            processes::a_reader_that_stops_does_not_make_the_log_grow,
        ),
        (
            "processes::a_stuck_transaction_of_another_program_does_no_harm",
            processes::a_stuck_transaction_of_another_program_does_no_harm,
        ),
    ];
    let trials = suites.map(|(name, suite)| {
        Trial::test(name, move || {
            suite();
            Ok(())
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}
