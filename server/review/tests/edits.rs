//! The edits that an editor gets lead from one text to the other.

mod common;

use aca_review::edits;
use common::text;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_lead_from_before_to_after(before in text(), after in text()) {
        let edits = edits(&before, &after);
        let mut edited = before.clone();
        for edit in edits.iter().rev() {
            edited.replace_range(edit.start_byte..edit.end_byte, &edit.text);
        }
        prop_assert_eq!(edited, after.as_str());
        for edit in &edits {
            for at in [edit.start_byte, edit.end_byte] {
                prop_assert!(!(before[..at].ends_with('\r') && before[at..].starts_with('\n')), "{:?}", edit);
            }
        }
    }
}
