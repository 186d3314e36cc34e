//! Made-up secrets of every kind. They are put together here, so that no scanner takes this file for a leak.

/// What stands for the random part of a key.
pub(crate) const RANDOM: &str = "a8Kd03mZq9XwB7fLr2TnV5cYh1JsG6pEu4Qo8RbNi0WyHx3C";

/// A key that begins like this and has so many characters after it.
pub(crate) fn key(prefix: &str, length: usize) -> String {
    let body: String = RANDOM.chars().cycle().take(length).collect();
    format!("{prefix}{body}")
}

/// Every kind that says by itself what it is, with the kind's name.
pub(crate) fn tokens() -> Vec<(&'static str, String)> {
    let jwt = format!("eyJ{}.eyJ{}.{}", key("", 33), key("", 60), key("", 43));
    let mut tokens: Vec<(&str, String)> = [
        ("anthropic-key", "sk-ant-api03-", 95),
        ("openai-key", "sk-proj-", 48),
        ("openai-key", "sk-", 48),
        ("openrouter-key", "sk-or-v1-", 64),
        ("github-token", "ghp_", 36),
        ("github-token", "gho_", 36),
        ("github-token", "ghs_", 36),
        ("github-token", "github_pat_", 82),
        ("gitlab-token", "glpat-", 20),
        ("slack-token", "xoxb-", 50),
        ("slack-token", "xapp-", 50),
        ("google-key", "AIza", 35),
        ("google-token", "ya29.", 60),
        ("google-secret", "GOCSPX-", 28),
        ("stripe-key", "sk_live_", 24),
        ("stripe-key", "rk_live_", 99),
        ("stripe-secret", "whsec_", 32),
        ("npm-token", "npm_", 36),
        ("pypi-token", "pypi-AgEIcHlwaS5vcmc", 60),
        ("huggingface-token", "hf_", 34),
        ("digitalocean-token", "dop_v1_", 64),
    ]
    .into_iter()
    .map(|(kind, prefix, length)| (kind, key(prefix, length)))
    .collect();
    tokens.push(("aws-key", format!("AKIA{}", "Q3ZK7BXWN5TLMPR2")));
    tokens.push(("jwt", jwt));
    tokens
}

/// A private key in PEM form.
pub(crate) fn private_key(label: &str) -> String {
    let line = key("", 64);
    let lines = [line.as_str(); 5].join("\n");
    format!("-----BEGIN {label}-----\n{lines}\nMIIB=\n-----END {label}-----")
}
