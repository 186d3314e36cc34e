//! `$/progress` for each task at work, with a cancel button that stops it.
//!
//! The tokens are ours. A token that came with a request is valid only until that request is answered, and starting a
//! task is answered at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aca_protocol::TaskId;
use aca_protocol::task::TaskView;
use lsp_types::notification::Progress as ProgressNotification;
use lsp_types::request::WorkDoneProgressCreate;
use lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::life::describe;

/// What a token begins with; the task's identifier follows.
const PREFIX: &str = "aca/task/";

/// The tasks whose progress is shown.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    shown: Mutex<HashMap<TaskId, watch::Sender<TaskView>>>,
}

impl Progress {
    /// Begins, goes on with or ends showing a task.
    pub(crate) fn update(&self, connection: &Arc<Connection>, view: &TaskView) {
        if !connection.flags().progress {
            return;
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = shown.get(&view.id) {
            sender.send_replace(view.clone());
        } else if !view.state.is_settled() {
            let (sender, receiver) = watch::channel(view.clone());
            shown.insert(view.id.clone(), sender);
            connection.background.spawn(show(Arc::clone(connection), receiver));
        }
        if view.state.is_settled() {
            // The task that shows it sees the last view and then the end of the channel.
            shown.remove(&view.id);
        }
    }

    /// Ends showing tasks that go on, because the client does not look at their workspace any more.
    pub(crate) fn forget(&self, tasks: &[TaskId]) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        // What shows a task sees the end of its channel.
        shown.retain(|task, _| !tasks.contains(task));
    }
}

/// Returns the task that a token of ours stands for.
pub(crate) fn task_of(token: &NumberOrString) -> Option<TaskId> {
    match token {
        NumberOrString::String(token) => token.strip_prefix(PREFIX).map(TaskId::new),
        NumberOrString::Number(_) => None,
    }
}

async fn show(connection: Arc<Connection>, mut views: watch::Receiver<TaskView>) {
    let mut view = views.borrow_and_update().clone();
    let token = NumberOrString::String(format!("{PREFIX}{}", view.id));
    let create = WorkDoneProgressCreateParams { token: token.clone() };
    if let Err(error) = connection.client.send_request::<WorkDoneProgressCreate>(create).await {
        tracing::debug!(%error, "the client does not show progress");
        return;
    }
    let send = |value| {
        let value = ProgressParamsValue::WorkDone(value);
        connection
            .client
            .send_notification::<ProgressNotification>(ProgressParams {
                token: token.clone(),
                value,
            })
    };
    send(WorkDoneProgress::Begin(WorkDoneProgressBegin {
        title: format!("aca: {}", view.title),
        cancellable: Some(true),
        message: Some(describe(&view, now_ms())),
        percentage: None,
    }))
    .await;
    while views.changed().await.is_ok() {
        view = views.borrow_and_update().clone();
        if view.state.is_settled() {
            break;
        }
        send(WorkDoneProgress::Report(WorkDoneProgressReport {
            cancellable: Some(true),
            message: Some(describe(&view, now_ms())),
            percentage: None,
        }))
        .await;
    }
    send(WorkDoneProgress::End(WorkDoneProgressEnd {
        message: Some(describe(&view, now_ms())),
    }))
    .await;
}

/// Returns the time in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
