//! What an agent is told whose work was interrupted before its end.

/// Returns the next message of the conversation of an agent that goes on. `report` says what is in the files of what it
/// had changed; it is empty if it had changed nothing.
pub(crate) fn go_on(report: &str) -> String {
    format!(
        "Your work was interrupted before its end, some time ago. {}\n\nGo on from there, and do not do again what is \
         done.\n",
        files("you", report)
    )
}

/// Returns the first message of a new agent for work that another was interrupted in. `told` is what that one was told.
pub(crate) fn retold(told: &str, report: &str) -> String {
    format!(
        "{told}\nThis was begun before, by another agent, which was interrupted before its end. {}\n\nLook at what is \
         there first, then finish the work.\n",
        files("it", report)
    )
}

fn files(who: &str, report: &str) -> String {
    if report.is_empty() {
        return format!("Nothing that {who} changed was found, so the files are as the person has them now.");
    }
    format!(
        "The files are now as the person has them, with what was found of {} work put into them, so read a file again \
         before you change it. Line numbers below are those of the version from then.\n\n{}",
        if who == "you" { "your" } else { "its" },
        report.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_hears_whether_anything_was_found() {
        for (report, wanted) in [("", "Nothing that you changed"), ("- a.rs, line 3\n", "- a.rs, line 3")] {
            let message = go_on(report);
            assert!(message.contains(wanted) && message.contains("interrupted"), "{message}");
        }
        let message = retold("Do it.\n", "- a.rs\n");
        assert!(
            message.starts_with("Do it.\n") && message.contains("its work"),
            "{message}"
        );
    }
}
