//! Emacs with eglot, configured as `editors/README.md` says.

use aca_tests::emacs::Emacs;
use aca_tests::walk;

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    walk::from_todo_to_hunks(Emacs::open);
}
