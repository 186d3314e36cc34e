//! Which TODO of a document a task was made from: lines move, texts stay.

use std::sync::Arc;

use aca_protocol::task::{Origin, TaskView};
use aca_workspace::todo::Todo;

use crate::documents::line_of;

/// Returns, for each TODO, the newest task that was made from it.
///
/// A task belongs to the TODO with its text that is nearest to the line the task was made on. `tasks` are those of the
/// document's file, newest first.
pub(crate) fn tasks_of<'a>(todos: &[Todo], tasks: &'a [Arc<TaskView>]) -> Vec<Option<&'a Arc<TaskView>>> {
    let mut found = vec![None; todos.len()];
    for task in tasks {
        let Origin::Todo { line, text, .. } = &task.origin else {
            continue;
        };
        let same = todos.iter().zip(&mut found).filter(|(todo, _)| todo.text == *text);
        let nearest = same.min_by_key(|(todo, _)| line_of(todo).abs_diff(*line));
        if let Some((_, slot)) = nearest
            && slot.is_none()
        {
            *slot = Some(task);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::fixture::{rust_document, todo_task};

    /// Checks which task each TODO of `text` gets; a task is its name, the line it was made on and its text.
    #[track_caller]
    fn check(text: &str, tasks: &[(&str, u32, &str)], expected: &[Option<&str>]) {
        let document = rust_document(text);
        let tasks: Vec<_> = tasks
            .iter()
            .map(|(id, line, text)| Arc::new(todo_task(id, "a.rs", *line, text)))
            .collect();
        let found = tasks_of(document.todos(), &tasks);
        let found: Vec<_> = found.iter().map(|task| task.map(|task| task.id.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tasks_follow_their_text() {
        check("// TODO a\n// x\n", &[], &[None]);
        check("// TODO a\n", &[("1", 0, "TODO a")], &[Some("1")]);
        check("\n\n\n// TODO a\n", &[("1", 0, "TODO a")], &[Some("1")]);
        check("// TODO b\n", &[("1", 0, "TODO a")], &[None]);
    }

    #[test]
    fn equal_texts_are_told_apart_by_line() {
        let text = "// TODO a\nx;\nx;\nx;\n// TODO a\n";
        check(text, &[("2", 4, "TODO a"), ("1", 0, "TODO a")], &[Some("1"), Some("2")]);
        check(text, &[("2", 3, "TODO a")], &[None, Some("2")]);
    }

    #[test]
    fn the_newest_task_of_a_todo_counts() {
        check("// TODO a\n", &[("2", 0, "TODO a"), ("1", 0, "TODO a")], &[Some("2")]);
    }
}
