//! `README.md` documents every method, and each example in it is what the types read and write.

use aca_protocol::methods::{self, NOTIFICATIONS, Notification, REQUESTS, Request};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

const README: &str = include_str!("../README.md");

/// The examples of one method: those before the word `Result:`, and those after it.
#[derive(Default)]
struct Examples {
    params: Vec<Value>,
    results: Vec<Value>,
}

#[test]
fn every_method_is_documented_and_no_other() {
    let headings: Vec<&str> = README.lines().filter_map(heading).collect();
    let methods: Vec<&str> = REQUESTS.iter().chain(NOTIFICATIONS).copied().collect();
    let sorted = |mut names: Vec<&'static str>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(headings), sorted(methods));
}

#[test]
fn examples_of_requests_are_what_the_types_say() {
    let checked = [
        request::<methods::Run>(),
        request::<methods::Tasks>(),
        request::<methods::Stop>(),
        request::<methods::Proposal>(),
        request::<methods::ProposalFile>(),
        request::<methods::EditProposal>(),
        request::<methods::Decide>(),
        request::<methods::Split>(),
        request::<methods::Join>(),
        request::<methods::Amend>(),
        request::<methods::Undo>(),
        request::<methods::Operations>(),
        request::<methods::SendBack>(),
        request::<methods::Tell>(),
        request::<methods::Pause>(),
        request::<methods::Resume>(),
        request::<methods::AtWork>(),
        request::<methods::Check>(),
        request::<methods::CheckCommand>(),
        request::<methods::ConfirmCheck>(),
        request::<methods::Transcript>(),
        request::<methods::Recover>(),
        request::<methods::Sessions>(),
        request::<methods::Session>(),
        request::<methods::UseSession>(),
        request::<methods::RenameSession>(),
        request::<methods::DeleteSession>(),
        request::<methods::UndeleteSession>(),
        request::<methods::ExportSession>(),
        request::<methods::ImportSession>(),
        request::<methods::Checkpoints>(),
        request::<methods::CreateCheckpoint>(),
        request::<methods::DiffCheckpoint>(),
        request::<methods::RestoreCheckpoint>(),
        request::<methods::Audit>(),
        request::<methods::VerifyAudit>(),
        request::<methods::Exchanges>(),
        request::<methods::Exchange>(),
        request::<methods::Use>(),
        request::<methods::CleanupPlan>(),
        request::<methods::Cleanup>(),
        request::<methods::Sandboxes>(),
        request::<methods::Settings>(),
        request::<methods::Status>(),
    ];
    assert_eq!(checked, REQUESTS);
}

#[test]
fn examples_of_notifications_are_what_the_types_say() {
    let checked = [
        notification::<methods::TaskChanged>(),
        notification::<methods::ProposalChanged>(),
        notification::<methods::TranscriptChanged>(),
        notification::<methods::Conflict>(),
        notification::<methods::StatusChanged>(),
    ];
    assert_eq!(checked, NOTIFICATIONS);
}

fn request<R: Request>() -> &'static str {
    let examples = examples(R::METHOD);
    assert!(
        !examples.params.is_empty(),
        "{} has no example of its params",
        R::METHOD
    );
    for example in &examples.params {
        round_trip::<R::Params>(R::METHOD, example);
    }
    for example in &examples.results {
        round_trip::<R::Result>(R::METHOD, example);
    }
    R::METHOD
}

fn notification<N: Notification>() -> &'static str {
    let examples = examples(N::METHOD);
    assert!(
        !examples.params.is_empty(),
        "{} has no example of its params",
        N::METHOD
    );
    for example in &examples.params {
        round_trip::<N::Params>(N::METHOD, example);
    }
    N::METHOD
}

fn round_trip<T: Serialize + DeserializeOwned>(method: &str, example: &Value) {
    let typed: T = serde_json::from_value(example.clone())
        .unwrap_or_else(|error| panic!("an example of {method} is not understood: {error}\n{example:#}"));
    let written = serde_json::to_value(&typed)
        .unwrap_or_else(|error| panic!("an example of {method} cannot be written: {error}"));
    assert_eq!(&written, example, "an example of {method} is written otherwise");
}

/// Collects the fenced JSON of a method's section.
fn examples(method: &str) -> Examples {
    let mut found = Examples::default();
    let mut inside = false;
    let mut results = false;
    let mut block: Option<String> = None;
    for line in README.lines() {
        if let Some(name) = heading(line) {
            inside = name == method;
            results = false;
        } else if line.starts_with("## ") {
            inside = false;
        } else if inside && line.starts_with("Result:") {
            results = true;
        } else if inside && line == "```json" {
            block = Some(String::new());
        } else if line == "```" {
            if let Some(text) = block.take() {
                let value = serde_json::from_str(&text)
                    .unwrap_or_else(|error| panic!("an example of {method} is not JSON: {error}\n{text}"));
                if results {
                    found.results.push(value)
                } else {
                    found.params.push(value)
                }
            }
        } else if let Some(text) = &mut block {
            text.push_str(line);
            text.push('\n');
        }
    }
    found
}

fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("### `aca/")
        .map(|_| line.trim_start_matches("### `").trim_end_matches('`'))
}
