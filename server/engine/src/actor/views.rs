//! What front ends read: views of a session's tasks, replaced as they change and shared as long as they do not.

use std::sync::{Arc, PoisonError};

use aca_protocol::task::TaskView;
use aca_protocol::{SessionId, TaskId};
use imbl::Vector;

use super::{Actor, Session};
use crate::core::{Live, Task};
use crate::handle::{Change, SessionView};

impl Actor {
    /// Replaces all views of a session.
    pub(super) fn publish_all(&self, id: &SessionId) {
        if let Some(session) = self.sessions.get(id) {
            let tasks = session.state.tasks().map(|task| Arc::new(session.view(task))).collect();
            self.put(session, tasks);
        }
    }

    /// Replaces the view of a task and tells subscribers.
    pub(super) fn publish(&self, id: &SessionId, changed: &TaskId) {
        let Some(session) = self.sessions.get(id) else { return };
        let Some(task) = session.state.task(changed).filter(|task| !task.aside) else {
            return;
        };
        let view = Arc::new(session.view(task));
        let known = {
            let views = self.shared.views.read().unwrap_or_else(PoisonError::into_inner);
            let known = views.sessions.get(&session.context.root);
            known.map(|known| known.tasks.clone()).unwrap_or_default()
        };
        let mut tasks = known;
        // What changes is mostly new.
        let at = tasks.iter().rev().position(|known| known.id == *changed);
        match at {
            Some(from_end) => drop(tasks.set(tasks.len() - 1 - from_end, Arc::clone(&view))),
            None => tasks.push_back(Arc::clone(&view)),
        }
        self.put(session, tasks);
        // Nobody may be listening.
        let _ = self.shared.changes.send(Change::Task((*view).clone()));
    }

    fn put(&self, session: &Session, tasks: Vector<Arc<TaskView>>) {
        let context = &session.context;
        let replaced = SessionView {
            session: context.id.clone(),
            dir: context.dir.clone(),
            tasks,
            context: Arc::clone(context),
            review: session.review.clone(),
            checkpoints: session.checkpoints.clone(),
            settled: session.settled.clone(),
        };
        let mut views = self.shared.views.write().unwrap_or_else(PoisonError::into_inner);
        views.sessions.insert(context.root.clone(), Arc::new(replaced));
    }
}

impl Session {
    fn view(&self, task: &Task) -> TaskView {
        let none = Live::default();
        let live = self.live.get(&task.id).unwrap_or(&none);
        self.state.view(task, live, &self.context.root)
    }
}
