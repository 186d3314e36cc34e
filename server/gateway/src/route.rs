//! What a sandbox may ask for, and whether it may.

use aca_secrets::Secret;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::api_error::ApiError;
use crate::headers::X_API_KEY;

/// The requests the gateway answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Claude Code's warming of the connection.
    Hello,
    /// A model request.
    Messages,
    /// How many tokens a model request would have.
    CountTokens,
    /// The list of models.
    Models,
}

impl Route {
    /// Finds the route; anything else is not found.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, ApiError> {
        match (method.as_str(), path) {
            ("HEAD", "/") => Ok(Self::Hello),
            ("POST", "/v1/messages") => Ok(Self::Messages),
            ("POST", "/v1/messages/count_tokens") => Ok(Self::CountTokens),
            ("GET", "/v1/models") => Ok(Self::Models),
            _ => {
                let path: String = path.chars().take(100).collect();
                let message = format!(
                    "{method} {path} is not served by aca's gateway. It serves POST /v1/messages, \
                     POST /v1/messages/count_tokens and GET /v1/models."
                );
                Err(ApiError::new(StatusCode::NOT_FOUND, message).final_answer())
            }
        }
    }
}

/// Checks that the sandbox presents its attempt's token, as an API key or as a bearer token.
pub(crate) fn check_token(headers: &HeaderMap, token: &Secret) -> Result<(), ApiError> {
    let bearer = headers
        .get_all(AUTHORIZATION)
        .iter()
        .filter_map(|value| value.as_bytes().strip_prefix(b"Bearer "));
    let keys = headers.get_all(X_API_KEY).iter().map(|value| value.as_bytes());
    let expected = token.expose().as_bytes();
    let matches = keys
        .chain(bearer)
        .fold(subtle::Choice::from(0), |found, given| found | given.ct_eq(expected));
    if bool::from(matches) {
        return Ok(());
    }
    let message = "This request does not carry the token of its attempt. Only the agent that aca started in this \
                   sandbox may use the gateway.";
    Err(ApiError::new(StatusCode::UNAUTHORIZED, message).final_answer())
}

/// What the gateway needs to know of a model request's body.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Asked {
    /// The model.
    pub(crate) model: String,
    /// Whether the answer shall be a stream.
    #[serde(default)]
    pub(crate) stream: bool,
}

impl Asked {
    /// Reads a model request's body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        serde_json::from_slice(body).map_err(|error| {
            let message = format!("The request's body is not a Messages API request: {error}.");
            ApiError::new(StatusCode::BAD_REQUEST, message).final_answer()
        })
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_the_four_routes_are_found() {
        for (method, path, route) in [
            ("HEAD", "/", Some(Route::Hello)),
            ("POST", "/v1/messages", Some(Route::Messages)),
            ("POST", "/v1/messages/count_tokens", Some(Route::CountTokens)),
            ("GET", "/v1/models", Some(Route::Models)),
            ("GET", "/", None),
            ("GET", "/v1/messages", None),
            ("POST", "/v1/messages/", None),
            ("POST", "/v1/messages/../models", None),
            ("POST", "//v1/messages", None),
            ("DELETE", "/v1/files/1", None),
            ("POST", "/v1/messages/batches", None),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Route::of(&method, path).ok(), route, "{method} {path}");
        }
    }

    #[test]
    fn only_the_token_opens() {
        let token = Secret::parse("sandbox-token").unwrap();
        for (headers, opens) in [
            (vec![("x-api-key", "sandbox-token")], true),
            (vec![("authorization", "Bearer sandbox-token")], true),
            (
                vec![("x-api-key", "other"), ("authorization", "Bearer sandbox-token")],
                true,
            ),
            (vec![], false),
            (vec![("x-api-key", "")], false),
            (vec![("x-api-key", "sandbox-toke")], false),
            (vec![("x-api-key", "sandbox-tokenn")], false),
            (vec![("authorization", "sandbox-token")], false),
            (vec![("authorization", "Basic sandbox-token")], false),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(check_token(&map, &token).is_ok(), opens, "{headers:?}");
        }
    }

    #[test]
    fn a_body_is_read_or_refused() {
        assert_eq!(
            Asked::parse(br#"{"model":"m","messages":[]}"#).unwrap(),
            Asked {
                model: "m".into(),
                stream: false
            }
        );
        assert_eq!(
            Asked::parse(br#"{"model":"m","stream":true}"#).unwrap(),
            Asked {
                model: "m".into(),
                stream: true
            }
        );
        for body in ["", "{", "[]", "{\"stream\":true}", "{\"model\":7}", "\u{0}"] {
            assert_eq!(
                Asked::parse(body.as_bytes()).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{body:?}"
            );
        }
    }
}
