//! `aca audit`: prints, verifies and exports what was recorded of a session.

mod export;
mod show;
mod verify;

use aca_protocol::SessionId;
use aca_protocol::methods::Audit;
use aca_protocol::session::{AuditParams, AuditResult};

use crate::cli::AuditCommand;
use crate::context::{Context, Link};
use crate::exit::{Exit, Failure};

/// How many entries are asked for at once.
const PAGE: u32 = 1000;

/// Does what was asked.
pub(crate) async fn run(context: &Context, command: AuditCommand) -> Result<Exit, Failure> {
    match command {
        AuditCommand::Show(args) => show::run(context, &args).await,
        AuditCommand::Verify(args) => verify::run(context, &args).await,
        AuditCommand::Export(args) => export::run(context, &args).await,
    }
}

/// Asks for the entries after one.
async fn page(link: &Link, session: &SessionId, after: u64, bodies: bool) -> Result<AuditResult, Failure> {
    let params = AuditParams {
        session: session.clone(),
        after,
        limit: PAGE,
        bodies,
    };
    link.client.call::<Audit>(params).await
}
