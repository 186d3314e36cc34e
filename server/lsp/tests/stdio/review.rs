//! A plain client reviews a proposal: diagnostics, actions, and edits that it applies as editors do.

use serde_json::{Value, json};

use crate::Test;
use crate::client::Client;
use crate::seed::TASK;

pub(crate) const TESTS: &[Test] = &[
    (
        "review::a_hunk_lands_by_an_action_and_is_undone_by_one",
        a_hunk_lands_and_is_undone,
    ),
    (
        "review::an_outdated_action_is_refused_and_a_conflict_has_answers",
        an_outdated_action_is_refused,
    ),
    ("review::selected_lines_land_alone", selected_lines_land_alone),
    ("review::the_agents_text_can_be_taken", the_agents_text_can_be_taken),
    ("review::a_rejected_hunk_comes_back", a_rejected_hunk_comes_back),
    (
        "review::what_an_editor_does_not_show_has_not_landed",
        what_an_editor_does_not_show_has_not_landed,
    ),
    ("review::a_hover_says_what_is_proposed", a_hover_says_what_is_proposed),
    (
        "review::a_file_saved_with_other_words_is_merged_anew",
        a_file_saved_with_other_words_is_merged_anew,
    ),
];

const BASE: &str = "fn one() {}\nfn two() {}\nfn three() {}\nfn four() {}\nfn five() {}\nfn six() {}\nfn seven() {}\n";
const RESULT: &str =
    "fn one() {}\nfn second() {}\nfn third() {}\nfn four() {}\nfn five() {}\nfn six() {}\nfn last() {}\n";

/// An editor with one open document.
struct Editor {
    client: Client,
    uri: String,
    text: String,
    version: i32,
}

