//! A real control plane to try things on.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use plimsoll_testkit::control_plane::{self, Minor, Plan};

/// Starts one in the folder and prints how to reach it.
pub fn start(folder: &str, options: &[&str]) -> Result<()> {
    let mut plan = Plan {
        minor: Minor::V1_37,
        nodes: 3,
    };
    for pair in options.chunks(2) {
        match pair {
            ["--version", version] => {
                plan.minor = Minor::parse(version).context("`--version` is 1.37 or 1.30")?;
            }
            ["--nodes", nodes] => plan.nodes = nodes.parse().context("`--nodes` is a number")?,
            _ => bail!("unknown option `{}`", pair.join(" ")),
        }
    }
    let folder = Path::new(folder);
    control_plane::start_detached(folder, plan)?;
    let kubeconfig = folder.canonicalize()?.join("kubeconfig");
    println!("export KUBECONFIG={}", kubeconfig.display());
    Ok(())
}

/// Ends the one in the folder, and removes the folder.
pub fn stop(folder: &str) -> Result<()> {
    control_plane::stop(Path::new(folder))
}
