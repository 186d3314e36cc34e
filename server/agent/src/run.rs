//! `aca-agent run`: one attempt from its claim to its outcome.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aca_protocol::agent::{AttemptSpec, Driver, End, Outcome, RecordBody, files};
use aca_redact::Known;
use rustix::fs::Mode;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::attempt::{self, AttemptError};
use crate::driver::{self, Context, Ending};
use crate::gateway;
use crate::journal::{Journal, now_ms};
use crate::life::{Life, Stop};
use crate::link::{self, Daemons, Services};
use crate::processes::Processes;
use crate::steer::Steering;
use crate::text::clip;

/// How long a driver may take to end by itself once someone asked for a stop.
const STOP_GRACE: Duration = Duration::from_millis(400);

/// How much longer than its limit a command may take, which keeps the limit itself.
const COMMAND_GRACE: Duration = Duration::from_secs(5);

/// How long followers of the journal may take to get the rest of it.
const FOLLOW_GRACE: Duration = Duration::from_secs(2);

/// How often, and how far apart, the outcome is tried to be written.
const OUTCOME_TRIES: u32 = 20;
const OUTCOME_PAUSE: Duration = Duration::from_millis(250);

/// The longest summary in an outcome, in bytes.
const MAX_SUMMARY: usize = 64 * 1024;

/// Carries out the attempt in `out`.
pub(crate) fn main(out: &Path) -> ExitCode {
    let claimed = attempt::enter(out).and_then(|out| {
        let spec = attempt::read_spec(&out)?;
        attempt::claim(&out)?;
        Ok((out, spec))
    });
    let (out, spec) = match claimed {
        Ok(claimed) => claimed,
        Err(error) => return crate::fail(exit_code(&error), &error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return crate::fail(71, &format!("no runtime could be had: {error}")),
    };
    let done = runtime.block_on(Box::pin(run(out, spec)));
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => crate::fail(74, &format!("the attempt's directory cannot be written: {error}")),
    }
}

fn exit_code(error: &AttemptError) -> u8 {
    match error {
        AttemptError::Directory(..) | AttemptError::Spec(..) => 66,
        AttemptError::Invalid(..) => 65,
        AttemptError::AlreadyRan(_) => 75,
        AttemptError::Claim(..) => 73,
    }
}

async fn run(out: PathBuf, spec: AttemptSpec) -> io::Result<()> {
    // It is in the environment of every command that the agent runs, and so in what some of them print.
    Known::of_process().learn(&spec.gateway_token);
    let journal = Arc::new(Journal::create(&out.join(files::JOURNAL))?);
    let processes = Arc::<Processes>::default();
    let steering = Arc::new(Steering::new(&journal, Arc::clone(&processes)));
    let services = Arc::new(Services {
        steering: Arc::clone(&steering),
        journal: Arc::clone(&journal),
        daemons: Arc::new(Daemons::default()),
        followers: TaskTracker::new(),
        connections: TaskTracker::new(),
        closing: CancellationToken::new(),
    });
    let context = Arc::new(Context {
        out,
        spec,
        journal: Arc::clone(&journal),
        processes,
        daemons: Arc::clone(&services.daemons),
        life: Arc::new(Life::new(Arc::clone(&steering.hold))),
        steering,
    });
    let syncing = Arc::clone(&journal);
    tokio::spawn(async move { syncing.keep_synced().await });

    let ending = match begin(&context, &services) {
        Ok(()) => watched(&context).await,
        Err(error) => Ending::failed(format!("the agent could not start to serve: {error}")),
    };
    context.steering.mailbox.close();
    let left = context.processes.kill_all().await;
    finish(&context, ending, left).await?;

    services.followers.close();
    let _ = tokio::time::timeout(FOLLOW_GRACE, services.followers.wait()).await;
    services.closing.cancel();
    services.connections.close();
    let _ = tokio::time::timeout(FOLLOW_GRACE, services.connections.wait()).await;
    Ok(())
}

