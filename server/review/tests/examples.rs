//! What each placement, resolution and cut looks like.

#![expect(clippy::unwrap_used, reason = "a test")]

use aca_protocol::HunkId;
use aca_review::ledger::{FileLedger, Misfit, Placement, Refused, Resolution, Span, Standing};
use aca_review::needs::{Change, needs};
use aca_review::{Merge, merge};

const BASE: &str = "one\ntwo\nlet total = sum(items);\nfour\nfive\n";
const RESULT: &str = "one\ntwo\nlet total = sum(items, 0);\nfour\nfive\n";

#[track_caller]
fn check(live: &str, expected: Placement) -> FileLedger {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    assert_eq!(ledger.place(live), [expected]);
    ledger
}

fn only(ledger: &FileLedger) -> HunkId {
    ledger.hunks().first().unwrap().id.clone()
}

#[track_caller]
fn lands(ledger: &mut FileLedger, live: &str, resolution: Resolution, text: &str) {
    let id = only(ledger);
    assert_eq!(ledger.land(live, &[(id, resolution)]).unwrap().text, text);
}

#[test]
fn clean() {
    let mut ledger = check(BASE, Placement::Clean { line: 2, lines: 1 });
    lands(&mut ledger, BASE, Resolution::Merge, RESULT);
}

#[test]
fn moved() {
    let live = format!("zero\n{BASE}");
    let mut ledger = check(&live, Placement::Moved { line: 3, lines: 1 });
    lands(&mut ledger, &live, Resolution::Merge, &format!("zero\n{RESULT}"));
}

#[test]
fn touched_beside() {
    let live = BASE.replace("two\n", "two\nuser\n");
    let merged = "let total = sum(items, 0);\n".to_owned();
    let mut ledger = check(
        &live,
        Placement::Touched {
            line: 3,
            lines: 1,
            merged,
        },
    );
    lands(
        &mut ledger,
        &live,
        Resolution::Merge,
        &RESULT.replace("two\n", "two\nuser\n"),
    );
}

#[test]
fn touched_in_the_same_line() {
    let live = BASE.replace("total", "whole");
    let merged = "let whole = sum(items, 0);\n".to_owned();
    let mut ledger = check(
        &live,
        Placement::Touched {
            line: 2,
            lines: 1,
            merged,
        },
    );
    lands(&mut ledger, &live, Resolution::Merge, &RESULT.replace("total", "whole"));
    lands(&mut ledger, &live, Resolution::Agent, RESULT);
}

#[test]
fn overlap() {
    let live = BASE.replace("sum(items)", "sum(items, 1)");
    let shown = "let total = sum(items, 1);\n".to_owned();
    let mut ledger = check(
        &live,
        Placement::Overlap {
            line: 2,
            lines: 1,
            live: shown.clone(),
        },
    );
    let id = only(&ledger);
    assert_eq!(ledger.land(&live, &[(id.clone(), Resolution::Merge)]), Err(vec![id]));
    lands(&mut ledger, &live, Resolution::Agent, RESULT);
    let both = format!("{shown}let total = sum(items, 0);\n");
    lands(
        &mut ledger,
        &live,
        Resolution::Both,
        &BASE.replace("let total = sum(items);\n", &both),
    );
}

#[test]
fn already_there() {
    let mut ledger = check(RESULT, Placement::AlreadyThere { line: 2, lines: 1 });
    lands(&mut ledger, RESULT, Resolution::Merge, RESULT);
}

#[test]
fn gone() {
    let live = "one\nfive\n";
    let mut ledger = check(live, Placement::Gone { line: 1 });
    lands(&mut ledger, live, Resolution::Agent, RESULT);
    lands(
        &mut ledger,
        live,
        Resolution::Both,
        "one\nlet total = sum(items, 0);\nfive\n",
    );
}

#[test]
fn an_amended_text_lands_instead() {
    let mut ledger = FileLedger::new("f", BASE, RESULT);
    let id = only(&ledger);
    ledger.amend(&id, Some("let total = 7;\n".to_owned().into())).unwrap();
    assert_eq!(ledger.proposed(&id), Some("let total = 7;\n"));
    let landed = ledger.land(BASE, &[(id.clone(), Resolution::Merge)]).unwrap();
    assert_eq!(landed.text, BASE.replace("sum(items)", "7"));
    let [(_, text)] = landed.hunks.try_into().unwrap();
    ledger.set(&id, Standing::Landed { text }).unwrap();
    assert_eq!(
        ledger.place(&landed.text),
        [Placement::AlreadyThere { line: 2, lines: 1 }]
    );
    assert_eq!(ledger.amend(&id, None), Err(Refused::Decided(id.clone())));
    assert_eq!(ledger.split(&id, 0..1), Err(Refused::Decided(id)));
}

#[test]
fn new_lines_split_and_join() {
    let mut ledger = FileLedger::new("f", "a\nb\n", "a\n1\n2\n3\nb\n");
    let whole = only(&ledger);
    let parts = ledger.split(&whole, 1..2).unwrap();
    let new: Vec<&str> = ledger.hunks().iter().map(|hunk| hunk.new.as_str()).collect();
    assert_eq!(new, ["1\n", "2\n", "3\n"]);
    let [first, second, third] = <[HunkId; 3]>::try_from(parts).unwrap();
    let landed = ledger.land("a\nb\n", &[(second.clone(), Resolution::Merge)]).unwrap();
    assert_eq!(landed.text, "a\n2\nb\n");
    assert_eq!(
        ledger.join(&[first.clone(), third.clone()]),
        Err(Refused::NotNeighbours)
    );
    assert_eq!(ledger.join(&[third, first, second]), Ok(whole));
}

#[test]
fn old_lines_split_where_there_are_no_new_ones() {
    let mut ledger = FileLedger::new("f", "a\n1\n2\nb\n", "a\nb\n");
    let whole = only(&ledger);
    assert_eq!(ledger.split(&whole, 0..2), Err(Refused::Whole(whole.clone())));
    assert_eq!(ledger.split(&whole, 2..3), Err(Refused::Lines { lines: 2 }));
    ledger.split(&whole, 0..1).unwrap();
    let old: Vec<&str> = ledger.hunks().iter().map(|hunk| hunk.old.as_str()).collect();
    assert_eq!(old, ["1\n", "2\n"]);
}

#[test]
fn spans_of_other_texts_are_refused() {
    let span = Span::new(0..1, 0..1);
    assert_eq!(FileLedger::with_spans("f", BASE, RESULT, &[span]).unwrap_err(), Misfit);
}

#[test]
fn a_landing_is_taken_back_under_what_was_typed_since() {
    let live = format!("{RESULT}typed\n");
    assert_eq!(merge(RESULT, &live, BASE), Merge::Clean(format!("{BASE}typed\n")));
    let live = RESULT.replace(", 0", ", 1");
    let Merge::Conflict(places) = merge(RESULT, &live, BASE) else {
        panic!("both changed the line")
    };
    assert!(places.into_iter().eq(std::iter::once(2..3)));
}

#[test]
fn who_uses_a_new_name_needs_its_definition() {
    let hunk = |old, new| Change { path: "f", old, new };
    let hunks = [
        hunk("", "fn parse_header(text: &str) {}\n"),
        hunk("load();\n", "load(parse_header(text));\n"),
        hunk("", "fn load_all() {}\n"),
        hunk("a", "// nothing of it\n"),
    ];
    assert_eq!(needs(&hunks, &["load(); text"]), [vec![], vec![0], vec![], vec![]]);
    assert_eq!(
        needs(&hunks, &["load(); text parse_header"]),
        vec![Vec::<usize>::new(); 4]
    );
}
