//! The automatic coding agent: command line and language server.
//!
//! [`cli`] is what can be said; each command has a file in [`command`]. They are clients of the `aca/*` methods of the
//! [`daemon`], or of themselves with `--in-process` ([`context`]).

mod agent;
mod claude;
mod cli;
mod client;
mod command;
mod context;
mod daemon;
mod doors;
mod exit;
mod figures;
mod framing;
mod host;
mod log;
mod names;
mod private;
mod socket;
mod terminal;
mod words;
mod workspace;

use std::io::Write as _;

use aca_engine::config;
use clap::FromArgMatches as _;

use crate::cli::{Cli, Command, DaemonCommand};
use crate::context::Context;
use crate::exit::{Exit, Failure};

fn main() {
    let matches = cli::command().get_matches();
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // The end of a program that only starts another one; it needs no runtime and no log.
    if let Command::Daemon(DaemonCommand::Run(args)) = &cli.command
        && args.detach
    {
        let started = daemon::start::detach(&config::data_dir(), cli.global.verbose);
        std::process::exit(end(started.map(|()| Exit::Done)));
    }
    let exit = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::while_doing("The runtime cannot be started", error))
        .and_then(|runtime| {
            let end = runtime.block_on(run(cli, name));
            // A read of stdin that never ends would keep the runtime, and with it the process.
            runtime.shutdown_background();
            end
        });
    std::process::exit(end(exit));
}

/// Says why a command failed, and returns its exit code.
fn end(end: Result<Exit, Failure>) -> i32 {
    let end = end.and_then(|exit| match (exit, terminal::unwritten()) {
        (Exit::Done, Some(reason)) => Err(Failure::while_doing("The output could not be written", reason)),
        _ => Ok(exit),
    });
    let exit = end.unwrap_or_else(|failure| {
        let _ = writeln!(std::io::stderr(), "aca: {}", terminal::harmless(&failure.message));
        failure.exit
    });
    exit as i32
}

/// Sees that others cannot enter the data directory, and says so where they could.
fn keep_private(context: &Context) -> Result<(), Failure> {
    let mended = aca_secrets::keep_private(&context.data_dir);
    for mended in mended.map_err(|error| Failure::new(Exit::Unavailable, error.to_string()))? {
        let path = mended.path.display();
        let mode = mended.mode;
        context.screen.note(&format!(
            "{path} could be read by others (mode {mode:03o}); only your user can enter it now."
        ));
    }
    Ok(())
}

async fn run(cli: Cli, name: String) -> Result<Exit, Failure> {
    let context = Context::new(cli.global, name);
    keep_private(&context)?;
    // A broken settings file is reported by the commands that need the settings.
    let logging = config::load(None).map(|loaded| loaded.config.logging);
    log::start(
        &context.data_dir,
        &logging.unwrap_or(config::Config::default().logging),
        context.global.verbose,
    );
    match cli.command {
        Command::Lsp(_) => command::lsp::run(&context).await,
        Command::Daemon(command) => command::daemon::run(&context, command).await,
        Command::Run(args) => command::run::run(&context, args).await,
        Command::Status => command::status::run(&context).await,
        Command::Attach(args) => command::attach::run(&context, args).await,
        Command::Show(args) => command::show::run(&context, &args).await,
        Command::Top(args) => command::top::run(&context, &args).await,
        Command::Review(args) => command::review::run(&context, args).await,
        Command::Undo(args) => command::undo::run(&context, &args).await,
        Command::SendBack(args) => command::send_back::run(&context, args).await,
        Command::Tell(args) => command::tell::run(&context, args).await,
        Command::Pause(args) => command::pause::pause(&context, args).await,
        Command::Resume(args) => command::resume::run(&context, args).await,
        Command::Check(args) => command::check::run(&context, &args).await,
        Command::Stop(args) => command::stop::run(&context, args).await,
        Command::Checkpoint(command) => command::checkpoint::run(&context, command).await,
        Command::Session(command) => command::session::run(&context, command).await,
        Command::Export(args) => command::session::export(&context, &args).await,
        Command::Import(args) => command::session::import(&context, &args).await,
        Command::Audit(command) => command::audit::run(&context, command).await,
        Command::Usage(args) => command::usage::run(&context, &args).await,
        Command::Cleanup(args) => command::cleanup::run(&context, &args).await,
        Command::Exchanges(args) => command::exchanges::run(&context, args).await,
        Command::Login(args) => command::login::login(&context, args).await,
        Command::Logout => command::login::logout(&context).await,
        Command::Secrets(command) => command::secrets::run(&context, command).await,
        Command::Doctor => command::doctor::run(&context).await,
        Command::Image(cli::ImageCommand::Build) => command::image::build(&context).await,
        Command::Completions(args) => command::completions::run(&context, &args),
        Command::Config(args) => command::config::run(&context, &args).await,
        Command::Demo(args) => command::demo::run(&context, &args).await,
    }
}
