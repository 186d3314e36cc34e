//! The upstream credential: where it is kept, how it is read, and that it is never shown.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aca_redact::Known;
use aca_secrets::{Secret, Vault};

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use tokio::io::AsyncReadExt;

use crate::error::CredentialError;
use crate::headers::X_API_KEY;

/// No credential is longer than this, in bytes; a longer file is the wrong file.
const MAX_BYTES: u64 = 16 << 10;

/// The name of the stored API key in the vault.
pub const STORED_KEY: &str = "api-key";

/// A stored key is asked for again after this time, even if nothing says that it has changed: a keyring has owners of
/// its own.
const STORED_FOR: Duration = Duration::from_secs(60);

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
    /// The API key that `aca login` has stored in the vault; `env` is the variable that would come before it.
    Stored {
        /// The vault.
        vault: Vault,
        /// The variable, for messages.
        env: String,
    },
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
            Self::Stored { vault, .. } => match vault.place(STORED_KEY) {
                Ok(Some(place)) => format!("API key from {place}"),
                _ => "no API key".to_owned(),
            },
            Self::None => "no credential".to_owned(),
        }
    }

    async fn read(&self) -> Result<Option<Credential>, CredentialError> {
        let (place, value) = match self {
            Self::ApiKeyEnv(name) | Self::AuthTokenEnv(name) => {
                (format!("the environment variable {name}"), read_env(name)?)
            }
            Self::ApiKeyFile(path) | Self::AuthTokenFile(path) => {
                (format!("the file `{}`", path.display()), read_file(path).await?)
            }
            Self::Stored { vault, env } => {
                let secret = read_stored(vault.clone(), env).await?;
                return Ok(Some(Credential { secret, bearer: false }));
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

async fn read_stored(vault: Vault, env: &str) -> Result<Secret, CredentialError> {
    let reading = tokio::task::spawn_blocking(move || vault.get(STORED_KEY));
    match reading.await {
        Ok(Ok(Some((secret, _)))) => Ok(secret),
        Ok(Ok(None)) => Err(CredentialError::NotStored { env: env.to_owned() }),
        Ok(Err(error)) => Err(CredentialError::Stored(error.to_string())),
        Err(error) => Err(CredentialError::Stored(error.to_string())),
    }
}

/// Reads the credential from its source. One in the vault is remembered for as long as the vault has no other.
#[derive(Debug)]
pub(crate) struct CredentialReader {
    source: CredentialSource,
    stored: Mutex<Option<Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    credential: Credential,
    version: Option<SystemTime>,
    at: Instant,
}

impl CredentialReader {
    pub(crate) fn new(source: CredentialSource) -> Self {
        Self {
            source,
            stored: Mutex::default(),
        }
    }

    /// Says where the credential is and how it is sent, never what it is.
    pub(crate) fn describe(&self) -> String {
        self.source.describe()
    }

    /// Reads the credential. `None` if the upstream wants none. It is never written anywhere from then on.
    pub(crate) async fn read(&self) -> Result<Option<Credential>, CredentialError> {
        let version = match &self.source {
            CredentialSource::Stored { vault, .. } => vault.version(STORED_KEY),
            _ => None,
        };
        if let Some(credential) = self.remembered(version) {
            return Ok(Some(credential));
        }
        let credential = self.source.read().await?;
        if let Some(credential) = &credential {
            Known::of_process().learn(credential.secret.expose());
            self.remember(credential, version);
        }
        Ok(credential)
    }

    fn remembered(&self, version: Option<SystemTime>) -> Option<Credential> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = stored.as_ref()?;
        let valid = remembered.version == version && remembered.at.elapsed() < STORED_FOR;
        valid.then(|| remembered.credential.clone())
    }

    fn remember(&self, credential: &Credential, version: Option<SystemTime>) {
        if !matches!(self.source, CredentialSource::Stored { .. }) {
            return;
        }
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(Remembered {
            credential: credential.clone(),
            version,
            at: Instant::now(),
        });
    }
}

/// A credential that was read.
#[derive(Debug, Clone)]
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
            let error = CredentialReader::new(CredentialSource::ApiKeyFile(path.clone()))
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
        let error = CredentialReader::new(CredentialSource::ApiKeyEnv("ACA_TEST_NOT_SET".into()))
            .read()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("ACA_TEST_NOT_SET"), "{error}");
        let error = CredentialReader::new(CredentialSource::AuthTokenFile("/nowhere/token".into()))
            .read()
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("/nowhere/token"), "{error}");
        assert!(CredentialSource::None.read().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_stored_key_is_used_until_another_is_stored_or_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::new(dir.path());
        let reader = CredentialReader::new(CredentialSource::Stored {
            vault: vault.clone(),
            env: "ACA_TEST_NOT_SET".into(),
        });
        let missing = reader.read().await.unwrap_err().to_string();
        assert!(
            missing.contains("ACA_TEST_NOT_SET") && missing.contains("aca login"),
            "{missing}"
        );
        for key in ["made-up-key", "made-up-key", "another-made-up-key"] {
            vault.put(STORED_KEY, &Secret::parse(key).unwrap(), true).unwrap();
            for _ in 0..2 {
                let (_, header) = reader.read().await.unwrap().unwrap().header().unwrap();
                assert_eq!(header.to_str().unwrap(), key);
            }
        }
        assert!(reader.describe().contains("the file") && !reader.describe().contains("made-up"));
        vault.remove(STORED_KEY).unwrap();
        assert!(reader.read().await.is_err());
    }
}
