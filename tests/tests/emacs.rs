//! Emacs with eglot, configured as `editors/README.md` says.

use aca_tests::emacs::Emacs;
use aca_tests::walk;

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    walk::from_todo_to_hunks(Emacs::open);
}

#[test]
fn files_of_another_machine_are_the_servers_there() {
    walk::from_todo_to_hunks(Emacs::open_remote);
}
