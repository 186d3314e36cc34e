//! `{{name}}` in a script's texts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::script::Capture;

/// Returns the captured value: what stands between `after` and `until` in `text`, up to the end if `until` is not there.
pub(crate) fn capture<'a>(capture: &Capture, text: &'a str) -> Option<&'a str> {
    let (_, rest) = text.split_once(capture.after.as_str())?;
    Some(
        rest.split_once(capture.until.as_str())
            .map_or(rest, |(value, _)| value)
            .trim(),
    )
}

/// Puts values in place of their `{{name}}`. A name without a value stays as it is, since code may hold such braces;
/// values are not searched again.
pub(crate) fn fill(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once("{{") {
        filled.push_str(before);
        let named = from
            .split_once("}}")
            .and_then(|(name, after)| Some((values.get(name.trim())?, after)));
        if let Some((value, after)) = named {
            filled.push_str(value);
            rest = after;
        } else {
            filled.push_str("{{");
            rest = from;
        }
    }
    filled.push_str(rest);
    filled
}

/// Fills every string in a JSON value; keys stay as they are.
pub(crate) fn fill_value(value: &Value, values: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, values)),
        Value::Array(items) => items.iter().map(|item| fill_value(item, values)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), fill_value(value, values)))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_values_are_filled() {
        let values: BTreeMap<String, String> = [("ws", "/a"), ("self", "{{ws}}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        for (text, expected) in [
            ("{{ws}}/src", "/a/src"),
            ("{{ ws }}{{ws}}", "/a/a"),
            ("format!(\"{{x}}\")", "format!(\"{{x}}\")"),
            ("{{{ws}}}", "{{{ws}}}"),
            ("{{ {{ws}}", "{{ /a"),
            ("{{self}}", "{{ws}}"),
            ("{{", "{{"),
            ("", ""),
        ] {
            assert_eq!(fill(text, &values), expected, "{text}");
        }
        assert_eq!(
            fill_value(&serde_json::json!({"p": ["{{ws}}", 1]}), &values),
            serde_json::json!({"p": ["/a", 1]})
        );
    }

    #[test]
    fn a_capture_ends_where_it_says_or_with_the_text() {
        let rule = |until: &str| Capture {
            name: "x".into(),
            after: "dir: ".into(),
            until: until.into(),
        };
        assert_eq!(capture(&rule("\n"), "a\ndir: /ws \nb"), Some("/ws"));
        assert_eq!(capture(&rule(","), "dir: /ws"), Some("/ws"));
        assert_eq!(capture(&rule("\n"), "nothing"), None);
    }
}
