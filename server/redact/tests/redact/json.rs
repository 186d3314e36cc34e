//! JSON: it stays JSON, and only strings with secrets in them change.

use std::borrow::Cow;

use aca_redact::Redactor;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{RANDOM, key, private_key, tokens};

#[test]
fn strings_change_and_nothing_else() {
    let token = key("ghp_", 36);
    let value = &RANDOM[..24];
    for (text, expected) in [
        (
            format!(r#"{{ "a" : "{token}" , "b": 1.50e3 }}"#),
            r#"{ "a" : "[redacted:github-token]" , "b": 1.50e3 }"#,
        ),
        (
            format!(r#"["{token}",null,"{token}"]"#),
            r#"["[redacted:github-token]",null,"[redacted:github-token]"]"#,
        ),
        (
            format!(r#"{{"api_key":"{value}","n":"{value}"}}"#),
            &format!(r#"{{"api_key":"[redacted:secret]","n":"{value}"}}"#),
        ),
        (
            format!(r#"{{"text":"line\n{token}\n\"end\" \u00e9"}}"#),
            r#"{"text":"line\n[redacted:github-token]\n\"end\" é"}"#,
        ),
        (
            format!(r#""{}""#, token.replace('g', "\\u0067")),
            r#""[redacted:github-token]""#,
        ),
        (
            format!(r#"{{"in":"{{\"password\":\"{value}\"}}"}}"#),
            r#"{"in":"{\"password\":\"[redacted:secret]\"}"}"#,
        ),
        (format!(r#"{{"{token}":1}}"#), r#"{"[redacted:github-token]":1}"#),
    ] {
        assert_eq!(Redactor::default().json(&text), expected, "{text}");
    }
}

#[test]
fn without_a_secret_it_is_the_same_text() {
    for text in [
        "",
        "null",
        r#"{"a":"\ud83e\udd80 \ud800 \/","b":[1,2,{"c":"x"}],"token":"none"}"#,
        r#"{"a":"not closed"#,
        r#"{"hash":"3f786850e387550fdab836ed7e6dc881de23001b"}"#,
    ] {
        assert!(
            matches!(Redactor::default().json(text), Cow::Borrowed(same) if same == text),
            "{text}"
        );
    }
}

#[test]
fn the_values_of_excepted_names_stay_with_everything_inside() {
    let token = key("ghp_", 36);
    let text = json!({
        "title": token, "landed": {"h1": token, "more": [{"x": token}]}, "path": token,
        "steps": [{"landed": {}, "note": token}], "last": token,
    });
    let gone = "[redacted:github-token]";
    let expected = json!({
        "title": gone, "landed": {"h1": token, "more": [{"x": token}]}, "path": token,
        "steps": [{"landed": {}, "note": gone}], "last": gone,
    });
    let redacted = Redactor::default()
        .json_except(&text.to_string(), &["landed", "path"])
        .into_owned();
    assert_eq!(serde_json::from_str::<Value>(&redacted).unwrap(), expected);
}

fn values() -> impl Strategy<Value = Value> {
    let mut texts: Vec<String> = tokens().into_iter().map(|(_, token)| token).collect();
    texts.extend([
        private_key("PRIVATE KEY"),
        "known value".into(),
        "plain \" \\ \n text".into(),
        "\\".into(),
    ]);
    let leaf = prop_oneof![
        prop::collection::vec(prop::sample::select(texts), 0..4).prop_map(|texts| json!(texts.concat())),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Redacts each string on its own.
fn by_value(redactor: &Redactor, value: &mut Value) {
    match value {
        Value::String(text) => *text = redactor.text(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(|item| by_value(redactor, item)),
        Value::Object(fields) => fields.values_mut().for_each(|field| by_value(redactor, field)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn it_stays_json_and_says_what_redacting_each_string_says(value in values()) {
        let redactor = Redactor::new([&b"known value"[..]], true);
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let redacted = redactor.json(&text);
            prop_assert!(!redacted.contains("known value"));
            let mut expected = value.clone();
            by_value(&redactor, &mut expected);
            prop_assert_eq!(serde_json::from_str::<Value>(&redacted).unwrap(), expected);
        }
    }
}
