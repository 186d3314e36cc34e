//! Waiting for something to become true, with a deadline and no other sleep than between two looks.

use std::time::{Duration, Instant};

/// How long anything that needs a container may take, the first build of an image on a loaded machine included.
pub const LONG: Duration = Duration::from_secs(240);

/// How long anything may take that needs no container.
pub const SHORT: Duration = Duration::from_secs(60);

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Looks until `look` gives something, and returns it.
///
/// # Panics
///
/// When it has given nothing for `limit`; the message says what was waited for.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {limit:?} in vain for {what}");
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

/// Looks until `look` is true. See [`until`].
pub fn until_true(what: &str, limit: Duration, mut look: impl FnMut() -> bool) {
    until(what, limit, || look().then_some(()));
}
