//! The upstream credential: where it is kept, how it is read, and that it is never shown.

use std::fmt;
use std::path::{Path, PathBuf};

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::io::AsyncReadExt;

use crate::error::CredentialError;
use crate::headers::X_API_KEY;

/// No credential is longer than this, in bytes; a longer file is the wrong file.
const MAX_BYTES: u64 = 16 << 10;

/// Where the upstream credential is kept. It is read anew for each request, so that a renewed one is used at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// An environment variable that holds an API key, sent as `x-api-key`.
    ApiKeyEnv(String),
    /// An environment variable that holds a token, sent as `Authorization: Bearer`.
    AuthTokenEnv(String),
    /// A file that holds an API key, sent as `x-api-key`.
    ApiKeyFile(PathBuf),
    /// A file that holds a token, sent as `Authorization: Bearer`.
    AuthTokenFile(PathBuf),
    /// The upstream wants none.
    None,
}

impl CredentialSource {
    /// Says where the credential is and how it is sent, never what it is.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::ApiKeyEnv(name) => format!("API key from the environment variable {name}"),
            Self::AuthTokenEnv(name) => format!("bearer token from the environment variable {name}"),
            Self::ApiKeyFile(path) => format!("API key from the file `{}`", path.display()),
            Self::AuthTokenFile(path) => format!("bearer token from the file `{}`", path.display()),
            Self::None => "no credential".to_owned(),
        }
    }

    /// Reads the credential. `None` if the upstream wants none.
    pub(crate) async fn read(&self) -> Result<Option<Credential>, CredentialError> {
        let (place, value) = match self {
            Self::ApiKeyEnv(name) | Self::AuthTokenEnv(name) => {
                (format!("the environment variable {name}"), read_env(name)?)
            }
            Self::ApiKeyFile(path) | Self::AuthTokenFile(path) => {
                (format!("the file `{}`", path.display()), read_file(path).await?)
            }
            Self::None => return Ok(None),
        };
        let secret = Secret::parse(&value).map_err(|reason| CredentialError::Unusable { place, reason })?;
        let bearer = matches!(self, Self::AuthTokenEnv(_) | Self::AuthTokenFile(_));
        Ok(Some(Credential { secret, bearer }))
    }
}

fn read_env(name: &str) -> Result<String, CredentialError> {
    match std::env::var(name) {
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(CredentialError::EnvMissing { name: name.to_owned() }),
        Err(std::env::VarError::NotUnicode(_)) => Err(CredentialError::Unusable {
            place: format!("the environment variable {name}"),
            reason: "not text",
        }),
    }
}

async fn read_file(path: &Path) -> Result<String, CredentialError> {
    let read = async {
        let file = tokio::fs::File::open(path).await?;
        let mut value = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut value).await?;
        Ok(value)
    };
    read.await.map_err(|source| CredentialError::FileUnreadable {
        path: path.to_owned(),
        source,
    })
}

/// A credential that was read.
#[derive(Debug)]
pub(crate) struct Credential {
    secret: Secret,
    bearer: bool,
}

impl Credential {
    /// Returns the header that carries it, marked as sensitive.
    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        let (name, text) = if self.bearer {
            (AUTHORIZATION, format!("Bearer {}", self.secret.expose()))
        } else {
            (X_API_KEY, self.secret.expose().to_owned())
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    /// Returns the bytes that must not appear in any answer.
    pub(crate) fn secret(&self) -> &Secret {
        &self.secret
    }
}

/// A value that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a value, surrounding white space removed, or says what is wrong with it.
    pub(crate) fn parse(value: &str) -> Result<Self, &'static str> {
        let value = value.trim();
        if value.is_empty() {
            return Err("empty");
        }
        if value.len() as u64 > MAX_BYTES {
            return Err("too long");
        }
        // Quotes and backslashes would look different in JSON, where an echo of the value must be recognised.
        if !value
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        {
            return Err("more than one word, not ASCII, or holds quotes or backslashes");
        }
        Ok(Self(value.to_owned()))
    }

    /// Returns the value itself, for the one header it belongs in and for looking for it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_gives_the_header_its_kind_wants() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        std::fs::write(&path, "made-up-key\n").unwrap();
        for (source, name, value) in [
            (CredentialSource::ApiKeyFile(path.clone()), "x-api-key", "made-up-key"),
            (
                CredentialSource::AuthTokenFile(path.clone()),
                "authorization",
                "Bearer made-up-key",
            ),
        ] {
            let credential = source.read().await.unwrap().unwrap();
            let (header, sent) = credential.header().unwrap();
            assert_eq!((header.as_str(), sent.to_str().unwrap()), (name, value));
            assert!(sent.is_sensitive());
            for shown in [
                format!("{credential:?}"),
                format!("{sent:?}"),
                format!("{source:?}"),
                source.describe(),
            ] {
                assert!(!shown.contains("made-up-key"), "{shown}");
            }
        }
    }

    #[tokio::test]
    async fn what_cannot_be_a_credential_is_refused_without_being_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let long = "x".repeat(17 << 10);
        for (content, reason) in [
            ("", "empty"),
            (" \n", "empty"),
            ("two words", "more than one word"),
            ("line\nline", "more than one word"),
            ("kéy", "not ASCII"),
            ("k\"y", "quotes"),
            (long.as_str(), "too long"),
        ] {
            std::fs::write(&path, content).unwrap();
            let error = CredentialSource::ApiKeyFile(path.clone())
                .read()
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(reason), "{error}");
            assert!(error.contains("/key"), "{error}");
            assert!(content.trim().is_empty() || !error.contains(content), "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_missing_is_named() {
        let error = CredentialSource::ApiKeyEnv("ACA_TEST_NOT_SET".into())
            .read()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("ACA_TEST_NOT_SET"), "{error}");
        let error = CredentialSource::AuthTokenFile("/nowhere/token".into())
            .read()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("/nowhere/token"), "{error}");
        assert!(CredentialSource::None.read().await.unwrap().is_none());
    }
}
