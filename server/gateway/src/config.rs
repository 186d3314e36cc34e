//! What a gateway is made from.

use std::path::PathBuf;
use std::time::Duration;

use crate::credential::CredentialSource;
use crate::replay::ReplayOptions;

/// How a gateway behaves.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Who answers the requests.
    pub upstream: UpstreamConfig,
    /// How long the upstream may send nothing, before its first byte and between bytes. A stream that falls silent for
    /// longer is closed, upon which Claude Code asks again without streaming.
    pub idle_timeout: Duration,
    /// How long the upstream may take to answer a request that did not ask for a stream: such an answer comes only when
    /// it is complete. Not shorter than `idle_timeout`.
    pub unstreamed_timeout: Duration,
    /// How long connecting to the upstream may take.
    pub connect_timeout: Duration,
    /// The largest request body that is taken, in bytes.
    pub max_body_bytes: u64,
    /// How many model requests of one attempt are under way at once; further ones wait. At least one.
    pub concurrency_per_attempt: usize,
}

impl GatewayConfig {
    /// Returns the defaults with this upstream: 120 seconds of silence, 600 seconds for an answer that is not streamed,
    /// 15 seconds to connect, bodies of 32 MiB (the Messages API's own limit), 8 requests at once.
    pub fn new(upstream: UpstreamConfig) -> Self {
        Self {
            upstream,
            idle_timeout: Duration::from_secs(120),
            unstreamed_timeout: Duration::from_secs(600),
            connect_timeout: Duration::from_secs(15),
            max_body_bytes: 32 << 20,
            concurrency_per_attempt: 8,
        }
    }
}

/// Who answers the requests.
#[derive(Debug, Clone)]
pub enum UpstreamConfig {
    /// A service that speaks the Messages API.
    Http {
        /// Its address without `/v1`, such as `https://api.anthropic.com`. It must be `https`, unless it is loopback.
        base_url: String,
        /// The credential that is put in place of the sandbox's token.
        credential: CredentialSource,
    },
    /// A script in a file, read once at start.
    Replay {
        /// The script.
        script: PathBuf,
        /// Variables for it, and where to log.
        options: ReplayOptions,
    },
    /// A script as text.
    ReplayText {
        /// The script.
        text: String,
        /// Variables for it, and where to log.
        options: ReplayOptions,
    },
}
