//! What is refused and why, what can be resolved, cut, joined, amended and brought back.

use aca_protocol::HunkId;
use aca_protocol::methods::{AmendParams, JoinParams, SplitParams};
use aca_protocol::proposal::{Decision, HunkState, HunkView, Resolution, Selection, Since};

use crate::fixture::{Fixture, wait};

const BASE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n";
const RESULT: &str = "one\nTWO\nthree\nfour\nfive\nSIX\nseven\n";

async fn two_hunks() -> Fixture {
    Fixture::new(&[("a.txt", BASE)], &[("a.txt", RESULT)]).await
}

fn named(hunk: &HunkView) -> Selection {
    Selection::Hunks {
        ids: vec![hunk.id.clone()],
    }
}

async fn split(fixture: &Fixture, hunk: &HunkId, lines: std::ops::Range<u32>) -> Result<usize, aca_engine::Error> {
    let params = SplitParams {
        task: fixture.task.clone(),
        hunk: hunk.clone(),
        start: lines.start,
        end: lines.end,
    };
    let split = wait(fixture.engine.split(params)).await;
    split.map(|proposal| proposal.files.iter().map(|file| file.hunks.len()).sum())
}

async fn amend(fixture: &Fixture, hunk: &HunkId, text: Option<&str>) -> Result<(), aca_engine::Error> {
    let params = AmendParams {
        task: fixture.task.clone(),
        hunk: hunk.clone(),
        text: text.map(str::to_owned),
    };
    wait(fixture.engine.amend(params)).await.map(drop)
}

#[tokio::test]
async fn an_overlap_takes_a_word_and_never_becomes_markers() {
    let mine = BASE.replace("two", "mine");
    for (resolution, wanted) in [
        (Resolution::Agent, BASE.replace("two", "TWO")),
        (Resolution::Both, BASE.replace("two", "mine\nTWO")),
    ] {
        let fixture = two_hunks().await;
        fixture.write("a.txt", &mine);
        let refused = fixture.decide_nth(Decision::Accept, 0).await.refused;
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(fixture.read("a.txt"), mine);
        let result = fixture.resolve_nth(resolution, 0).await;
        assert_eq!((result.refused.len(), result.decided.len()), (0, 1));
        assert_eq!(fixture.read("a.txt"), wanted);
        assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Clean]);
    }
}

#[tokio::test]
async fn what_is_touched_lands_only_by_name() {
    let fixture = Fixture::new(
        &[("f", "a\nlet x = f(1, 2);\nb\n")],
        &[("f", "a\nlet x = f(1, 3);\nb\n")],
    )
    .await;
    let touched = "a\nlet y = f(1, 2);\nb\n";
    fixture.write("f", touched);
    fixture
        .until(|states| matches!(&states[0], HunkState::Touched { merged } if merged == "let y = f(1, 3);\n"))
        .await;
    let refused = fixture.accept_all().await.refused;
    assert!(refused[0].reason.contains("Look at"), "{refused:?}");
    assert_eq!(fixture.read("f"), touched);
    assert_eq!(fixture.decide_nth(Decision::Accept, 0).await.refused, []);
    assert_eq!(fixture.read("f"), "a\nlet y = f(1, 3);\nb\n");
}

#[tokio::test]
async fn a_whole_file_in_the_way_is_replaced_only_if_asked_for() {
    let fixture = Fixture::new(&[("gone", "bye\n")], &[("new", "agent's\n")]).await;
    fixture.write("new", "mine\n");
    fixture.write("gone", "changed\n");
    for n in [0, 1] {
        let refused = fixture.resolve_nth(Resolution::Both, n).await.refused;
        assert!(refused[0].reason.contains("as a whole"), "{refused:?}");
        assert_eq!(fixture.resolve_nth(Resolution::Agent, n).await.refused, []);
    }
    assert_eq!(fixture.read("new"), "agent's\n");
    assert!(!fixture.path("gone").exists());
    let operations = fixture.operations().await;
    for operation in operations.into_iter().rev() {
        assert_eq!(fixture.undo(Some(operation.id), None).await.refused, []);
    }
    assert_eq!(
        (fixture.read("new"), fixture.read("gone")),
        ("mine\n".to_owned(), "changed\n".to_owned())
    );
}

