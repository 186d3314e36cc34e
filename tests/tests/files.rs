//! Changes that are not lines of one file: new, deleted, renamed and binary files, and what is not landed yet.

use aca_protocol::proposal::FileChange;
use aca_tests::lsp::Editor;
use aca_tests::scenario::{one_command, state_name};
use aca_tests::{TestEnv, wait};
use serde_json::json;

const FILES: &str = r"
//- /keep.txt
kept
//- /old.txt
to be deleted
//- /here.txt
one
two
three
four
five
six
//- /refused.txt
stays
";

const CHANGES: &str = "mkdir -p new/deep && printf 'fresh\\nno newline' > new/deep/file.txt && rm old.txt refused.txt && \
                       mkdir -p moved && mv here.txt moved/there.txt && printf '\\000\\001\\377' | tee blob.bin >> data.bin && \
                       printf '#!/bin/sh\\n' > tool.sh && chmod +x tool.sh && ln -s /etc/passwd link";

#[test]
fn whole_files_land_and_are_refused_as_decided() {
    let env = TestEnv::new();
    let workspace = env.workspace(FILES);
    std::fs::write(workspace.path("data.bin"), [0, 2]).unwrap();
    env.script(&one_command(CHANGES));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "tidy up");
    let task = editor.await_ready(&workspace);
    let proposal = editor.proposal(&task);
    let change = |path: &str| {
        let file = proposal.files.iter().find(|file| file.path == path);
        &file
            .unwrap_or_else(|| panic!("{path} is missing in {proposal:#?}"))
            .change
    };
    assert_eq!(change("new/deep/file.txt"), &FileChange::Create);
    assert_eq!(change("old.txt"), &FileChange::Delete);
    assert_eq!(
        change("moved/there.txt"),
        &FileChange::Rename {
            from: "here.txt".to_owned()
        }
    );
    assert_eq!(change("blob.bin"), &FileChange::Create);
    assert_eq!(change("data.bin"), &FileChange::Binary);
    assert!(proposal.files.iter().all(|file| file.path != "link"));
    assert!(
        proposal.summary.contains("link"),
        "what was left out is not said: {}",
        proposal.summary
    );
    assert!(proposal.files.iter().all(|file| file.path != "keep.txt"));

    let reject = editor.decide(&task, "reject", json!({ "kind": "file", "path": "refused.txt" }));
    assert_eq!(reject["refused"], json!([]), "{reject:#}");
    let accept = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(accept["refused"], json!([]), "{accept:#}");
    assert_eq!(workspace.read("new/deep/file.txt"), "fresh\nno newline");
    assert!(!workspace.has("old.txt") && !workspace.has("here.txt") && !workspace.has("link"));
    assert_eq!(workspace.read("moved/there.txt"), "one\ntwo\nthree\nfour\nfive\nsix\n");
    assert_eq!(std::fs::read(workspace.path("blob.bin")).unwrap(), [0, 1, 255]);
    assert_eq!(std::fs::read(workspace.path("data.bin")).unwrap(), [0, 2, 0, 1, 255]);
    let mode = std::fs::metadata(workspace.path("tool.sh")).unwrap().permissions();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode) & 0o111,
        0o111,
        "the executable bit is lost"
    );
    assert_eq!(workspace.read("refused.txt"), "stays\n");
    editor.await_task(&workspace, "the end", wait::SHORT, |task| state_name(task) == "landed");
}

#[test]
fn a_new_file_never_replaces_one_of_the_user() {
    let env = TestEnv::new();
    let workspace = env.workspace("//- /keep.txt\nkept\n");
    env.script(&one_command("echo of the agent > notes.txt"));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "take notes");
    let task = editor.await_ready(&workspace);
    workspace.write("notes.txt", "of the user\n");
    let accept = editor.decide(&task, "accept", json!({ "kind": "all" }));
    assert_eq!(accept["decided"], json!([]), "{accept:#}");
    assert_eq!(workspace.read("notes.txt"), "of the user\n");
}

#[test]
fn a_repository_inside_the_result_runs_nothing_here() {
    let env = TestEnv::new();
    let workspace = env.workspace("//- /keep.txt\nkept\n//- /.gitattributes\n*.txt filter=evil\n");
    let mark = env.folder().join("filter-ran");
    let attack = format!(
        "git config --local filter.evil.clean 'touch {0}' ; mkdir -p inner && cd inner && git init -q . && \
         git config filter.evil.clean 'touch {0}' && git config core.fsmonitor 'touch {0}' && echo x > a.txt",
        mark.display()
    );
    env.script(&one_command(&attack));
    let mut editor = Editor::start(&env, &workspace);
    editor.run_text(&workspace, "try to get out");
    let task = editor.await_task(&workspace, "the end", wait::LONG, |task| task.state.is_settled());
    if state_name(&task) == "ready" {
        editor.decide(&task, "accept", json!({ "kind": "all" }));
    }
    assert!(!mark.exists(), "a filter of the agent's ran on this machine");
}