impl Editor {
    /// Opens the one file of a proposal with two hunks, of two lines and of one.
    fn open() -> Self {
        let literals = json!({ "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } });
        let mut client = Client::reviewing(
            json!({
                "textDocument": { "codeAction": literals, "publishDiagnostics": { "dataSupport": true } },
                "workspace": { "applyEdit": true, "workspaceEdit": { "documentChanges": true } },
            }),
            &[("a.rs", BASE)],
            &[("a.rs", RESULT)],
        );
        let uri = client.open("a.rs", BASE);
        let mut editor = Self {
            client,
            uri,
            text: BASE.to_owned(),
            version: 1,
        };
        editor.shows(&[(1, "pending"), (6, "pending")]);
        editor
    }

    /// Waits until the diagnostics are on these lines with these codes.
    #[track_caller]
    fn shows(&mut self, expected: &[(u64, &str)]) {
        let uri = self.uri.clone();
        self.client.wait("the diagnostics", |message| {
            let params = &message["params"];
            let found = params["diagnostics"].as_array().into_iter().flatten();
            let found: Vec<_> = found
                .map(|diagnostic| {
                    let line = diagnostic["range"]["start"]["line"].as_u64().unwrap();
                    (line, diagnostic["code"].as_str().unwrap())
                })
                .collect();
            message["method"] == "textDocument/publishDiagnostics" && params["uri"] == uri.as_str() && found == expected
        });
    }

    /// Types over whole lines.
    fn types(&mut self, lines: std::ops::Range<usize>, text: &str) {
        self.version += 1;
        let range = [lines.start as u32, 0, lines.end as u32, 0];
        self.client.change(&self.uri, self.version, range, text);
        let mut now: Vec<&str> = self.text.split_inclusive('\n').collect();
        now.splice(lines, [text]);
        self.text = now.concat();
    }

    fn actions(&mut self, range: [u32; 4]) -> Vec<Value> {
        let [sl, sc, el, ec] = range;
        let range = json!({ "start": { "line": sl, "character": sc }, "end": { "line": el, "character": ec } });
        let params = json!({ "textDocument": { "uri": self.uri }, "range": range, "context": { "diagnostics": [] } });
        let reply = self.client.request("textDocument/codeAction", params);
        reply["result"].as_array().unwrap().clone()
    }

    /// Returns the command of the action with a title.
    #[track_caller]
    fn action(&mut self, range: [u32; 4], title: &str) -> Value {
        let found = self.actions(range);
        let action = found.iter().find(|action| action["title"] == title);
        action.unwrap_or_else(|| panic!("{title}: {found:#?}"))["command"].clone()
    }

    #[track_caller]
    fn execute(&mut self, command: &Value) {
        let params = json!({ "command": command["command"], "arguments": command["arguments"] });
        let reply = self.client.request("workspace/executeCommand", params);
        assert!(reply.get("error").is_none(), "{reply}");
    }

    #[track_caller]
    fn choose(&mut self, line: u32, title: &str) {
        let command = self.action([line, 1, line, 1], title);
        self.execute(&command);
    }

    /// Applies the edit that the server asks for, as an editor does, and returns what the text is then.
    fn applies(&mut self) -> String {
        let request = self.client.incoming("workspace/applyEdit");
        let change = &request["params"]["edit"]["documentChanges"][0];
        assert_eq!(
            change["textDocument"],
            json!({ "uri": self.uri, "version": self.version })
        );
        let mut changes = change["edits"].as_array().unwrap().clone();
        for edit in &changes {
            let byte = |end: &str| {
                let at = &edit["range"][end];
                let lines = self
                    .text
                    .split_inclusive('\n')
                    .take(at["line"].as_u64().unwrap() as usize);
                lines.map(str::len).sum::<usize>() + at["character"].as_u64().unwrap() as usize
            };
            let (start, end) = (byte("start"), byte("end"));
            assert_eq!(changes.len(), 1, "the ranges below are those of one edit");
            self.text.replace_range(start..end, edit["newText"].as_str().unwrap());
        }
        for edit in &mut changes {
            edit["text"] = edit["newText"].take();
        }
        self.version += 1;
        let document = json!({ "uri": self.uri, "version": self.version });
        let change = json!({ "textDocument": document, "contentChanges": changes });
        self.client.notify("textDocument/didChange", change);
        self.client.answer(&request, json!({ "applied": true }));
        self.text.clone()
    }

    /// Waits for what the user is told.
    fn told(&mut self) -> String {
        let message = self.client.incoming("window/showMessage");
        message["params"]["message"].as_str().unwrap().to_owned()
    }
}

fn a_hunk_lands_and_is_undone() {
    let mut editor = Editor::open();
    editor.choose(6, "Accept this hunk");
    assert_eq!(editor.applies(), BASE.replace("seven", "last"));
    editor.shows(&[(1, "pending")]);
    // What was typed since stays.
    editor.types(0..0, "// typed\n");
    editor.shows(&[(2, "pending")]);
    editor.choose(0, "Undo the last landing");
    assert_eq!(editor.applies(), format!("// typed\n{BASE}"));
    editor.shows(&[(2, "pending"), (7, "pending")]);
    editor.choose(0, "Take back the last undo");
    assert_eq!(editor.applies(), format!("// typed\n{}", BASE.replace("seven", "last")));
    editor.shows(&[(2, "pending")]);
}

fn an_outdated_action_is_refused() {
    let mut editor = Editor::open();
    let outdated = editor.action([6, 0, 6, 0], "Accept this hunk");
    editor.types(6..7, "fn mine() {}\n");
    editor.shows(&[(1, "pending"), (6, "conflict")]);
    editor.execute(&outdated);
    let told = editor.told();
    assert!(!told.is_empty());
    let titles: Vec<_> = editor.actions([6, 0, 6, 0]);
    let titles: Vec<_> = titles.iter().take(4).map(|action| &action["title"]).collect();
    assert_eq!(
        titles,
        [
            "Keep mine",
            "Take the agent's",
            "Keep both to edit",
            "Ask the agent to redo it on my version"
        ]
    );
    editor.choose(6, "Keep mine");
    editor.shows(&[(1, "pending")]);
    assert!(editor.client.came("workspace/applyEdit").is_empty());
}

fn the_agents_text_can_be_taken() {
    let mut editor = Editor::open();
    editor.types(6..7, "fn mine() {}\n");
    editor.shows(&[(1, "pending"), (6, "conflict")]);
    editor.choose(6, "Take the agent's");
    assert_eq!(editor.applies(), BASE.replace("seven", "last"));
    editor.shows(&[(1, "pending")]);
}

fn selected_lines_land_alone() {
    let mut editor = Editor::open();
    let lines = editor.action([2, 0, 2, 5], "Accept only the selected lines");
    editor.execute(&lines);
    assert_eq!(editor.applies(), BASE.replace("three", "third"));
    editor.shows(&[(1, "pending"), (6, "pending")]);
}

fn a_rejected_hunk_comes_back() {
    let mut editor = Editor::open();
    editor.choose(6, "Reject this hunk");
    editor.shows(&[(1, "pending")]);
    editor.choose(6, "Bring the rejected hunk back");
    editor.shows(&[(1, "pending"), (6, "pending")]);
    assert!(editor.client.came("workspace/applyEdit").is_empty());
}

/// The editor says that it applied the edit, as Neovim does with an edit of an old version, and did not.
fn what_an_editor_does_not_show_has_not_landed() {
    let mut editor = Editor::open();
    editor.choose(6, "Accept this hunk");
    let request = editor.client.incoming("workspace/applyEdit");
    editor.client.answer(&request, json!({ "applied": true }));
    assert!(editor.told().contains("did not show the change"));
    let proposal = editor.client.request("aca/proposal", json!({ "task": TASK }));
    assert_eq!(proposal["result"]["files"][0]["hunks"][1]["state"]["name"], "clean");
    // Nothing is broken by it: the next try lands.
    editor.choose(6, "Accept this hunk");
    assert_eq!(editor.applies(), BASE.replace("seven", "last"));
    editor.shows(&[(1, "pending")]);
}

/// The user types between the edit's computation and its application: the edit is of an old version, is not applied, and
/// is computed anew on what the text is then.
fn a_file_saved_with_other_words_is_merged_anew() {
    let mut editor = Editor::open();
    editor.choose(6, "Accept this hunk");
    let late = editor.client.incoming("workspace/applyEdit");
    editor.types(0..0, "// typed\n");
    let document = json!({ "uri": editor.uri });
    editor
        .client
        .notify("textDocument/didSave", json!({ "textDocument": document }));
    editor.client.answer(&late, json!({ "applied": false }));
    assert_eq!(editor.applies(), format!("// typed\n{}", BASE.replace("seven", "last")));
    editor.shows(&[(2, "pending")]);
}

fn a_hover_says_what_is_proposed() {
    let mut editor = Editor::open();
    let at = json!({ "textDocument": { "uri": editor.uri }, "position": { "line": 6, "character": 4 } });
    let hover = editor.client.request("textDocument/hover", at);
    let contents = &hover["result"]["contents"];
    assert_eq!(contents["kind"], "plaintext");
    let value = contents["value"].as_str().unwrap();
    assert!(
        value.contains("+ fn last() {}") && value.contains("unverified"),
        "{value}"
    );
    let at = json!({ "textDocument": { "uri": editor.uri }, "position": { "line": 4, "character": 4 } });
    assert!(editor.client.request("textDocument/hover", at)["result"].is_null());
}
