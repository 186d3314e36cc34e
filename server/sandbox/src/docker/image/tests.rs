//! The image's name and a build's log.

use super::*;

#[test]
fn the_tag_changes_with_the_base() {
    let tags = [
        tag(None),
        tag(Some("")),
        tag(Some("debian:bookworm-slim")),
        tag(Some("mine:1")),
    ];
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[0], tags[2]);
    assert_ne!(tags[2], tags[3]);
    for tag in tags {
        let hash = tag.strip_prefix("aca-sandbox:").unwrap();
        assert!(hash.len() == 12 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{tag}");
    }
}

#[test]
fn the_context_is_the_dockerfile() {
    let context = context().unwrap();
    let mut archive = tar::Archive::new(context.as_ref());
    let mut entries = archive.entries().unwrap();
    let entry = entries.next().unwrap().unwrap();
    assert_eq!(entry.path().unwrap().to_str(), Some("Dockerfile"));
    assert_eq!(entry.size(), DOCKERFILE.len() as u64);
    assert!(entries.next().is_none());
}

#[test]
fn a_failed_build_shows_the_step_and_its_last_lines() {
    let mut log = BuildLog::default();
    let mut seen = Vec::new();
    let mut said = |text: &str| {
        let info = BuildInfo {
            stream: Some(text.into()),
            ..BuildInfo::default()
        };
        log.take(info, &mut |line| seen.push(line));
    };
    said("Step 1/2 : FROM x\n");
    said("of the first step\n");
    said("Step 2/2 : RUN false\n");
    (0..30).for_each(|n| said(&format!("line {n}\nhalf")));
    let text = log.failed("it returned 1".into()).to_string();
    assert!(
        text.starts_with("The image was not built: Step 2/2 : RUN false failed: it returned 1\n"),
        "{text}"
    );
    assert!(
        text.contains("line 29") && !text.contains("line 1\n") && !text.contains("first step"),
        "{text}"
    );
    assert_eq!(seen[0], "Step 1/2 : FROM x");
}

#[test]
fn a_missing_image_says_how_to_get_it() {
    let own = missing(&DockerConfig::default(), "a:1".into()).to_string();
    assert!(own.contains("aca image build"), "{own}");
    let given = DockerConfig {
        image: Some("b:2".into()),
        ..DockerConfig::default()
    };
    let given = missing(&given, "b:2".into()).to_string();
    assert!(given.contains("docker pull b:2"), "{given}");
}
