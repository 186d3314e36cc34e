//! Edits of the proposed text, one by one.

#![expect(clippy::unwrap_used, reason = "a test")]

use aca_review::ledger::{FileLedger, Placement, Resolution, Standing};
use aca_review::{EditError, with_line_ends_of};

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

fn news(ledger: &FileLedger) -> Vec<&str> {
    let hunks = ledger.hunks().iter();
    hunks.map(|hunk| ledger.proposed(&hunk.id).unwrap()).collect()
}

#[test]
fn a_change_in_a_hunk_amends_it_and_it_keeps_its_name() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let edited = ledger.edited(BASE, &RESULT.replace("TWO", "2")).unwrap();
    assert_eq!(news(&edited), ["2\n", "SIX\n"]);
    assert_eq!(edited.hunks(), ledger.hunks());
    assert_eq!(edited.amendment(&edited.hunks()[0].id).unwrap().over, None);
}

#[test]
fn a_change_elsewhere_is_a_hunk_of_its_own_and_goes_when_it_is_edited_back() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let mut edited = ledger.edited(BASE, &RESULT.replace("four", "4")).unwrap();
    assert_eq!(news(&edited), ["TWO\n", "4\n", "SIX\n"]);
    assert_eq!(edited.replaced(&edited.hunks()[1].id), Some("four\n"));
    let spans = edited.spans();
    let again = FileLedger::with_spans("f", BASE, RESULT, &spans).unwrap();
    assert_eq!(again.hunks(), edited.hunks(), "it comes back from what is recorded");
    let back = edited.edited(BASE, RESULT).unwrap();
    assert_eq!(back.hunks(), ledger.hunks());
}

#[test]
fn a_change_over_several_hunks_makes_one_of_them_and_editing_back_gives_the_agents_text() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let mut edited = ledger.edited(BASE, "one\nall of it\nseven\n").unwrap();
    assert_eq!(news(&edited), ["all of it\n"]);
    let back = edited.edited(BASE, RESULT).unwrap();
    assert_eq!(news(&back), ["TWO\nthree\nfour\nfive\nSIX\n"]);
    assert_eq!(back.amendment(&back.hunks()[0].id), None);
}

#[test]
fn an_insertion_beside_a_hunk_is_part_of_it() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let above = ledger.edited(BASE, &RESULT.replace("TWO", "above\nTWO")).unwrap();
    assert_eq!(news(&above), ["above\nTWO\n", "SIX\n"]);
    let below = ledger.edited(BASE, &RESULT.replace("TWO", "TWO\nbelow")).unwrap();
    assert_eq!(news(&below), ["TWO\nbelow\n", "SIX\n"]);
}

#[test]
fn a_hunk_edited_to_what_the_file_says_is_there_already() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let mut edited = ledger.edited(BASE, &RESULT.replace("TWO", "two")).unwrap();
    assert_eq!(news(&edited), ["two\n", "SIX\n"]);
    assert_eq!(edited.place(BASE)[0], Placement::AlreadyThere { line: 1, lines: 1 });
}

#[test]
fn all_text_of_a_hunk_can_be_removed() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let mut edited = ledger.edited(BASE, &RESULT.replace("TWO\n", "")).unwrap();
    assert_eq!(news(&edited), ["", "SIX\n"]);
    assert_eq!(edited.propose(BASE).text, RESULT.replace("TWO\n", ""));
}

#[test]
fn a_conflict_that_was_edited_is_none_any_more() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let live = BASE.replace("two", "two, by hand");
    assert!(matches!(ledger.place(&live)[0], Placement::Overlap { .. }));
    assert_eq!(ledger.propose(&live).text, RESULT);
    let mut edited = ledger.edited(&live, &RESULT.replace("TWO", "TWO, by hand")).unwrap();
    assert!(matches!(edited.place(&live)[0], Placement::Clean { .. }));
    let id = edited.hunks()[0].id.clone();
    assert_eq!(edited.replaced(&id), Some("two, by hand\n"));
    let landed = edited.land(&live, &[(id, Resolution::Merge)]).unwrap();
    assert_eq!(landed.text, BASE.replace("two", "TWO, by hand"));
}

