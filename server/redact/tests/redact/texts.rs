//! Whole texts.

use std::borrow::Cow;

use aca_redact::{Known, Redactor};

use crate::samples::{RANDOM, key, private_key, tokens};

fn redact(text: &str) -> String {
    Redactor::default().text(text).into_owned()
}

#[test]
fn every_kind_of_token_goes_wherever_a_word_can_begin() {
    for (kind, token) in tokens() {
        for (before, after) in [
            ("", ""),
            ("use ", " for this"),
            ("KEY=", "\n"),
            ("\"", "\","),
            ("(", ")"),
            ("`", "`."),
            ("\\n", "\\n"),
            ("é", "é"),
        ] {
            let text = format!("{before}{token}{after}");
            let expected = format!("{before}[redacted:{kind}]{after}");
            assert_eq!(redact(&text), expected, "{text}");
        }
        let text = format!("part{token}");
        assert_eq!(redact(&text), text, "inside of a word it is none");
    }
}

#[test]
fn private_keys_go_in_every_form() {
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        let whole = private_key(label);
        let legacy = whole.replacen(
            "-----\n",
            "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00FF\n\n",
            1,
        );
        for key in [
            whole.clone(),
            whole.replace('\n', "\r\n"),
            whole.replace('\n', "\\n"),
            whole.replace('\n', "\\\\n"),
            whole.replace('\n', "\n    "),
            legacy,
        ] {
            let text = format!("key: |\n  {key}\nnext: value");
            assert_eq!(redact(&text), "key: |\n  [redacted:private-key]\nnext: value", "{text}");
        }
        let (cut, _) = whole.split_at(150);
        assert_eq!(redact(&format!("{cut}\n... (cut)")), "[redacted:private-key]... (cut)");
    }
}

#[test]
fn what_a_name_or_an_address_says_is_secret_goes() {
    let value = &RANDOM[..24];
    for (text, expected) in [
        (format!("API_KEY={value}\n"), "API_KEY=[redacted:secret]\n"),
        (format!("api-key: {value}"), "api-key: [redacted:secret]"),
        (format!("x-api-key: {value}\r\n"), "x-api-key: [redacted:secret]\r\n"),
        (
            format!("export DB_PASSWORD=\"{value}\""),
            "export DB_PASSWORD=\"[redacted:secret]\"",
        ),
        (
            format!("{{\"client_secret\": \"{value}\"}}"),
            "{\"client_secret\": \"[redacted:secret]\"}",
        ),
        (
            format!("{{\\\"clientSecret\\\":\\\"{value}\\\"}}"),
            "{\\\"clientSecret\\\":\\\"[redacted:secret]\\\"}",
        ),
        (format!("let token = '{value}';"), "let token = '[redacted:secret]';"),
        (
            format!("?access_token={value}&x=1"),
            "?access_token=[redacted:secret]&x=1",
        ),
        (
            format!("aws.secret_access_key := {value}/+"),
            "aws.secret_access_key := [redacted:secret]",
        ),
        (
            format!("Authorization: Bearer {value}."),
            "Authorization: Bearer [redacted:bearer]",
        ),
        (
            format!("authorization: Basic {value}=="),
            "authorization: Basic [redacted:secret]",
        ),
        (
            "postgres://app:hunter2!@db/x".into(),
            "postgres://app:[redacted:password]@db/x",
        ),
        (
            "redis://:s3cr3ts@db:6379".into(),
            "redis://:[redacted:password]@db:6379",
        ),
        ("https://x:wöhl@h".into(), "https://x:[redacted:password]@h"),
    ] {
        assert_eq!(redact(&text), expected, "{text}");
    }
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let commit = "3f786850e387550fdab836ed7e6dc881de23001b";
    for text in [
        "",
        "TODO: reject an empty password, and a token of 32 characters",
        "let token = next_token_from_stream_2(input);",
        "let password = config.database_password_v2.clone();",
        "API_KEY=your-api-key-goes-here-1",
        "api_key: ${{ secrets.API_KEY_2024_PRODUCTION }}",
        "token: $GITHUB_TOKEN_FOR_RELEASES_2",
        "password = \"\"",
        "Token: D3D10_SB_RESOURCE_3DDI_TYPE,",
        "generate_private_key: x25519_generate_private_key,",
        "secret_path = /etc/aca/keys/2024/11/01/key.pem",
        "max_tokens=4096000000000000000",
        "tokens: 12345678901234567890",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-ant-...",
        "sk-ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "AKIA0000000000000000",
        "Bearer tokens are passed in the Authorization header",
        "-----BEGIN PRIVATE KEY----- begins such a file",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUF\n",
        "https://user:password@example.com",
        "https://user:${PASSWORD}@example.com",
        "postgres://postgres:postgres@localhost",
        "see https://docs.example.com:8080/a@b",
        "eyJ is how a token begins, eyJhbGciOiJIUzI1NiJ9 is a header alone",
        "integrity: \"sha512-9fKd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo8RbNi0WyHx3C==\"",
        "\u{1f980} h\u{e9}llo \u{0} \u{7f}",
        &format!("commit {commit} of tree={commit}"),
        "550e8400-e29b-41d4-a716-446655440000",
        "[redacted:jwt] and [redacted] stay, api_key=[redacted:secret] too",
    ] {
        let redactor = Redactor::default();
        assert!(
            matches!(redactor.text(text), Cow::Borrowed(same) if same == text),
            "{text}: {}",
            redact(text)
        );
    }
}

#[test]
fn known_values_go_everywhere_and_the_longest_first() {
    let values: [&[u8]; 3] = [b"hunter2", b"hunter2-and-more", b""];
    let redactor = Redactor::new(values, false);
    for (text, expected) in [
        ("hunter2", "[redacted]"),
        ("myhunter22", "my[redacted]2"),
        ("hunter2-and-more", "[redacted]"),
        ("hunter2-and-mor", "[redacted]-and-mor"),
        ("hunthunter2", "hunt[redacted]"),
        ("hunter", "hunter"),
    ] {
        assert_eq!(redactor.text(text), expected, "{text}");
    }
    assert!(!format!("{redactor:?}").contains("hunter"));
}

#[test]
fn what_is_learned_counts_from_then_on() {
    let known = Known::new();
    let before = known.redactor();
    known.learn("short");
    known.learn("correct horse battery");
    let text = "short correct horse battery";
    assert_eq!(before.text(text), text);
    assert_eq!(known.redactor().text(text), "short [redacted]");
    assert_eq!(known.redactor().text(&key("ghp_", 36)), "[redacted:github-token]");
    for number in 0..200 {
        known.learn(&format!("another secret {number}"));
    }
    assert_eq!(known.redactor().text("another secret 199"), "[redacted]");
    assert!(!format!("{known:?}").contains("secret"));
}
