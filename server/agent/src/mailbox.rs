//! What the engine tells the agent while it works, until the driver takes it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aca_protocol::agent::RecordBody;
use tokio::sync::Notify;

use crate::journal::{Journal, JournalError};

/// Words for the agent that wait to be heard.
pub(crate) struct Mailbox {
    journal: Arc<Journal>,
    post: Mutex<Post>,
    news: Notify,
}

/// Something the agent is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// A UUID.
    pub(crate) id: String,
    /// The words.
    pub(crate) text: String,
}

#[derive(Default)]
struct Post {
    known: HashSet<String>,
    waiting: VecDeque<Message>,
    closed: bool,
}

/// Why the agent is not told something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    /// The work is over.
    #[error("the agent has finished and hears nothing any more")]
    TooLate,
    /// It could not be journaled.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Mailbox {
    /// Nothing was told yet.
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            post: Mutex::default(),
            news: Notify::new(),
        }
    }

    /// Journals a message and keeps it for the driver. A message that was put before changes nothing.
    pub(crate) fn put(&self, message: Message) -> Result<(), NotTold> {
        let mut post = self.post();
        if post.known.contains(&message.id) {
            return Ok(());
        }
        if post.closed {
            return Err(NotTold::TooLate);
        }
        self.journal.event(RecordBody::Told {
            text: message.text.clone(),
        })?;
        post.known.insert(message.id.clone());
        post.waiting.push_back(message);
        drop(post);
        self.news.notify_one();
        Ok(())
    }

    /// Waits for a message and takes it. A call that is given up takes none.
    pub(crate) async fn next(&self) -> Message {
        loop {
            if let Some(message) = self.take() {
                return message;
            }
            self.news.notified().await;
        }
    }

    /// Takes a message that waits.
    pub(crate) fn take(&self) -> Option<Message> {
        self.post().waiting.pop_front()
    }

    /// Refuses messages from now on, unless one waits. Returns whether it is closed.
    pub(crate) fn close_if_empty(&self) -> bool {
        let mut post = self.post();
        post.closed |= post.waiting.is_empty();
        post.closed
    }

    /// Refuses messages from now on.
    pub(crate) fn close(&self) {
        self.post().closed = true;
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str) -> Message {
        let text = format!("words of {id}");
        Message {
            id: id.to_owned(),
            text,
        }
    }

    #[tokio::test]
    async fn a_message_is_heard_once_and_never_lost_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Arc::new(Journal::create(&dir.path().join("journal")).unwrap());
        let mailbox = Mailbox::new(Arc::clone(&journal));
        mailbox.put(message("a")).unwrap();
        mailbox.put(message("a")).unwrap();
        assert!(!mailbox.close_if_empty(), "a message waits");
        assert_eq!(mailbox.next().await, message("a"));
        assert_eq!(mailbox.take(), None);
        assert!(mailbox.close_if_empty());
        assert!(matches!(mailbox.put(message("b")), Err(NotTold::TooLate)));
        mailbox.put(message("a")).expect("it was told before");
        assert_eq!(journal.seal(), 1, "each is journaled once");
    }
}