/// Starts everything that serves beside the driver.
fn begin(context: &Arc<Context>, services: &Arc<Services>) -> io::Result<()> {
    let started = RecordBody::Started {
        agent: env!("CARGO_PKG_VERSION").to_owned(),
    };
    context.journal.event(started).map_err(io::Error::other)?;
    context.processes.adopt_orphans()?;
    watch_signals(Arc::clone(&context.processes), context.steering.stop.clone())?;
    for directory in [context.home(), context.temporary()] {
        std::fs::create_dir_all(directory)?;
    }
    tokio::spawn(link::serve(listen(files::SOCKET)?, Arc::clone(services)));
    let (daemons, life) = (Arc::clone(&context.daemons), Arc::clone(&context.life));
    tokio::spawn(gateway::serve(listen(gateway::SOCKET)?, daemons, life));
    Ok(())
}

/// Listens at a path relative to the working directory, for this user only.
fn listen(path: &str) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let before = rustix::process::umask(Mode::RWXG | Mode::RWXO | Mode::XUSR);
    let listener = UnixListener::bind(path);
    rustix::process::umask(before);
    listener
}

fn watch_signals(processes: Arc<Processes>, stop: Stop) -> io::Result<()> {
    let mut children = signal(SignalKind::child())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // The end of someone's terminal is not the end of the attempt.
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = children.recv() => processes.reap_orphans(),
                _ = terminate.recv() => stop.ask(),
                _ = interrupt.recv() => stop.ask(),
                _ = hangup.recv() => {}
            }
        }
    });
    Ok(())
}

/// Drives the work until it ends by itself, someone stops it, or a watchdog does.
async fn watched(context: &Arc<Context>) -> Ending {
    let limits = context.spec.limits;
    let silence = Duration::from_secs(limits.silence_secs);
    let own_time = if context.spec.driver == Driver::Command {
        COMMAND_GRACE
    } else {
        Duration::ZERO
    };
    let total = Duration::from_secs(limits.total_secs) + own_time;
    let Steering { stop, hold, .. } = &*context.steering;
    let mut driving = Box::pin(hold.gate(driver::drive(context)));
    let saw = tokio::select! {
        biased;
        ending = &mut driving => return ending,
        () = stop.asked() => {
            // The driver has heard it too, unless it is held. Whatever it makes of it, this attempt was stopped.
            let ending = tokio::time::timeout(STOP_GRACE, driving).await;
            let summary = ending.map(|ending| ending.summary).unwrap_or_default();
            return Ending::new(End::Stopped, summary);
        }
        () = context.life.silent_for(silence) => format!("gave no sign of life for {} s", limits.silence_secs),
        () = hold.sleep(total) => format!("took longer than {} s", limits.total_secs),
    };
    let text = format!("The run {saw} and was ended.");
    let _ = context.journal.event(RecordBody::Watchdog { text });
    Ending::failed(format!(
        "The run {saw} and was ended. Raise the limit in the configuration, then let it go on with `aca resume`; or make the task smaller."
    ))
}

/// Puts the outcome on disk and then lets the followers of the journal end.
async fn finish(context: &Context, ending: Ending, left: usize) -> io::Result<()> {
    if left > 0 {
        let text = format!("{left} processes of the run could not be ended.");
        let _ = context.journal.event(RecordBody::Watchdog { text });
    }
    let outcome = Outcome {
        attempt: context.spec.attempt.clone(),
        nonce: context.spec.nonce.clone(),
        end: ending.end,
        summary: clip(&ending.summary, MAX_SUMMARY),
        reasons: ending.reasons,
        exit_code: ending.exit_code,
        last_seq: context.journal.seal(),
        ended_ms: now_ms(),
    };
    let mut tries = 0;
    loop {
        let written = match context.journal.sync().await {
            Ok(()) => attempt::write_outcome(&context.out, &outcome),
            Err(error) => Err(error),
        };
        tries += 1;
        match written {
            Ok(()) => break,
            Err(error) if tries >= OUTCOME_TRIES => return Err(error),
            // A full disk may get space again.
            Err(_) => tokio::time::sleep(OUTCOME_PAUSE).await,
        }
    }
    context.journal.complete();
    Ok(())
}
