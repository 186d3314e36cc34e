//! What takes space, what of it is proposed, and what is never removed.

use aca_protocol::proposal::{Decision, Selection};
use aca_protocol::session::{CleanupItem, CleanupParams, CleanupPlanResult, CleanupResult, NoParams, UseParams};

use crate::fixture::{Fixture, wait};

async fn plan(fixture: &Fixture) -> CleanupPlanResult {
    wait(fixture.engine.cleanup_plan(NoParams {})).await.unwrap()
}

async fn cleanup(fixture: &Fixture, items: &[&str]) -> CleanupResult {
    let items = items.iter().map(|item| (*item).to_owned()).collect();
    wait(fixture.engine.cleanup(CleanupParams { items })).await.unwrap()
}

fn find<'p>(plan: &'p CleanupPlanResult, id: &str) -> &'p CleanupItem {
    plan.items.iter().find(|item| item.id == id).expect(id)
}

#[tokio::test]
async fn what_waits_for_review_is_kept_even_if_it_is_asked_for() {
    let fixture = Fixture::new(&[("a.txt", "one\n")], &[("a.txt", "two\n")]).await;
    let session = fixture.session();
    let name = session.file_name().unwrap().to_str().unwrap();
    let left = session.join("attempts/a0");
    std::fs::create_dir_all(left.join("out")).unwrap();
    std::fs::write(left.join("out/journal.ndjson"), vec![b' '; 100_000]).unwrap();
    let (attempt, whole) = (format!("attempt:{name}/a0"), format!("session:{name}"));

    let before = plan(&fixture).await;
    assert!(
        find(&before, &attempt)
            .kept
            .as_ref()
            .unwrap()
            .contains("waits for review")
    );
    assert!(
        find(&before, &whole)
            .kept
            .as_ref()
            .unwrap()
            .contains("waits for review")
    );
    assert!(find(&before, &attempt).bytes >= 100_000 && before.bytes >= 100_000 && before.free_bytes > 0);
    let refused = cleanup(&fixture, &[&attempt, &whole, "log:none"]).await;
    assert_eq!((refused.removed.len(), refused.failed.len(), refused.bytes), (0, 3, 0));
    assert!(refused.failed[0].reason.contains("waits for review"), "{refused:?}");
    assert!(refused.failed[2].reason.contains("no such thing"), "{refused:?}");
    assert!(left.join("out/journal.ndjson").exists() && session.join("state.db").exists());

    fixture.decide(Decision::Reject, Selection::All).await;
    let after = plan(&fixture).await;
    assert_eq!(find(&after, &attempt).kept, None);
    assert!(!find(&after, &attempt).proposed, "it is new, and there is room");
    let removed = cleanup(&fixture, &[&attempt]).await;
    assert_eq!((removed.removed, removed.failed), (vec![attempt], vec![]));
    assert!(removed.bytes >= 100_000 && !left.exists());
}

#[tokio::test]
async fn old_logs_copies_and_trash_are_proposed_and_what_is_in_use_is_not() {
    let fixture = Fixture::new(&[("a.txt", "one\n")], &[("a.txt", "two\n")]).await;
    let data = fixture.session().parent().unwrap().parent().unwrap().to_owned();
    let name = fixture.session().file_name().unwrap().to_str().unwrap().to_owned();
    let copy = fixture.session().join("state.db.pre-v2");
    for path in ["logs/aca.log", "logs/aca.log.1", "trash/20250101T000000Z-gone/state.db"] {
        std::fs::create_dir_all(data.join(path).parent().unwrap()).unwrap();
        std::fs::write(data.join(path), "text").unwrap();
    }
    std::fs::write(&copy, "text").unwrap();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(400 * 24 * 3600);
    let aged = ["logs/aca.log", "logs/aca.log.1", "trash/20250101T000000Z-gone"].map(|path| data.join(path));
    for path in aged.iter().chain([&copy]) {
        std::fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
    let plan = plan(&fixture).await;
    let (trash, copy_id) = ("trash:20250101T000000Z-gone", format!("store:{name}/state.db.pre-v2"));
    for id in ["log:aca.log.1", trash, &copy_id] {
        assert!(find(&plan, id).proposed, "{id}");
    }
    let log = find(&plan, "log:aca.log");
    assert!(log.kept.is_some() && !log.proposed);
    let proposed: Vec<&CleanupItem> = plan.items.iter().take_while(|item| item.proposed).collect();
    assert_eq!(
        proposed.len(),
        plan.items.iter().filter(|item| item.proposed).count(),
        "proposed ones come first"
    );
    let removed = cleanup(&fixture, &["log:aca.log.1", trash, &copy_id, "log:aca.log"]).await;
    assert_eq!((removed.removed.len(), removed.failed.len()), (3, 1));
    assert!(!data.join("trash/20250101T000000Z-gone").exists() && !copy.exists());
    assert!(data.join("logs/aca.log").exists() && fixture.session().join("state.db").exists());
}

#[tokio::test]
async fn a_session_without_a_model_has_used_nothing() {
    let fixture = Fixture::new(&[("a.txt", "one\n")], &[("a.txt", "two\n")]).await;
    let used = wait(fixture.engine.usage(UseParams::default())).await.unwrap();
    assert_eq!((used.rows.len(), used.total.requests), (0, 0));
    let sandboxes = wait(fixture.engine.sandboxes(NoParams {})).await.unwrap();
    assert_eq!(sandboxes.sandboxes, []);
}