#[test]
fn a_rejected_hunk_that_is_edited_is_open_again_and_a_landed_one_is_not_edited() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let (first, second) = (ledger.hunks()[0].id.clone(), ledger.hunks()[1].id.clone());
    ledger.set(&first, Standing::Rejected).unwrap();
    let text = "SIX\n".to_owned();
    ledger.set(&second, Standing::Landed { text }).unwrap();
    let live = BASE.replace("six", "SIX");
    let edited = ledger.edited(&live, &live.replace("two", "zwei")).unwrap();
    assert_eq!(edited.standing(&first), Some(&Standing::Open));
    assert_eq!(news(&edited), ["zwei\n", "SIX\n"]);
    let refused = ledger.edited(&live, &live.replace("SIX", "6")).unwrap_err();
    assert_eq!(refused, EditError::Landed { line: 5 });
}

#[test]
fn lines_beside_what_was_inserted_and_has_landed_can_be_inserted_too() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let mut edited = ledger.edited(BASE, &RESULT.replace("four\n", "four\nmine\n")).unwrap();
    let mine = edited.hunks()[1].id.clone();
    let landed = edited.land(BASE, &[(mine.clone(), Resolution::Merge)]).unwrap();
    let text = landed.hunks[0].1.clone();
    edited.set(&mine, Standing::Landed { text }).unwrap();
    let proposed = edited.propose(&landed.text).text;
    let more = proposed.replace("mine\n", "mine\nmore\n");
    let mut again = edited.edited(&landed.text, &more).unwrap();
    assert_eq!(news(&again), ["TWO\n", "mine\n", "more\n", "SIX\n"]);
    assert_eq!(again.propose(&landed.text).text, more);
}

#[test]
fn hunks_that_were_split_stay_two_when_one_is_edited() {
    let (base, result) = ("a\nb\nc\nd\n", "A\nB\nC\nD\n");
    let mut ledger = FileLedger::new("f", base, result);
    let whole = ledger.hunks()[0].id.clone();
    assert_eq!(ledger.split(&whole, 0..2).unwrap().len(), 2);
    let edited = ledger.edited(base, "A!\nB\nC\nD\n").unwrap();
    assert_eq!(news(&edited), ["A!\nB\n", "C\nD\n"]);
}

#[test]
fn line_ends_are_those_of_the_file() {
    let (file, mixed) = ("a\r\nb\r\n", "a\nb\r\nc\n");
    assert_eq!(with_line_ends_of(file, file, "a\nnew\nb\n"), "a\r\nnew\r\nb\r\n");
    assert_eq!(with_line_ends_of(mixed, mixed, "a\r\nb\r\nc\r\nd"), "a\nb\r\nc\nd");
    assert_eq!(with_line_ends_of("a\n", "b", "b\r\nc\r\n"), "b\nc\n");
    assert_eq!(with_line_ends_of(file, "", "x\ny"), "x\r\ny");
}

#[test]
fn a_new_hunk_comes_from_those_whose_lines_it_has_and_a_persons_own_from_none() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let agents: Vec<_> = ledger.hunks().iter().map(|hunk| hunk.id.clone()).collect();
    let amended = ledger.edited(BASE, &RESULT.replace("SIX", "6")).unwrap();
    assert_eq!(ledger.origins(&amended), []);
    for (text, place) in [
        (RESULT.replace("four", "4"), 1),
        (format!("zero\n{RESULT}"), 0),
        (format!("{RESULT}eight\n"), 2),
        (RESULT.replace("four\n", ""), 1),
    ] {
        let own = ledger.edited(BASE, &text).unwrap();
        assert!(!agents.contains(&own.hunks()[place].id), "{text}");
        assert_eq!(ledger.origins(&own), [], "{text}");
    }
    let one = ledger.edited(BASE, "one\nall of it\nseven\n").unwrap();
    let joined = one.hunks()[0].id.clone();
    let from = agents.iter().map(|agents| (joined.clone(), agents.clone()));
    assert_eq!(ledger.origins(&one), from.collect::<Vec<_>>());
    let mut two = FileLedger::new("f", "one\n", "1\n2\n");
    let whole = two.hunks()[0].id.clone();
    let before = two.clone();
    two.split(&whole, 1..2).unwrap();
    let from = two.hunks().iter().map(|cut| (cut.id.clone(), whole.clone()));
    assert_eq!(before.origins(&two), from.collect::<Vec<_>>());
}
