//! What is found after a crash between any two events of an operation.

use aca_engine::core::Event;
use aca_protocol::proposal::HunkState;

use crate::fixture::Fixture;

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";
const LONG: &str = "line\nanother line\nand a third that is long enough\n";

/// Files before and after; a rename and a file that goes away are among them.
const BEFORE: &[(&str, &[u8])] = &[
    ("a.txt", BASE.as_bytes()),
    ("gone", b"bye\n"),
    ("old/name", LONG.as_bytes()),
];
const AFTER: &[(&str, &[u8])] = &[
    ("a.txt", RESULT.as_bytes()),
    ("moved/name", LONG.as_bytes()),
    ("new", b"new\n"),
];

fn kind(event: &[u8]) -> Event {
    serde_json::from_slice(event).unwrap()
}

/// The events of a landing of everything, those before it first.
async fn landing(fixture: &Fixture) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    assert_eq!(fixture.accept_all().await.refused, []);
    let events = fixture.events().await;
    let planned = events
        .iter()
        .position(|event| matches!(kind(event), Event::OperationPlanned { .. }))
        .unwrap();
    let (before, landing) = events.split_at(planned);
    (before.to_vec(), landing.to_vec())
}

/// Whether a crash can come after so many events: those of one command are recorded together.
fn can_end(events: &[Vec<u8>], count: usize) -> bool {
    let outcome = |event: &Vec<u8>| matches!(kind(event), Event::Decided { .. } | Event::Reopened { .. });
    !events.get(count).is_some_and(outcome)
}

#[tokio::test]
async fn a_landing_is_finished_from_every_point_of_it() {
    let fixture = Fixture::of(BEFORE, AFTER).await;
    let (before, landing) = landing(&fixture).await;
    let steps = landing
        .iter()
        .filter(|event| matches!(kind(event), Event::StepDone { .. }))
        .count();
    assert_eq!(steps, 5, "a rename takes two");
    for recorded in (1..=landing.len()).filter(|count| can_end(&landing, *count)) {
        let events: Vec<Vec<u8>> = before.iter().chain(&landing[..recorded]).cloned().collect();
        // Whether a step is recorded or not, its file may be written or not, in the order of the steps.
        let done = landing[..recorded]
            .iter()
            .filter(|event| matches!(kind(event), Event::StepDone { .. }))
            .count();
        for written in done..=steps {
            let files = written_of(written);
            let after = Fixture::after(&events, &fixture, &files).await;
            assert_eq!(
                after.everything(),
                ["a.txt", "moved/name", "new"],
                "{recorded} events, {written} files"
            );
            for (path, content) in AFTER {
                assert_eq!(after.bytes(path), *content);
            }
            assert!(
                after.states().iter().all(|state| *state == HunkState::Landed),
                "{:?}",
                after.hunks()
            );
        }
    }
}

/// The workspace when so many of the steps are done: gone, a.txt, the two of the rename, new.
fn written_of(steps: usize) -> Vec<(&'static str, &'static [u8])> {
    let mut files: Vec<(&str, &[u8])> = vec![("a.txt", if steps >= 2 { AFTER[0].1 } else { BEFORE[0].1 })];
    files.extend((steps < 1).then_some(BEFORE[1]));
    files.extend((steps >= 3).then_some(AFTER[1]));
    files.extend((steps < 4).then_some(BEFORE[2]));
    files.extend((steps >= 5).then_some(AFTER[2]));
    files
}

#[tokio::test]
async fn a_file_that_was_changed_since_keeps_its_text_and_its_hunks_are_open() {
    let fixture = Fixture::of(BEFORE, AFTER).await;
    let (mut events, landing) = landing(&fixture).await;
    events.push(landing[0].clone());
    let mine = BASE.replace("two", "mine");
    let files: Vec<(&str, &[u8])> = vec![("a.txt", mine.as_bytes()), BEFORE[1], ("old/name", b"rewritten\n")];
    // The new name had been written when the crash came, and then the old file was changed.
    let files: Vec<_> = files.into_iter().chain([AFTER[1]]).collect();
    let after = Fixture::after(&events, &fixture, &files).await;
    assert_eq!(after.everything(), ["a.txt", "new", "old/name"]);
    assert_eq!(
        (after.read("a.txt"), after.read("old/name")),
        (mine, "rewritten\n".to_owned())
    );
    let open = after.states().iter().filter(|state| state.is_open()).count();
    assert_eq!(open, 3, "{:?}", after.hunks());
}

