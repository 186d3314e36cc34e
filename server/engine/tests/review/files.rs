//! Encodings, links, saves and whatever else files and the programs around them bring.

use aca_engine::EditorReply;
use aca_protocol::proposal::{Decision, FileChange, HunkState, Resolution, Selection};

use crate::fixture::{Fixture, wait};

const BASE: &str = "eins\nzwei\ndrei\nvier\nfünf\nsechs\n";

/// How a text is written to a file.
type Encode = fn(&str) -> Vec<u8>;

const ENCODINGS: [Encode; 5] = [
    |text| text.as_bytes().to_vec(),
    |text| [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
    |text| {
        b"\xFF\xFE"
            .iter()
            .copied()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect()
    },
    |text| {
        b"\xFE\xFF"
            .iter()
            .copied()
            .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
            .collect()
    },
    |text| text.chars().map(|char| u8::try_from(char).unwrap()).collect(),
];

#[tokio::test]
async fn every_encoding_is_reviewed_by_lines_and_kept_byte_for_byte() {
    for encode in ENCODINGS {
        for end in ["\n", "\r\n"] {
            let text = |text: &str| text.replace('\n', end);
            let base = encode(&text(BASE));
            let result = encode(&text(&BASE.replace("zwei", "zwölf").replace("sechs", "6")));
            let fixture = Fixture::of(&[("f", &base)], &[("f", &result)]).await;
            assert_eq!(fixture.views().len(), 2, "by lines");
            assert_eq!(fixture.views()[0].new, text("zwölf\n"));
            let live = encode(&text(&BASE.replace("vier", "vörnehm")));
            std::fs::write(fixture.path("f"), &live).unwrap();
            assert_eq!(fixture.decide_nth(Decision::Accept, 0).await.refused, []);
            let landed = BASE.replace("zwei", "zwölf").replace("vier", "vörnehm");
            assert_eq!(fixture.bytes("f"), encode(&text(&landed)));
            assert_eq!(fixture.undo(None, None).await.refused, []);
            assert_eq!(fixture.bytes("f"), live);
        }
    }
}

#[tokio::test]
async fn an_open_document_holds_the_text_whatever_the_file_is_written_in() {
    for encode in ENCODINGS {
        let (base, result) = (encode(BASE), encode(&BASE.replace("zwei", "zwölf")));
        let fixture = Fixture::of(&[("f", &base)], &[("f", &result)]).await;
        let mut editor = fixture.open("f", BASE);
        let (accepted, after) = tokio::join!(fixture.accept_all(), editor.obey());
        assert_eq!((accepted.refused, after), (vec![], BASE.replace("zwei", "zwölf")));
        assert_eq!(fixture.bytes("f"), base);
    }
}

#[tokio::test]
async fn another_encoding_is_a_change_of_the_whole_file() {
    let [utf8, marked, ..] = ENCODINGS;
    let (base, result) = (marked(BASE), utf8(BASE));
    let fixture = Fixture::of(&[("f", &base)], &[("f", &result)]).await;
    assert_eq!(fixture.proposal().files[0].change, FileChange::Binary);
    let mut editor = fixture.open("f", BASE);
    let refused = fixture.accept_all().await.refused;
    assert!(refused[0].reason.contains("Close it"), "{refused:?}");
    assert!(editor.was_left_alone());
    editor.close();
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.bytes("f"), result);
}

#[tokio::test]
async fn a_character_that_the_encoding_lacks_is_refused_at_once() {
    let latin1 = ENCODINGS[4];
    let (base, result) = (latin1(BASE), latin1(&BASE.replace("zwei", "2")));
    let fixture = Fixture::of(&[("f", &base)], &[("f", &result)]).await;
    let params = aca_protocol::methods::AmendParams {
        task: fixture.task.clone(),
        hunk: fixture.views()[0].id.clone(),
        text: Some("→\n".to_owned()),
    };
    let refused = wait(fixture.engine.amend(params)).await.unwrap_err().to_string();
    assert!(refused.contains("8859-1") && refused.contains('→'), "{refused}");
    assert_eq!(fixture.accept_all().await.refused, []);
    assert_eq!(fixture.bytes("f"), result);
}

