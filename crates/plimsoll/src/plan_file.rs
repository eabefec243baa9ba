//! A plan in a file: made by one command, approved by people, carried out by another.

use crate::exit::Failure;
use crate::ground::Place;
use anyhow::Context;
use plimsoll_ship::Plan;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Files of another format are refused.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    cluster: serde_json::Value,
    plan: Plan,
}

/// Writes a plan.
pub fn write(path: &Path, place: &Place, plan: &Plan) -> Result<(), Failure> {
    let saved = Saved {
        format: FORMAT,
        cluster: place.json(),
        plan: plan.clone(),
    };
    let text = serde_json::to_string_pretty(&saved)? + "\n";
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}

/// Reads a plan that was made for this cluster.
pub fn read(path: &Path, place: &Place) -> Result<Plan, Failure> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let saved: Saved = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{} is no plan: {error}", path.display())))?;
    if saved.format != FORMAT {
        return Err(Failure::usage(format!(
            "{} was written by another version: make the plan again",
            path.display()
        )));
    }
    if saved.cluster != place.json() {
        return Err(Failure::usage(format!(
            "{} was made for another cluster ({})",
            path.display(),
            saved.cluster
        )));
    }
    Ok(saved.plan)
}