#[tokio::test]
async fn what_changed_since_it_was_looked_at_is_refused_with_what_it_says_now() {
    let fixture = two_hunks().await;
    let seen = fixture.proposal().revision;
    fixture.write("a.txt", &format!("zero\n{}", BASE.replace("six", "6")));
    fixture.until(|states| states[1].is_conflict()).await;
    let [first, second] = &fixture.views()[..] else {
        panic!()
    };
    assert!(first.seen <= seen, "only its line is another one");
    assert!(second.seen > seen);
    let ids = vec![first.id.clone(), second.id.clone()];
    let result = fixture
        .decide_as(Decision::Reject, Selection::Hunks { ids }, None, Some(seen))
        .await;
    assert_eq!((result.decided, result.refused.len()), (vec![first.id.clone()], 1));
    assert!(matches!(
        result.proposal.files[0].hunks[1].state,
        HunkState::Overlapping { .. }
    ));
    let now = result.proposal.revision;
    let result = fixture
        .decide_as(Decision::Reject, named(second), None, Some(now))
        .await;
    assert_eq!(result.refused, []);
}

#[tokio::test]
async fn a_look_from_before_a_restart_counts_for_what_still_says_the_same() {
    let mut fixture = two_hunks().await;
    let seen = fixture.proposal().revision;
    fixture.engine.shutdown().await;
    fixture.write("a.txt", &format!("zero\n{}", BASE.replace("six", "6")));
    fixture.restart().await;
    let now = fixture.proposal().revision;
    assert!(now > seen, "{now} is not newer than {seen}");
    let ids: Vec<HunkId> = fixture.views().into_iter().map(|hunk| hunk.id).collect();
    let result = fixture
        .decide_as(
            Decision::Accept,
            Selection::Hunks { ids: ids.clone() },
            None,
            Some(seen),
        )
        .await;
    assert_eq!(result.decided, ids[..1], "it only moved");
    let refused: Vec<HunkId> = result.refused.into_iter().map(|refused| refused.hunk).collect();
    assert_eq!(refused, ids[1..], "it became a conflict meanwhile");
}

#[tokio::test]
async fn rejected_hunks_come_back() {
    let mut fixture = two_hunks().await;
    fixture.decide(Decision::Reject, Selection::All).await;
    fixture.restart().await;
    let result = fixture.decide(Decision::Reopen, Selection::All).await;
    assert_eq!((result.decided.len(), result.refused.len()), (2, 0));
    assert_eq!(fixture.states(), [HunkState::Clean, HunkState::Clean]);
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("a.txt"), RESULT);
    let landed = fixture.views().remove(0);
    let refused = fixture.decide(Decision::Reopen, named(&landed)).await.refused;
    assert!(refused[0].reason.contains("Undo"), "{refused:?}");
}

#[tokio::test]
async fn lines_of_a_hunk_land_alone_and_stay_cut_after_a_restart() {
    let base = "a\nz\n";
    let mut fixture = Fixture::new(&[("f", base)], &[("f", "a\n1\n2\n3\nz\n")]).await;
    let whole = fixture.views().remove(0).id;
    assert_eq!(split(&fixture, &whole, 1..2).await, Ok(3));
    fixture.restart().await;
    let views = fixture.views();
    let texts: Vec<&str> = views.iter().map(|hunk| hunk.new.as_str()).collect();
    assert_eq!(texts, ["1\n", "2\n", "3\n"]);
    assert_eq!(fixture.decide_nth(Decision::Accept, 1).await.refused, []);
    assert_eq!(fixture.read("f"), "a\n2\nz\n");
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("f"), "a\n1\n2\n3\nz\n");
    assert!(matches!(
        split(&fixture, &whole, 0..1).await,
        Err(aca_engine::Error::NotFound(_))
    ));
    assert!(matches!(
        split(&fixture, &views[0].id, 0..1).await,
        Err(aca_engine::Error::Invalid(_))
    ));
    let old = fixture
        .decide(Decision::Accept, Selection::Hunks { ids: vec![whole] })
        .await;
    assert!(old.refused[0].reason.contains("cut or joined"), "{old:?}");
}

#[tokio::test]
async fn neighbours_become_one_hunk() {
    let mut fixture = two_hunks().await;
    let hunks = fixture.views().into_iter().map(|hunk| hunk.id).collect();
    let params = JoinParams {
        task: fixture.task.clone(),
        hunks,
    };
    let joined = wait(fixture.engine.join(params)).await.unwrap();
    assert_eq!(joined.files[0].hunks.len(), 1);
    fixture.restart().await;
    assert_eq!(fixture.states(), [HunkState::Clean]);
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.read("a.txt"), RESULT);
}