#[tokio::test]
async fn nothing_lands_through_a_link() {
    let fixture = Fixture::new(&[("d/f", "a\n")], &[("d/f", "b\n")]).await;
    std::fs::rename(fixture.path("d"), fixture.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", fixture.path("d")).unwrap();
    fixture.until(|states| states[0].is_conflict()).await;
    for resolution in [Resolution::Agent, Resolution::Both] {
        let refused = fixture.resolve_nth(resolution, 0).await.refused;
        assert!(refused[0].reason.contains("symbolic link"), "{refused:?}");
    }
    assert_eq!(fixture.read("elsewhere/f"), "a\n");
}

#[tokio::test]
async fn what_landed_is_saved_if_that_is_wanted_and_the_document_was_saved() {
    let fixture = Fixture::new(&[("f", BASE)], &[("f", &BASE.replace("zwei", "2"))]).await;
    fixture.write("aca.toml", "[review]\nsave_landed = true\n");
    let mut editor = fixture.open("f", BASE);
    let (accepted, after) = tokio::join!(fixture.accept_all(), editor.obey());
    assert_eq!((accepted.refused.len(), accepted.warnings.len()), (0, 0));
    assert_eq!(fixture.read("f"), after);
    editor.say(8, &format!("unsaved\n{after}"));
    let (_, after) = tokio::join!(fixture.undo(None, None), editor.obey());
    assert_eq!(after, format!("unsaved\n{BASE}"));
    assert_eq!(
        fixture.read("f"),
        BASE.replace("zwei", "2"),
        "what else was typed is not saved unasked"
    );
}

#[tokio::test]
async fn a_document_that_is_formatted_and_saved_in_between_lands_once() {
    let result = BASE.replace("zwei", "2");
    let fixture = Fixture::new(&[("f", BASE)], &[("f", &result)]).await;
    let mut editor = fixture.open("f", BASE);
    // It did what was asked, and a formatter changed another line before anyone saw that.
    let formatting = editor.answer(|editor, request| {
        let formatted = request.after.replace("sechs", "  sechs");
        editor.say(request.version + 1, &formatted);
        std::fs::write(fixture.path("f"), formatted).unwrap();
        EditorReply::Stale
    });
    let (accepted, _) = tokio::join!(fixture.accept_all(), formatting);
    assert_eq!((accepted.decided.len(), accepted.refused.len()), (1, 0));
    assert!(editor.was_left_alone());
    let (undone, after) = tokio::join!(fixture.undo(None, None), editor.obey());
    assert_eq!((undone.refused, after), (vec![], BASE.replace("sechs", "  sechs")));
}

#[tokio::test]
async fn a_document_that_never_rests_is_given_up() {
    let fixture = Fixture::new(&[("f", BASE)], &[("f", &BASE.replace("zwei", "2"))]).await;
    let mut editor = fixture.open("f", BASE);
    let typing = async {
        for n in 0..5 {
            let stale = |editor: &crate::fixture::Editor, _: &aca_engine::EditorRequest| {
                editor.say(n + 2, &format!("{n}\n{BASE}"));
                EditorReply::Stale
            };
            editor.answer(stale).await;
        }
    };
    let (accepted, ()) = tokio::join!(fixture.accept_all(), typing);
    assert!(accepted.refused[0].reason.contains("kept changing"), "{accepted:?}");
    assert_eq!((accepted.decided.len(), accepted.operation), (0, None));
    assert_eq!(fixture.states(), [HunkState::Moved]);
}

#[tokio::test]
async fn files_below_new_and_removed_directories_are_watched() {
    let base = [("deep/down/f", BASE)];
    let fixture = Fixture::new(&base, &[("deep/down/f", &BASE.replace("zwei", "2"))]).await;
    std::fs::rename(fixture.path("deep"), fixture.path("away")).unwrap();
    fixture.until(|states| states[0].is_conflict()).await;
    std::fs::rename(fixture.path("away"), fixture.path("deep")).unwrap();
    fixture.until(|states| states[0] == HunkState::Clean).await;
    std::fs::write(fixture.path("deep/down/other"), format!("0\n{BASE}")).unwrap();
    std::fs::rename(fixture.path("deep/down/other"), fixture.path("deep/down/f")).unwrap();
    fixture.until(|states| states[0] == HunkState::Moved).await;
}

#[tokio::test]
async fn a_save_that_comes_after_a_landing_into_the_old_file_is_merged() {
    use std::io::{Seek as _, Write as _};
    let result = BASE.replace("zwei", "2").replace("sechs", "6");
    let fixture = Fixture::new(&[("f", BASE)], &[("f", &result)]).await;
    // An editor that has the file open and writes in place, a moment too late.
    let mut late = std::fs::OpenOptions::new().write(true).open(fixture.path("f")).unwrap();
    assert_eq!(fixture.decide_nth(Decision::Accept, 0).await.refused, []);
    late.rewind().unwrap();
    late.write_all(format!("null\n{BASE}").as_bytes()).unwrap();
    fixture.until(|states| states[1] == HunkState::Moved).await;
    assert_eq!(fixture.read("f"), format!("null\n{}", BASE.replace("zwei", "2")));
    assert_eq!(fixture.everything(), ["f"]);
}

#[tokio::test]
async fn several_files_are_one_operation() {
    let base = [("a", "1\n"), ("b", "2\n")];
    let fixture = Fixture::new(&base, &[("a", "one\n"), ("b", "two\n")]).await;
    fixture.write("b", "mine\n");
    let result = fixture.decide(Decision::Accept, Selection::All).await;
    assert_eq!((result.decided.len(), result.refused.len()), (1, 1));
    let operations = fixture.operations().await;
    assert_eq!((operations.len(), &operations[0].paths[..]), (1, &["a".to_owned()][..]));
    assert_eq!(Some(&operations[0].id), result.operation.as_ref());
    let again = fixture.decide(Decision::Reject, Selection::All).await;
    assert_eq!((again.decided.len(), again.operation), (1, None));
}
