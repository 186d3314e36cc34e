//! The gateway itself: set up once, serving any number of streams of any number of attempts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aca_protocol::AttemptId;
use aca_redact::Known;
use aca_secrets::Secret;
use bytes::Bytes;
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};

use crate::api_error::ApiError;
use crate::body::Body;
use crate::config::{GatewayConfig, UpstreamConfig};
use crate::connection::Connection;
use crate::credential::Credential;
use crate::error::Error;
use crate::exchange::ExchangeLog;
use crate::http_upstream::HttpUpstream;
use crate::meter::RequestUsage;
use crate::replay::{RecordedRequest, Replay};

/// Serves model requests of agents. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

/// Whose requests arrive on a stream.
#[derive(Debug, Clone)]
pub struct Client {
    /// The attempt.
    pub attempt: AttemptId,
    /// What its requests must carry.
    pub token: String,
    /// Where it is told what each request used.
    pub usage: mpsc::UnboundedSender<RequestUsage>,
    /// What keeps a record of each request with its answer.
    pub exchanges: Option<ExchangeLog>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) upstream: Upstream,
    permits: Mutex<HashMap<AttemptId, Weak<Semaphore>>>,
}

#[derive(Debug)]
pub(crate) enum Upstream {
    Http(Box<HttpUpstream>),
    Replay(Replay),
}

impl Gateway {
    /// Sets a gateway up: checks the upstream's address or reads the script. Nothing is sent yet, and the credential is
    /// looked for only when a request needs it.
    pub fn new(config: GatewayConfig) -> Result<Self, Error> {
        let upstream = match &config.upstream {
            UpstreamConfig::Http { base_url, credential } => {
                let http = HttpUpstream::new(base_url, credential.clone(), config.connect_timeout)?;
                Upstream::Http(Box::new(http))
            }
            UpstreamConfig::Replay { script, options } => Upstream::Replay(Replay::from_file(script, options.clone())?),
            UpstreamConfig::ReplayText { text, options } => Upstream::Replay(Replay::from_text(text, options.clone())?),
        };
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                upstream,
                permits: Mutex::default(),
            }),
        })
    }

    /// Returns the host that requests go to, or `replay` where a script answers.
    pub fn upstream(&self) -> String {
        match &self.shared.config.upstream {
            UpstreamConfig::Http { base_url, .. } => {
                let (_, rest) = base_url.split_once("://").unwrap_or(("", base_url));
                rest.split('/').next().unwrap_or_default().to_owned()
            }
            UpstreamConfig::Replay { .. } | UpstreamConfig::ReplayText { .. } => "replay".to_owned(),
        }
    }

    /// Serves the HTTP/1.1 requests that arrive on one byte stream of `client`, until it closes. Dropping the future
    /// closes the stream and gives up what is under way.
    pub async fn serve<S>(&self, stream: S, client: Client)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Client {
            attempt,
            token,
            usage,
            exchanges,
        } = client;
        // The token opens the gateway for as long as the attempt runs, and is in the environment of what runs in it.
        Known::of_process().learn(&token);
        let Ok(token) = Secret::parse(&token) else {
            tracing::error!(%attempt, "The attempt's gateway token cannot be used; its stream is closed.");
            return;
        };
        let permits = self.shared.permits(&attempt);
        let connection = Arc::new(Connection {
            shared: self.shared.clone(),
            attempt,
            token,
            usage,
            exchanges,
            permits,
        });
        let service = service_fn(|request| {
            let connection = connection.clone();
            async move { connection.answer(request).await }
        });
        if let Err(error) = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await
        {
            tracing::debug!(attempt = %connection.attempt, %error, "A model stream ended early.");
        }
    }

    /// Says who answers model requests and with which credential, for `aca doctor`; never what the credential is.
    /// Fails if the credential cannot be had. Nothing is sent.
    pub async fn probe(&self) -> Result<String, Error> {
        match &self.shared.upstream {
            Upstream::Http(http) => {
                http.credential().read().await?;
                Ok(format!("{} with {}", http.host(), http.credential().describe()))
            }
            Upstream::Replay(replay) => Ok(replay.describe()),
        }
    }

    /// Returns what a replay upstream was asked so far, oldest first; nothing for another upstream.
    pub fn replay_requests(&self) -> Vec<RecordedRequest> {
        match &self.shared.upstream {
            Upstream::Replay(replay) => replay.requests(),
            Upstream::Http(_) => Vec::new(),
        }
    }
}

impl Shared {
    fn permits(&self, attempt: &AttemptId) -> Arc<Semaphore> {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        permits.retain(|_, semaphore| semaphore.strong_count() > 0);
        if let Some(semaphore) = permits.get(attempt).and_then(Weak::upgrade) {
            return semaphore;
        }
        let semaphore = Arc::new(Semaphore::new(
            self.config.concurrency_per_attempt.clamp(1, Semaphore::MAX_PERMITS),
        ));
        permits.insert(attempt.clone(), Arc::downgrade(&semaphore));
        semaphore
    }
}

impl Upstream {
    /// Names it for messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Http(http) => http.host(),
            Self::Replay(_) => "the replay script".to_owned(),
        }
    }

    /// Reads the credential for one request.
    pub(crate) async fn credential(&self) -> Result<Option<Credential>, ApiError> {
        match self {
            Self::Http(http) => Ok(http.credential().read().await?),
            Self::Replay(_) => Ok(None),
        }
    }

    /// Sends a request.
    pub(crate) async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        headers: HeaderMap,
        body: Bytes,
        credential: Option<&Credential>,
    ) -> Result<Response<Body>, ApiError> {
        match self {
            Self::Http(http) => http.send(method, path_and_query, headers, body, credential).await,
            Self::Replay(replay) => Ok(replay.answer(&method, path_and_query, &headers, body).await),
        }
    }
}
