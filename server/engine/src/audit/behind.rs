//! Looking at the whole record of a session behind the work: opening it reads only what was recorded last.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use aca_store::{Error, Reader};

use crate::actor::{Message, SessionContext};
use crate::handle::Shared;

/// How willingly the thread leaves the processor to others; the most there is.
const NICE: i32 = 19;

/// Verifies a session once, in a thread of the lowest priority; what is found becomes a problem of the engine. It ends
/// early where the engine does.
pub(crate) fn verify(shared: &Shared, session: &Arc<SessionContext>) {
    /// One session after the other: all of them are on one disk.
    static TURN: Mutex<()> = Mutex::new(());
    let (inbox, session) = (shared.inbox.clone(), Arc::clone(session));
    let begun = thread::Builder::new().name("verify".to_owned()).spawn(move || {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // Of this thread alone. Without it the work is a little slower meanwhile.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE);
        match look(&session.dir, || !inbox.is_closed()) {
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

/// Looks at every event, and at the structure of the database, for as long as `go_on` says so.
fn look(dir: &Path, go_on: impl Fn() -> bool) -> Result<(), Error> {
    // Hashes are over what is stored, so no key is needed.
    let reader = Reader::open(dir, None)?;
    reader.verify(|_| go_on())?;
    if go_on() { reader.check_structure() } else { Ok(()) }
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
