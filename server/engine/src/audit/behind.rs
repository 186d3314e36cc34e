//! Looking at the whole record of a session behind the work: opening it reads only what was recorded last.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use aca_store::{Error, Reader};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::actor::{Message, SessionContext};
use crate::handle::Shared;

/// How willingly the thread leaves the processor to others; the most there is.
const NICE: i32 = 19;

/// The looks of an engine.
#[derive(Default)]
pub(crate) struct Looks {
    threads: TaskTracker,
    ending: CancellationToken,
}

impl Looks {
    /// Verifies a session once, in a thread of the lowest priority; what is found becomes a problem of the engine.
    pub(crate) fn begin(&self, shared: &Shared, session: &Arc<SessionContext>) {
        /// One session after the other: all of them are on one disk.
        static TURN: Mutex<()> = Mutex::new(());
        let (inbox, session) = (shared.inbox.clone(), Arc::clone(session));
        let (counted, ending) = (self.threads.token(), self.ending.clone());
        let begun = thread::Builder::new().name("verify".to_owned()).spawn(move || {
            let _counted = counted;
            let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            // Of this thread alone. Without it the work is a little slower meanwhile.
            let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
            match look(&session.dir, &ending) {
                Ok(()) => {}
                Err(Error::Damaged { reason, .. }) => {
                    // Nobody is told any more where the engine has ended.
                    let _ = inbox.send(Message::Problem(problem(&session, &reason)));
                }
                // A session that was moved or removed meanwhile cannot be read, and whoever did that knows.
                Err(error) => tracing::info!(%error, session = %session.id, "a session was not verified"),
            }
        });
        if let Err(error) = begun {
            tracing::warn!(%error, "no thread to verify a session");
        }
    }

    /// Ends all looks, wherever they are. Nothing of a session is open to them afterwards.
    pub(crate) async fn end(&self) {
        self.ending.cancel();
        self.threads.close();
        self.threads.wait().await;
    }
}

/// Looks at every event, and at the structure of the database, until it is to end.
fn look(dir: &Path, ending: &CancellationToken) -> Result<(), Error> {
    if ending.is_cancelled() {
        return Ok(());
    }
    // Hashes are over what is stored, so no key is needed.
    let mut reader = Reader::open(dir, None)?;
    reader.verify(|_| !ending.is_cancelled())?;
    let asked = ending.clone();
    reader.check_structure(move || !asked.is_cancelled())
}

fn problem(session: &SessionContext, reason: &str) -> String {
    format!(
        "The record of the session {id} of {root} is not what aca wrote: {reason}. `aca audit verify --session {id}` says \
         what is unchanged; a backup of {dir} brings the rest back.",
        id = session.id,
        root = session.root.display(),
        dir = session.dir.display()
    )
}
