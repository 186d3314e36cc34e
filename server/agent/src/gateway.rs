//! The way to the gateway for a driven program: a socket whose connections become `model` streams.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};

use crate::life::Life;
use crate::link::Daemons;

/// The socket's name in the attempt's directory, which is the agent's working directory.
pub(crate) const SOCKET: &str = "gw.sock";

/// The longest path a socket may have.
const MAX_SOCKET_PATH: usize = 107;

/// How long a connection waits for a daemon to carry it.
const WAIT_FOR_DAEMON: Duration = Duration::from_secs(300);

/// Returns a path of the gateway's socket that any process of the sandbox can use, given the attempt's directory.
pub(crate) fn socket_path(out: &Path) -> String {
    match out.join(SOCKET).to_str() {
        Some(path) if path.len() <= MAX_SOCKET_PATH => path.to_owned(),
        // Too long for a socket's address: by way of the agent's working directory it is short.
        _ => format!("/proc/{}/cwd/{SOCKET}", std::process::id()),
    }
}

/// Carries connections to the gateway for as long as it is polled.
pub(crate) async fn serve(listener: UnixListener, daemons: Arc<Daemons>, life: Arc<Life>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                tokio::spawn(carry(client, Arc::clone(&daemons), Arc::clone(&life)));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Carries one connection. When the daemon's connection breaks, the client's is closed, and the client tries again.
async fn carry(mut client: UnixStream, daemons: Arc<Daemons>, life: Arc<Life>) {
    let Ok(Ok(mut stream)) = tokio::time::timeout(WAIT_FOR_DAEMON, daemons.open_model(&life)).await else {
        return;
    };
    let _ = copy_bidirectional(&mut client, &mut stream).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_goes_by_way_of_the_working_directory() {
        assert_eq!(socket_path(Path::new("/aca/out")), "/aca/out/gw.sock");
        let long = socket_path(Path::new(&format!("/{}", "x".repeat(120))));
        assert!(long.starts_with("/proc/") && long.ends_with("/cwd/gw.sock") && long.len() < MAX_SOCKET_PATH);
    }
}
