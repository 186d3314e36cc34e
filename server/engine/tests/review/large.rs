//! Proposals of many files: what is decided of all is done in time that grows with their number and no faster.

use std::time::{Duration, Instant};

use crate::fixture::Fixture;

/// Many, but few enough for a test.
const FILES: usize = 600;
/// Some times what it takes on a busy machine; what was quadratic took longer.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn many_files_land_and_are_taken_back() {
    let name = |n: usize| format!("dir{}/file{n}.txt", n % 50);
    let of = |word: &str| -> Vec<(String, String)> {
        (0..FILES).map(|n| (name(n), format!("{n}\n{word}\nend\n"))).collect()
    };
    let (base, result) = (of("two"), of("TWO"));
    let bytes = |files: &'_ [(String, String)]| -> Vec<(String, Vec<u8>)> {
        files
            .iter()
            .map(|(path, text)| (path.clone(), text.clone().into_bytes()))
            .collect()
    };
    let (base, result) = (bytes(&base), bytes(&result));
    let base: Vec<(&str, &[u8])> = base
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_slice()))
        .collect();
    let result: Vec<(&str, &[u8])> = result
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_slice()))
        .collect();
    let fixture = Fixture::of(&base, &result).await;
    let start = Instant::now();
    let accepted = fixture.accept_all().await;
    assert_eq!((accepted.decided.len(), accepted.refused.len()), (FILES, 0));
    assert_eq!(fixture.read("dir7/file7.txt"), "7\nTWO\nend\n");
    assert!(start.elapsed() < PATIENCE, "landed in {:?}", start.elapsed());
    let start = Instant::now();
    let undone = fixture.undo(None, None).await;
    assert_eq!((undone.hunks.len(), undone.refused.len()), (FILES, 0));
    assert_eq!(fixture.read("dir7/file7.txt"), "7\ntwo\nend\n");
    assert!(start.elapsed() < PATIENCE, "taken back in {:?}", start.elapsed());
}
