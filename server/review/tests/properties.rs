//! What holds for any texts: accepting everything gives the result, order does not matter, and no line of the user is
//! lost.

#![expect(clippy::indexing_slicing, reason = "a test")]

use aca_protocol::HunkId;
use aca_review::{Hunk, Placement, TextEdit, apply, edits, hunks, place};
use proptest::prelude::*;

/// Lines over a small alphabet, so that they repeat, with all kinds of endings and perhaps none at the end.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(""),
        Just("a"),
        Just("b"),
        Just("}"),
        Just("é"),
        Just("😀 c"),
        Just("a\rb")
    ];
    let line = (word, prop_oneof![3 => Just("\n"), 1 => Just("\r\n")]).prop_map(|(word, end)| format!("{word}{end}"));
    (
        proptest::collection::vec(line, 0..20),
        prop_oneof![Just(""), Just("end"), Just("\r")],
    )
        .prop_map(|(lines, last)| lines.concat() + last)
}

fn ids(hunks: &[Hunk]) -> Vec<HunkId> {
    hunks.iter().map(|hunk| hunk.id.clone()).collect()
}

/// Puts the hunks for which `take` holds into the base, without any placement.
fn construct(base: &str, hunks: &[Hunk], take: impl Fn(&Hunk) -> bool) -> String {
    let lines: Vec<&str> = base.split_inclusive('\n').collect();
    let (mut text, mut from) = (String::new(), 0);
    for hunk in hunks.iter().filter(|hunk| take(hunk)) {
        text += &lines[from..hunk.base.start].concat();
        text += &hunk.new;
        from = hunk.base.end;
    }
    text + &lines[from..].concat()
}

fn apply_edits(before: &str, edits: &[TextEdit]) -> String {
    let mut text = before.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.start_byte..edit.end_byte, &edit.text);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accepting_all_gives_the_result(base in text(), result in text()) {
        let hunks = hunks("f", &base, &result);
        prop_assert_eq!(apply(&base, &base, &hunks, &[], &ids(&hunks)), Ok(result));
    }

    #[test]
    fn identifiers_are_unique_and_stable(base in text(), result in text()) {
        let first = ids(&hunks("f", &base, &result));
        let mut unique = first.clone();
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), first.len());
        prop_assert_eq!(ids(&hunks("f", &base, &result)), first);
    }

    #[test]
    fn one_at_a_time_in_any_order(base in text(), result in text(), order in any::<prop::sample::Index>(), stop in 0usize..20) {
        let hunks = hunks("f", &base, &result);
        let mut order_of: Vec<usize> = (0..hunks.len()).collect();
        let mut seed = order.index(1 << 30);
        for index in (1..order_of.len()).rev() {
            order_of.swap(index, seed % (index + 1));
            seed = seed / 3 + 17 * index;
        }
        let (mut live, mut landed) = (base.clone(), Vec::new());
        for index in order_of.into_iter().take(stop) {
            let id = hunks[index].id.clone();
            live = apply(&base, &live, &hunks, &landed, std::slice::from_ref(&id)).unwrap();
            landed.push(id);
            for (hunk, placement) in hunks.iter().zip(place(&base, &live, &hunks, &landed)) {
                let there = matches!(placement, Placement::AlreadyThere { .. });
                prop_assert_eq!(there, landed.contains(&hunk.id), "{:?}", placement);
            }
        }
        prop_assert_eq!(live, construct(&base, &hunks, |hunk| landed.contains(&hunk.id)));
    }

    #[test]
    fn clean_places_hold_the_old_text(base in text(), live in text(), result in text()) {
        let hunks = hunks("f", &base, &result);
        let lines: Vec<&str> = live.split_inclusive('\n').collect();
        for (hunk, placement) in hunks.iter().zip(place(&base, &live, &hunks, &[])) {
            match placement {
                Placement::Clean { line, lines: count } => prop_assert_eq!(lines[line..line + count].concat(), hunk.old.as_str()),
                Placement::AlreadyThere { line, lines: count } => prop_assert_eq!(lines[line..line + count].concat(), hunk.new.as_str()),
                Placement::Overlap { line, lines: count, live } => prop_assert_eq!(lines[line..line + count].concat(), live),
            }
        }
    }

    /// The user's lines are marked, so that none can be taken for a line of another text.
    #[test]
    fn lines_of_the_user_stay(base in text(), result in text(), at in proptest::collection::vec(any::<prop::sample::Index>(), 1..4), taken in any::<u32>()) {
        let hunks = hunks("f", &base, &result);
        let mut lines: Vec<String> = base.split_inclusive('\n').map(str::to_owned).collect();
        for (number, index) in at.iter().enumerate() {
            let at = index.index(lines.len() + 1);
            if lines.get(at.wrapping_sub(1)).is_none_or(|line| line.ends_with('\n')) {
                lines.insert(at, format!("user {number}\n"));
            }
        }
        let live = lines.concat();
        let chosen: Vec<HunkId> = ids(&hunks).into_iter().enumerate().filter(|(index, _)| taken >> index & 1 == 1).map(|(_, id)| id).collect();
        if let Ok(text) = apply(&base, &live, &hunks, &[], &chosen) {
            let of_user = |text: &str| text.lines().filter(|line| line.starts_with("user ")).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(of_user(&text), of_user(&live));
            let rest: String = text.split_inclusive('\n').filter(|line| !line.starts_with("user ")).collect();
            prop_assert_eq!(rest, construct(&base, &hunks, |hunk| chosen.contains(&hunk.id)));
        }
    }

    #[test]
    fn edits_lead_from_before_to_after(before in text(), after in text()) {
        let edits = edits(&before, &after);
        prop_assert_eq!(apply_edits(&before, &edits), after.as_str());
        for edit in &edits {
            for at in [edit.start_byte, edit.end_byte] {
                prop_assert!(!(before[..at].ends_with('\r') && before[at..].starts_with('\n')), "{:?}", edit);
            }
        }
    }
}
