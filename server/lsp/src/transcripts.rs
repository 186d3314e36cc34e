//! Transcripts that a front end has asked for: it is told when more is in them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aca_protocol::TaskId;
use aca_protocol::methods::TranscriptChanged;

use crate::connection::Connection;
use crate::follow::notify;

/// How long to rest after a notification: an agent may write hundreds of records a second, and one says it all.
const REST: Duration = Duration::from_millis(30);

/// The tasks whose transcripts the client has asked for.
#[derive(Debug, Default)]
pub(crate) struct Transcripts(Mutex<HashSet<TaskId>>);

/// Tells the client of news in a task's transcript, from now on and as long as the connection lives.
pub(crate) fn follow(connection: &Arc<Connection>, task: &TaskId) {
    if !connection.flags().aca {
        return;
    }
    // An unknown task is what the request itself will be answered with.
    let Ok(mut newest) = connection.engine.follow_transcript(task) else {
        return;
    };
    let mut followed = connection.transcripts.0.lock().unwrap_or_else(PoisonError::into_inner);
    if !followed.insert(task.clone()) {
        return;
    }
    let behind = Arc::clone(connection);
    connection.background.spawn(async move {
        while newest.changed().await.is_ok() {
            let news = newest.borrow_and_update().clone();
            if let Some(news) = news {
                notify::<TranscriptChanged>(&behind, news).await;
            }
            tokio::time::sleep(REST).await;
        }
    });
}
