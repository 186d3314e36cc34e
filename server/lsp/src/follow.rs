//! Follows the engine: each change goes to the board, to what is published, and to front ends that asked for it.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use aca_engine::Change;
use aca_protocol::TaskId;
use aca_protocol::methods::{
    Conflict, ConflictParams, ProposalChanged, ProposalChangedParams, StatusChanged, TaskChanged, TasksParams,
};
use aca_protocol::task::TaskView;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::connection::Connection;
use crate::{checks, conflict, settings};

/// Follows the engine's changes for as long as both live.
pub(crate) async fn changes(connection: Arc<Connection>, mut changes: broadcast::Receiver<Change>) {
    connection.ready.cancelled().await;
    loop {
        match changes.recv().await {
            Ok(Change::Task(view)) => task(&connection, view).await,
            Ok(Change::Proposal { task, revision }) => proposal(&connection, task, revision).await,
            Ok(Change::Conflict(params)) => conflict(&connection, params).await,
            Ok(Change::Status(status)) => {
                if connection.flags().aca {
                    notify::<StatusChanged>(&connection, status).await;
                }
            }
            Ok(Change::Session(root)) => session(&connection, &root).await,
            Ok(Change::Settings(root)) => {
                if let Some(root) = connection.workspaces.canonical(&root) {
                    // What is wrong is said to the one that made it so.
                    settings::read_again(&connection, &root);
                }
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "the client fell behind the engine; everything is read again");
                read_everything(&connection).await;
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Reads what the engine knows of a workspace that the client has come to; later changes come through [`changes`].
pub(crate) fn read_workspace(connection: &Arc<Connection>, root: &Path) {
    read(connection, root);
    // A client that names no workspaces does not know which one it could ask about.
    if !connection.workspaces.is_named() && connection.flags().aca {
        let (behind, root) = (Arc::clone(connection), root.to_owned());
        connection.background.spawn(async move { tell(&behind, &root).await });
    }
}

/// Tells the client of the tasks that a workspace has.
async fn tell(connection: &Connection, root: &Path) {
    let tasks = connection.engine.tasks(root).map(|tasks| tasks.tasks);
    for view in tasks.unwrap_or_default() {
        notify::<TaskChanged>(connection, view).await;
    }
}

fn read(connection: &Arc<Connection>, root: &Path) {
    let Ok(tasks) = connection.engine.tasks(root) else {
        return;
    };
    for view in &tasks.tasks {
        record_task(connection, view);
    }
    read_operations(connection, root);
    read_check(connection, root);
    for proposal in connection.engine.proposals(root) {
        record_proposal(connection, &proposal.task);
    }
}

/// Reads, behind the caller, what a workspace's check is.
pub(crate) fn read_check(connection: &Arc<Connection>, root: &Path) {
    let (behind, root) = (Arc::clone(connection), root.to_owned());
    connection.background.spawn(async move {
        let params = TasksParams {
            workspace: root.clone(),
        };
        match behind.engine.check_command(params).await {
            Ok(check) => behind.board.set_check(&root, check),
            Err(error) => tracing::debug!(%error, "what the check is cannot be read"),
        }
    });
}

/// Reads, behind the caller, what has landed in a workspace.
fn read_operations(connection: &Arc<Connection>, root: &Path) {
    let (behind, root) = (Arc::clone(connection), root.to_owned());
    connection.background.spawn(async move {
        let params = TasksParams {
            workspace: root.clone(),
        };
        match behind.engine.operations(params).await {
            Ok(result) => behind.board.set_operations(&root, result.operations),
            Err(error) => tracing::debug!(%error, "what has landed cannot be read"),
        }
    });
}

/// Another session takes the place of the one that a workspace had open.
async fn session(connection: &Arc<Connection>, root: &Path) {
    forget(connection, root);
    if connection.workspaces.canonical(root).is_some() {
        connection.publisher.lenses();
        read(connection, root);
    }
    let Ok(tasks) = connection.engine.tasks(root) else {
        return;
    };
    for view in tasks.tasks {
        task(connection, view).await;
    }
}

/// Shows nothing of a workspace any more.
fn forget(connection: &Connection, root: &Path) {
    let (tasks, files) = connection.board.forget(root);
    connection.progress.forget(&tasks);
    connection.publisher.files(files);
}

async fn read_everything(connection: &Arc<Connection>) {
    for root in connection.engine.status().workspaces {
        // A session may have been closed meanwhile.
        forget(connection, &root);
        let Ok(tasks) = connection.engine.tasks(&root) else {
            continue;
        };
        for view in tasks.tasks {
            task(connection, view).await;
        }
        for view in connection.engine.proposals(&root) {
            proposal(connection, view.task.clone(), view.revision).await;
        }
    }
}

async fn task(connection: &Arc<Connection>, view: TaskView) {
    if record_task(connection, &view) && view.state.is_settled() {
        // A decision and its taking back change the state of their task; another client may have confirmed the check.
        read_operations(connection, &view.workspace);
        read_check(connection, &view.workspace);
        connection.hints.forget(&view.id);
    }
    if wants(connection, &view.workspace) {
        notify::<TaskChanged>(connection, view).await;
    }
}

async fn proposal(connection: &Arc<Connection>, task: TaskId, revision: u64) {
    let workspace = record_proposal(connection, &task);
    if workspace.is_some_and(|workspace| wants(connection, &workspace.workspace)) {
        notify::<ProposalChanged>(connection, ProposalChangedParams { task, revision }).await;
    }
}

async fn conflict(connection: &Arc<Connection>, params: ConflictParams) {
    let Some(task) = connection.engine.task(&params.task) else {
        return;
    };
    if wants(connection, &task.workspace) {
        notify::<Conflict>(connection, params).await;
    } else if !connection.flags().aca && connection.workspaces.canonical(&task.workspace).is_some() {
        conflict::hint(connection, params);
    }
}

fn record_task(connection: &Arc<Connection>, view: &TaskView) -> bool {
    let is_ours = connection.workspaces.canonical(&view.workspace).is_some();
    let is_new = is_ours && connection.board.set_task(view);
    if is_new {
        // Its hunks are shown or not, by whether it is at work.
        connection.publisher.files(connection.board.touched(&view.id));
        connection.publisher.lenses();
        connection.progress.update(connection, view);
    }
    is_new
}

fn record_proposal(connection: &Arc<Connection>, task: &TaskId) -> Option<TaskView> {
    let view = connection.engine.task(task)?;
    if connection.workspaces.canonical(&view.workspace).is_some()
        && let Ok(proposal) = connection.engine.proposal(task)
    {
        connection
            .publisher
            .files(connection.board.set_proposal(&view, &proposal));
        connection.publisher.lenses();
        checks::tell(connection, &proposal);
    }
    Some(view)
}

/// Says whether the client wants to hear of a workspace: if it asked for notifications, of those it named, or of all
/// if it named none.
fn wants(connection: &Connection, workspace: &Path) -> bool {
    connection.flags().aca
        && (!connection.workspaces.is_named() || connection.workspaces.canonical(workspace).is_some())
}

/// Sends a notification of the protocol.
pub(crate) async fn notify<N: aca_protocol::methods::Notification>(connection: &Connection, params: N::Params) {
    connection.client.send_notification::<Wire<N>>(params).await;
}

/// A notification of `aca-protocol`, as `lsp-types` knows notifications.
struct Wire<N>(PhantomData<N>);

impl<N: aca_protocol::methods::Notification> lsp_types::notification::Notification for Wire<N> {
    type Params = N::Params;
    const METHOD: &'static str = N::METHOD;
}
