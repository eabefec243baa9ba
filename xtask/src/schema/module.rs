//! Go modules as folders.
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The folder that holds a module such as `k8s.io/kubernetes@v1.37.1`; downloads it if need be.
pub fn folder(module: &str) -> Result<PathBuf> {
    let output = Command::new("go").args(["mod", "download", "-json", module]).output().context("run go")?;
    let answer: Value = serde_json::from_slice(&output.stdout).context("read the answer of go")?;
    match answer.get("Dir").and_then(Value::as_str) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => bail!("{module}: {}", answer.get("Error").unwrap_or(&Value::Null)),
    }
}
