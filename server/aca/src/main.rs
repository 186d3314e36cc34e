//! The automatic coding agent: command line and language server.
//!
//! [`cli`] is what can be said; each command has a file in [`command`]. All of them but `lsp` are clients of the
//! `aca/*` methods: of the process that owns the data directory if there is one, else of themselves ([`context`]).

mod agent;
mod claude;
mod cli;
mod client;
mod command;
mod context;
mod exit;
mod framing;
mod host;
mod log;
mod names;
mod owner;
mod socket;
mod terminal;
mod words;
mod workspace;

use std::io::Write as _;

use aca_engine::config;
use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::exit::{Exit, Failure};

fn main() {
    let cli = Cli::parse();
    let exit = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::while_doing("The runtime cannot be started", error))
        .and_then(|runtime| {
            let end = runtime.block_on(run(cli));
            // A read of stdin that never ends would keep the runtime, and with it the process.
            runtime.shutdown_background();
            end
        })
        .unwrap_or_else(|failure| {
            let _ = writeln!(std::io::stderr(), "aca: {}", terminal::harmless(&failure.message));
            failure.exit
        });
    std::process::exit(exit as i32);
}

async fn run(cli: Cli) -> Result<Exit, Failure> {
    let context = Context::new(cli.global);
    // A broken settings file is reported by the commands that need the settings.
    let logging = config::load(None).map(|loaded| loaded.config.logging);
    log::start(
        &context.data_dir,
        &logging.unwrap_or(config::Config::default().logging),
        context.global.verbose,
    );
    match cli.command {
        Command::Lsp(_) => command::lsp::run(&context).await,
        Command::Run(args) => command::run::run(&context, args).await,
        Command::Status => command::status::run(&context).await,
        Command::Review(args) => command::review::run(&context, args).await,
        Command::Undo(args) => command::undo::run(&context, &args).await,
        Command::SendBack(args) => command::send_back::run(&context, args).await,
        Command::Tell(args) => command::tell::run(&context, args).await,
        Command::Pause(args) => command::pause::pause(&context, args).await,
        Command::Resume(args) => command::pause::resume(&context, args).await,
        Command::Check(args) => command::check::run(&context, &args).await,
        Command::Stop(args) => command::stop::run(&context, args).await,
        Command::Doctor => command::doctor::run(&context).await,
        Command::Image(cli::ImageCommand::Build) => command::image::build(&context).await,
        Command::Config(args) => command::config::run(&context, &args),
        Command::Demo(args) => command::demo::run(&context, &args).await,
    }
}
