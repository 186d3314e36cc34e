//! What holds for the hunks of any texts, decided in any order on any live text.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

mod common;

use aca_protocol::HunkId;
use aca_review::Hunk;
use aca_review::ledger::{FileLedger, Placement, Resolution, Standing};
use common::text;
use proptest::prelude::*;

fn ids(ledger: &FileLedger) -> Vec<HunkId> {
    ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect()
}

fn all(ledger: &FileLedger, resolution: Resolution) -> Vec<(HunkId, Resolution)> {
    ids(ledger).into_iter().map(|id| (id, resolution)).collect()
}

fn landed(hunk: &Hunk) -> Standing {
    Standing::Landed { text: hunk.new.clone() }
}

/// Returns a ledger some of whose hunks are split and some joined.
fn cut(base: &str, result: &str, cuts: &[(prop::sample::Index, usize, usize)]) -> FileLedger {
    let mut ledger = FileLedger::new("f", base, result);
    for (at, from, len) in cuts {
        let hunks = ledger.hunks();
        if hunks.is_empty() {
            break;
        }
        let index = at.index(hunks.len());
        if *len == 0 {
            if let [a, b] = &ids(&ledger)[index.saturating_sub(1)..(index + 1).min(ledger.hunks().len())] {
                ledger.join(&[a.clone(), b.clone()]).unwrap();
            }
        } else {
            // Some ranges are refused.
            let _ = ledger.split(&hunks[index].id.clone(), *from..from + len);
        }
    }
    ledger
}

fn cuts() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, usize)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), 0usize..5, 0usize..4), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn landing_all_gives_the_result(base in text(), result in text(), cuts in cuts()) {
        let mut ledger = cut(&base, &result, &cuts);
        let all = all(&ledger, Resolution::Merge);
        prop_assert_eq!(ledger.land(&base, &all).unwrap().text, result);
    }

    #[test]
    fn identifiers_are_unique_and_stable(base in text(), result in text(), cuts in cuts(), more in cuts()) {
        let ledger = cut(&base, &result, &cuts);
        let mut unique = ids(&ledger);
        unique.sort();
        unique.dedup();
        prop_assert_eq!(unique.len(), ledger.hunks().len());
        prop_assert_eq!(ids(&cut(&base, &result, &cuts)), ids(&ledger));
        let again = FileLedger::with_spans("f", &base, &result, &ledger.spans()).unwrap();
        prop_assert_eq!(again.hunks(), ledger.hunks());
        // The same lines are the same hunk, however the rest is cut.
        let other = cut(&base, &result, &more);
        for hunk in ledger.hunks() {
            for same in other.hunks().iter().filter(|other| other.base == hunk.base && other.result == hunk.result) {
                prop_assert_eq!(&same.id, &hunk.id);
            }
        }
    }

    #[test]
    fn one_at_a_time_in_any_order(base in text(), result in text(), cuts in cuts(), order in proptest::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        let mut ledger = cut(&base, &result, &cuts);
        let (mut live, mut left) = (base.clone(), ledger.hunks().to_vec());
        for index in order {
            if left.is_empty() {
                break;
            }
            let hunk = left.remove(index.index(left.len()));
            live = ledger.land(&live, &[(hunk.id.clone(), Resolution::Merge)]).unwrap().text;
            ledger.set(&hunk.id, landed(&hunk)).unwrap();
            let hunks = ledger.hunks().to_vec();
            for (hunk, placement) in hunks.iter().zip(ledger.place(&live)) {
                let there = matches!(placement, Placement::AlreadyThere { .. });
                prop_assert_eq!(there, !left.contains(hunk), "{:?}", placement);
            }
        }
        if left.is_empty() {
            prop_assert_eq!(live, result);
        }
    }

    /// A ledger that followed every change answers like one that sees only the last text.
    #[test]
    fn following_is_placing_anew(base in text(), result in text(), lives in proptest::collection::vec(text(), 1..5), cuts in cuts(), decided in any::<u32>()) {
        let mut ledger = cut(&base, &result, &cuts);
        let mut fresh = ledger.clone();
        for (step, live) in lives.iter().enumerate() {
            for (index, hunk) in ledger.hunks().to_vec().iter().enumerate() {
                let standing = match decided >> (index + step) & 3 {
                    0 => landed(hunk),
                    1 => Standing::Rejected,
                    _ => Standing::Open,
                };
                ledger.set(&hunk.id, standing.clone()).unwrap();
                fresh.set(&hunk.id, standing).unwrap();
            }
            let anew = fresh.clone().place(live).to_vec();
            prop_assert_eq!(ledger.place(live), anew);
        }
    }

    #[test]
    fn placements_name_the_live_lines(base in text(), live in text(), result in text(), cuts in cuts()) {
        let mut ledger = cut(&base, &result, &cuts);
        let lines: Vec<&str> = live.split_inclusive('\n').collect();
        let hunks = ledger.hunks().to_vec();
        for (hunk, placement) in hunks.iter().zip(ledger.place(&live)) {
            let here = lines[placement.line()..placement.line() + placement.lines()].concat();
            match placement {
                Placement::Clean { .. } | Placement::Moved { .. } => prop_assert_eq!(&here, &hunk.old),
                Placement::AlreadyThere { .. } => prop_assert_eq!(&here, &hunk.new),
                Placement::Overlap { live, .. } => prop_assert_eq!(&here, live),
                Placement::Touched { .. } | Placement::Gone { .. } => {}
            }
        }
    }

    /// The user's lines are marked, so that none can be taken for a line of another text.
    #[test]
    fn lines_of_the_user_stay(base in text(), result in text(), cuts in cuts(), at in proptest::collection::vec(any::<prop::sample::Index>(), 1..4), taken in any::<u32>(), both in any::<bool>()) {
        let mut ledger = cut(&base, &result, &cuts);
        let mut lines: Vec<String> = base.split_inclusive('\n').map(str::to_owned).collect();
        for (number, index) in at.iter().enumerate() {
            let at = index.index(lines.len() + 1);
            if lines.get(at.wrapping_sub(1)).is_none_or(|line| line.ends_with('\n')) {
                lines.insert(at, format!("user {number}\n"));
            }
        }
        let live = lines.concat();
        let resolution = if both { Resolution::Both } else { Resolution::Merge };
        let chosen = all(&ledger, resolution).into_iter().enumerate().filter(|(index, _)| taken >> index & 1 == 1).map(|(_, choice)| choice).collect::<Vec<_>>();
        match ledger.land(&live, &chosen) {
            Ok(landed) => {
                let of_user = |text: &str| text.lines().filter(|line| line.starts_with("user ")).map(str::to_owned).collect::<Vec<_>>();
                prop_assert_eq!(of_user(&landed.text), of_user(&live));
            }
            Err(refused) => {
                prop_assert!(!both);
                prop_assert!(refused.iter().all(|id| chosen.iter().any(|(chosen, _)| chosen == id)));
            }
        }
    }
}

#[test]
fn lines_that_were_typed_over_are_forgotten_without_a_trace() {
    let long = "x".repeat(100_000);
    let base = format!("{long}\none\ntwo\nthree\n");
    let mut ledger = FileLedger::new("f", &base, &base.replace("two", "TWO"));
    for n in 0..60 {
        let live = format!("{n}{base}");
        let fresh = FileLedger::new("f", &base, &base.replace("two", "TWO"))
            .place(&live)
            .to_vec();
        assert_eq!(ledger.place(&live), fresh);
    }
}
