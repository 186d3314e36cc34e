//! What counts where nobody says anything; `aca.default.toml` says the same.

use aca_protocol::agent::Driver;

use super::{
    Agent, Backend, Checks, ClaudeCode, Cleanup, Config, Daemon, Docker, Gateway, LogFormat, LogLevel, Logging, Review,
    Sandbox, Secrets, Session, Todo, Upstream,
};

impl Default for Config {
    fn default() -> Self {
        Self {
            session: Session {
                max_parallel: 4,
                checkpoint_interval_minutes: 15,
            },
            todo: Todo {
                keywords: ["TODO", "FIXME", "HACK", "BUG", "XXX"].map(String::from).to_vec(),
            },
            agent: Agent {
                driver: Driver::ClaudeCode,
                model: "claude-opus-4-8".into(),
                max_turns: 200,
                silence_minutes: 15,
                total_minutes: 120,
                reasons: true,
            },
            review: Review { save_landed: false },
            claude_code: ClaudeCode {
                path: None,
                version: "2.1.197".into(),
            },
            sandbox: Sandbox {
                backend: Backend::Docker,
                memory_mb: 4096,
                cpus: 2.0,
                pids: 512,
                tmp_mb: 512,
                unconfined: false,
            },
            docker: Docker {
                host: None,
                image: None,
                base: "debian:bookworm-slim".into(),
            },
            checks: Checks {
                enabled: true,
                command: None,
                timeout_minutes: 15,
                retries: 1,
            },
            gateway: Gateway {
                upstream: Upstream::Http("https://api.anthropic.com".into()),
                api_key_env: "ANTHROPIC_API_KEY".into(),
                api_key_file: None,
                idle_timeout_secs: 300,
            },
            secrets: Secrets { seal_sessions: false },
            logging: Logging {
                level: LogLevel::Info,
                format: LogFormat::Text,
            },
            daemon: Daemon { idle_minutes: 10 },
            cleanup: Cleanup {
                after_days: 90,
                max_gb: 5,
                trash_days: 14,
                min_free_mb: 512,
            },
        }
    }
}