#[tokio::test]
async fn a_landing_beside_which_someone_typed_is_seen() {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    let (mut events, landing) = landing(&fixture).await;
    events.push(landing[0].clone());
    let typed = format!("typed\n{RESULT}");
    let after = Fixture::after(&events, &fixture, &[("a.txt", typed.as_bytes())]).await;
    assert_eq!(after.states(), [HunkState::Landed, HunkState::Landed]);
    assert_eq!(after.read("a.txt"), typed);
}

#[tokio::test]
async fn what_was_to_go_through_an_editor_waits_for_another_word() {
    let fixture = Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await;
    let mut editor = fixture.open("a.txt", BASE);
    let (accepted, _) = tokio::join!(fixture.accept_all(), editor.obey());
    assert_eq!(accepted.refused, []);
    let events = fixture.events().await;
    let planned = events
        .iter()
        .position(|event| matches!(kind(event), Event::OperationPlanned { .. }))
        .unwrap();
    for (file, wanted) in [(BASE, HunkState::Clean), (RESULT, HunkState::Landed)] {
        let after = Fixture::after(&events[..=planned], &fixture, &[("a.txt", file.as_bytes())]).await;
        assert_eq!(after.states(), [wanted.clone(), wanted]);
        assert_eq!(after.read("a.txt"), file);
        assert_eq!(after.accept_all().await.refused, []);
        assert_eq!(after.read("a.txt"), RESULT);
    }
}

#[tokio::test]
async fn an_undo_is_finished_from_every_point_of_it() {
    let fixture = Fixture::of(BEFORE, AFTER).await;
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.undo(None, None).await.refused, []);
    let events = fixture.events().await;
    let planned = events
        .iter()
        .rposition(|event| matches!(kind(event), Event::OperationPlanned { .. }))
        .unwrap();
    for recorded in (planned + 1..=events.len()).filter(|count| can_end(&events, *count)) {
        let before = planned + 1 == recorded;
        let files = if before { AFTER } else { BEFORE };
        let after = Fixture::after(&events[..recorded], &fixture, files).await;
        assert_eq!(after.everything(), ["a.txt", "gone", "old/name"], "{recorded} events");
        assert!(
            after.states().iter().all(|state| *state == HunkState::Clean),
            "{:?}",
            after.hunks()
        );
    }
}

#[tokio::test]
async fn what_was_opened_since_is_not_changed_behind_its_editor() {
    let fixture = Fixture::of(BEFORE, AFTER).await;
    let (mut events, landing) = landing(&fixture).await;
    events.push(landing[0].clone());
    let after = Fixture::before_opening(&events, &fixture, BEFORE);
    let unsaved = format!("typed\n{BASE}");
    let mut editor = after.open("a.txt", &unsaved);
    after.opened().await;
    assert_eq!(after.read("a.txt"), BASE);
    let open: Vec<String> = after
        .hunks()
        .into_iter()
        .filter(|(_, _, state)| state.is_open())
        .map(|(path, ..)| path)
        .collect();
    assert_eq!(open, ["a.txt", "a.txt"]);
    let (accepted, text) = tokio::join!(after.accept_all(), editor.obey());
    assert_eq!((accepted.refused.len(), text), (0, format!("typed\n{RESULT}")));
}

#[tokio::test]
async fn a_program_that_had_a_file_open_over_a_crash_saves_into_what_landed() {
    let fixture = Fixture::of(BEFORE, AFTER).await;
    let (before, landing) = landing(&fixture).await;
    let events: Vec<Vec<u8>> = before.iter().chain(&landing).cloned().collect();
    let found = Fixture::before_opening(&events, &fixture, AFTER);
    let displaced = found.session().join("displaced");
    std::fs::create_dir_all(&displaced).unwrap();
    // As it was named by a process that is gone: a number that has been used again, with another start.
    let name = ".aca-landing-cfc7b4885384957a-1.1-0-ready";
    let left = displaced.join(name);
    std::fs::write(&left, BASE).unwrap();
    let mut open = std::fs::OpenOptions::new().append(true).open(&left).unwrap();
    found.opened().await;
    std::io::Write::write_all(&mut open, b"saved late\n").unwrap();
    let wanted = format!("{RESULT}saved late\n");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while found.read("a.txt") != wanted {
        assert!(std::time::Instant::now() < deadline, "{}", found.read("a.txt"));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(found.everything(), ["a.txt", "moved/name", "new"]);
}