#[tokio::test]
async fn amended_text_lands_in_place_of_the_agents() {
    let mut fixture = two_hunks().await;
    let hunk = fixture.views().remove(0);
    let before = fixture.proposal().revision;
    amend(&fixture, &hunk.id, Some("zwei\n")).await.unwrap();
    fixture.restart().await;
    let amended = fixture.views().remove(0);
    assert_eq!(
        (amended.new.as_str(), amended.amended, amended.id == hunk.id),
        ("zwei\n", true, true)
    );
    assert!(amended.seen > before);
    assert_eq!(fixture.accept_all().await.refused, []);
    let landed = RESULT.replace("TWO", "zwei");
    assert_eq!(fixture.read("a.txt"), landed);
    assert!(matches!(
        amend(&fixture, &hunk.id, None).await,
        Err(aca_engine::Error::Invalid(_))
    ));
    fixture.restart().await;
    fixture.write("a.txt", &format!("typed\n{landed}"));
    wait(fixture.engine.refresh(&fixture.task)).await.unwrap();
    assert_eq!(fixture.states(), [HunkState::Landed, HunkState::Landed]);
    assert_eq!(fixture.views()[0].line, 2, "it is found again by the text that landed");
}

#[tokio::test]
async fn the_agents_own_text_is_no_amendment() {
    let fixture = two_hunks().await;
    let hunk = fixture.views().remove(0);
    amend(&fixture, &hunk.id, Some("zwei\n")).await.unwrap();
    amend(&fixture, &hunk.id, Some("TWO\n")).await.unwrap();
    assert!(!fixture.views()[0].amended);
    amend(&fixture, &hunk.id, Some("drei\n")).await.unwrap();
    amend(&fixture, &hunk.id, None).await.unwrap();
    assert_eq!(fixture.views()[0].new, "TWO\n");
}

#[tokio::test]
async fn rejecting_what_another_hunk_needs_is_said() {
    let base = "fn main() {\n    run();\n}\n";
    let result = "fn helper() {}\n\nfn main() {\n    run();\n    helper();\n}\n";
    let fixture = Fixture::new(&[("main.rs", base)], &[("main.rs", result)]).await;
    let views = fixture.views();
    assert_eq!(views[1].needs, [views[0].id.clone()]);
    let result = fixture.decide_nth(Decision::Reject, 0).await;
    assert_eq!(result.warnings.len(), 1, "{:?}", result.warnings);
    assert!(fixture.views()[1].needs.is_empty(), "what is decided is not waited for");
    assert_eq!(
        fixture.decide_nth(Decision::Reject, 1).await.warnings,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_later_round_says_what_changed_since() {
    let base: &[(&str, &[u8])] = &[("a.txt", BASE.as_bytes())];
    let first: &[(&str, &[u8])] = &[("a.txt", RESULT.as_bytes())];
    let second = RESULT.replace("SIX", "6").replace("one", "ONE\nhalf");
    let second: &[(&str, &[u8])] = &[("a.txt", second.as_bytes())];
    let fixture = Fixture::rounds(base, &[first, second]).await;
    assert_eq!(fixture.proposal().round, 2);
    let since: Vec<Since> = fixture.views().iter().map(|hunk| hunk.since).collect();
    assert_eq!(since, [Since::Changed, Since::Changed]);
    let third = RESULT.replace("SIX", "6");
    let third: &[(&str, &[u8])] = &[("a.txt", third.as_bytes())];
    let fixture = Fixture::rounds(base, &[first, third]).await;
    let since: Vec<Since> = fixture.views().iter().map(|hunk| hunk.since).collect();
    assert_eq!(since, [Since::Same, Since::Changed]);
    let fixture = two_hunks().await;
    assert!(fixture.views().iter().all(|hunk| hunk.since == Since::First));
}

#[tokio::test]
async fn two_clients_decide_the_same_hunk_once() {
    let fixture = two_hunks().await;
    let (one, two) = tokio::join!(
        fixture.decide_nth(Decision::Accept, 0),
        fixture.decide_nth(Decision::Accept, 0)
    );
    assert_eq!((one.decided, one.refused.len()), (two.decided, two.refused.len()));
    assert_eq!(fixture.operations().await.len(), 1);
    assert_eq!(fixture.read("a.txt"), BASE.replace("two", "TWO"));
}
