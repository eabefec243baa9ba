//! What others changed since the last release: the same question as a plan, asked about the release
//! that is there already.

use kube::Client;

use crate::error::ShipError;
use crate::history;
use crate::inventory::Record;
use crate::plan::{Action, Plan, plan};
use crate::record::{Memory, Store};
use crate::release::Target;
use crate::up::Options;

/// Compares the cluster with the last release that came up: what differs, field by field, and who
/// set it. None where none ever came up. Writes nothing.
pub async fn drift(
    client: &Client,
    target: &Target,
    options: &Options,
) -> Result<Option<Plan>, ShipError> {
    let mut store = Store::new(client, target, Memory::Inventory);
    let record: Record = store.load().await?.unwrap_or_default();
    let kept = record.journal.releases.iter().rev().find(|one| one.kept);
    let Some(number) = kept.map(|one| one.number) else {
        return Ok(None);
    };
    let Some(release) = history::load(client, target, number).await? else {
        return Ok(None);
    };
    // Fields of others are no conflict here: they are what is looked for.
    let options = Options {
        adopt: true,
        approved: None,
        ..options.clone()
    };
    let mut plan = plan(client, &release, &options).await?;
    plan.changes
        .retain(|change| !matches!(change.action, Action::Wait | Action::Keep | Action::Prune));
    Ok(Some(plan))
}
