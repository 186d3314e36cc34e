//! Which headers pass the gateway, in either direction. Everything else stays on its side.

use hyper::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};

/// Carries an API key.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Tells the client whether trying again can help.
pub(crate) const X_SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
/// Names a request in the upstream's logs.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const REQUEST: [HeaderName; 4] = [
    CONTENT_TYPE,
    USER_AGENT,
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
];
const RESPONSE: [HeaderName; 4] = [CONTENT_TYPE, REQUEST_ID, RETRY_AFTER, X_SHOULD_RETRY];
const LIMITS: &str = "anthropic-ratelimit-";

/// Returns what goes upstream of a sandbox's request headers. Bodies are asked for uncompressed, to be read on the way.
pub(crate) fn for_upstream(from: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in REQUEST {
        for value in from.get_all(&name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers
}

/// Returns what goes back to the sandbox of an upstream's response headers. A value with `secret` in it does not.
pub(crate) fn for_sandbox(from: &HeaderMap, secret: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in from {
        let passes = RESPONSE.contains(name) || name.as_str().starts_with(LIMITS);
        if passes && !secret.is_some_and(|secret| contains(value.as_bytes(), secret.as_bytes())) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len().max(1)).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).unwrap(),
                    HeaderValue::try_from(*value).unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn only_known_headers_go_upstream() {
        let from = map(&[
            ("x-api-key", "token"),
            ("authorization", "Bearer token"),
            ("connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("host", "gateway"),
            ("cookie", "a=b"),
            ("accept-encoding", "gzip, br"),
            ("content-type", "application/json"),
            ("user-agent", "claude-cli/2.1.197"),
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "a,b"),
            ("anthropic-beta", "c"),
        ]);
        let to = map(&[
            ("content-type", "application/json"),
            ("user-agent", "claude-cli/2.1.197"),
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "a,b"),
            ("anthropic-beta", "c"),
            ("accept-encoding", "identity"),
        ]);
        assert_eq!(for_upstream(&from), to);
    }

    #[test]
    fn only_known_headers_come_back_and_none_with_the_secret() {
        let from = map(&[
            ("connection", "close"),
            ("keep-alive", "timeout=5"),
            ("proxy-authenticate", "x"),
            ("set-cookie", "a=b"),
            ("location", "https://elsewhere"),
            ("transfer-encoding", "chunked"),
            ("content-encoding", "identity"),
            ("content-length", "7"),
            ("anthropic-organization-id", "org"),
            ("content-type", "application/json"),
            ("request-id", "req_1"),
            ("retry-after", "see SECRET"),
            ("x-should-retry", "true"),
            ("anthropic-ratelimit-requests-remaining", "3"),
        ]);
        let to = map(&[
            ("content-type", "application/json"),
            ("request-id", "req_1"),
            ("x-should-retry", "true"),
            ("anthropic-ratelimit-requests-remaining", "3"),
        ]);
        assert_eq!(for_sandbox(&from, Some("SECRET")), to);
    }
}
