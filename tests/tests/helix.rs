//! Helix, configured as `editors/README.md` says.

use aca_tests::helix::Helix;
use aca_tests::walk;

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    walk::from_todo_to_hunks(Helix::open);
}

#[test]
fn a_new_file_is_opened_under_its_name_and_accepted() {
    walk::to_a_new_file(Helix::open);
}
