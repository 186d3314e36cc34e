//! Kakoune with kakoune-lsp, configured as `editors/README.md` says.

use aca_tests::kakoune::Kakoune;
use aca_tests::walk;

#[test]
fn a_todo_becomes_hunks_that_are_accepted_and_rejected() {
    walk::from_todo_to_hunks(Kakoune::open);
}
