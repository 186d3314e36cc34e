//! Reasons for failed model requests that say what to do next, whatever the driver.

use crate::text::clip;

/// The longest quotation of what the model service said, in bytes.
const MAX_QUOTE: usize = 600;

/// A model request that failed for good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApiFailure {
    /// The HTTP status, where there was an answer.
    pub(super) status: Option<u64>,
    /// The kind of error, as Claude Code or the API names it; may be empty.
    pub(super) kind: String,
    /// What was said about it.
    pub(super) text: String,
}

impl ApiFailure {
    /// Says what happened and what to do next.
    pub(super) fn reason(&self, model: &str) -> String {
        let advice = match (self.kind.as_str(), self.status) {
            ("billing_error", _) => {
                "The model service says that the account has no credit left. Add credit or use another credential, then run the task again.".to_owned()
            }
            ("authentication_failed" | "authentication_error" | "permission_error" | "oauth_org_not_allowed", _)
            | (_, Some(401 | 403)) => {
                "The model service refused the credential. Check the gateway's credential with `aca doctor`, then run the task again.".to_owned()
            }
            ("model_not_found" | "not_found_error", _) | (_, Some(404)) => {
                format!("The model service does not know the model `{model}`. Set another model in the configuration, then run the task again.")
            }
            ("rate_limit" | "rate_limit_error", _) | (_, Some(429)) => {
                "The model service's rate limit held through all tries. Wait a little, or run fewer tasks at once, then run the task again.".to_owned()
            }
            ("overloaded" | "overloaded_error", _) | (_, Some(529)) => {
                "The model service was overloaded through all tries. Run the task again later, or with another model.".to_owned()
            }
            (_, Some(413)) => {
                "The conversation has become too large for the model service. Make the task smaller, then run it again.".to_owned()
            }
            ("max_output_tokens", _) => {
                "The model reached its output limit several times in a row. Make the task smaller, then run it again.".to_owned()
            }
            (_, Some(500..=599)) => {
                "The model service failed through all tries. Run the task again later.".to_owned()
            }
            (_, Some(400..=499)) => {
                format!("The model service refused the request. Check the model `{model}` and the upstream in the configuration.")
            }
            _ => "No usable answer came from the model service. Check the upstream with `aca doctor`, then run the task again.".to_owned(),
        };
        let status = self.status.map(|status| format!(" {status}")).unwrap_or_default();
        match self.text.trim() {
            "" if self.status.is_none() => advice,
            "" => format!("{advice} It answered{status}."),
            text => format!("{advice} It said{status}: {}", clip(text, MAX_QUOTE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_says_what_to_do() {
        let cases = [
            (Some(401), "", "Invalid API key", "credential"),
            (Some(403), "", "", "credential"),
            (Some(400), "billing_error", "Credit balance is too low", "credit"),
            (Some(404), "model_not_found", "", "`m-1`"),
            (Some(429), "", "slow down", "rate limit"),
            (Some(529), "", "", "overloaded"),
            (None, "overloaded", "", "overloaded"),
            (Some(413), "", "", "smaller"),
            (Some(502), "", "", "later"),
            (Some(400), "", "bad field", "bad field"),
            (
                None,
                "",
                "Unable to connect to API (ConnectionRefused)",
                "ConnectionRefused",
            ),
        ];
        for (status, kind, text, want) in cases {
            let failure = ApiFailure {
                status,
                kind: kind.to_owned(),
                text: text.to_owned(),
            };
            let reason = failure.reason("m-1");
            assert!(reason.contains(want), "{status:?} {kind}: {reason}");
        }
    }
}
