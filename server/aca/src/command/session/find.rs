//! Sessions as they are named on the command line.

use aca_protocol::methods::Sessions;
use aca_protocol::session::{NoParams, SessionInfo};

use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};
use crate::terminal::harmless;

/// Finds a session by its name, its id or the beginning of that; without one, that of the command's workspace.
///
/// # Errors
///
/// When there is none, or there are several.
pub(crate) async fn session(link: &Link, wanted: Option<&str>, context: &Context) -> Result<SessionInfo, Failure> {
    let all = link.client.call::<Sessions>(NoParams {}).await?.sessions;
    match wanted {
        Some(wanted) => named(&all, wanted).cloned(),
        None => {
            let root = context.root()?;
            let (current, others): (Vec<_>, Vec<_>) = all
                .into_iter()
                .filter(|session| session.workspace == root)
                .partition(|session| session.current);
            current.into_iter().next().ok_or_else(|| {
                // It may be the one that cannot be read.
                if let Some(problem) = others.into_iter().find_map(|session| session.problem) {
                    return Failure::new(Exit::Unavailable, problem);
                }
                let message = format!(
                    "{} has no session yet. `aca session list` lists those of other workspaces.",
                    root.display()
                );
                Failure::new(Exit::Nothing, message)
            })
        }
    }
}

fn named<'s>(all: &'s [SessionInfo], wanted: &str) -> Result<&'s SessionInfo, Failure> {
    let exactly = |session: &&SessionInfo| session.name.as_deref() == Some(wanted) || session.id.as_str() == wanted;
    if let Some(session) = all.iter().find(exactly) {
        return Ok(session);
    }
    let alike: Vec<&SessionInfo> = all
        .iter()
        .filter(|session| session.id.as_str().starts_with(wanted))
        .collect();
    match alike.as_slice() {
        [session] => Ok(session),
        [] => Err(Failure::new(
            Exit::Nothing,
            format!(
                "There is no session `{}`; `aca session list` lists all.",
                harmless(wanted)
            ),
        )),
        several => Err(Failure::new(
            Exit::Usage,
            format!(
                "{} sessions begin with `{}`; say more of the id.",
                several.len(),
                harmless(wanted)
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use aca_protocol::SessionId;
    use aca_protocol::session::TaskCounts;
    use aca_protocol::task::Usage;

    use super::*;

    #[test]
    fn a_session_is_named_by_name_or_beginning() {
        let session = |id: &str, name: Option<&str>| SessionInfo {
            id: SessionId::new(id),
            workspace: "/w".into(),
            name: name.map(str::to_owned),
            created_ms: 0,
            changed_ms: 0,
            current: false,
            open: false,
            tasks: TaskCounts::default(),
            usage: Usage::default(),
            bytes: 0,
            problem: None,
        };
        let all = [
            session("ab12", None),
            session("ab34", Some("ab")),
            session("cd56", Some("greetings")),
        ];
        for (wanted, expected) in [
            ("ab1", Ok("ab12")),
            ("ab", Ok("ab34")),
            ("greetings", Ok("cd56")),
            ("c", Ok("cd56")),
            ("a", Err(Exit::Usage)),
            ("x", Err(Exit::Nothing)),
        ] {
            let found = named(&all, wanted).map(|session| session.id.as_str());
            assert_eq!(found.map_err(|failure| failure.exit), expected, "{wanted}");
        }
    }
}
