//! One command, run several times: how long it took and how much memory it had.

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What several runs of a command took.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figures {
    /// The middle one of their times.
    pub median: Duration,
    /// Bytes of the largest resident set of any run.
    pub peak: u64,
}

/// Measures a command in a process that starts nothing else.
pub fn under_a_process(runs: usize, command: &Command) -> Result<Figures> {
    let mut measuring = Command::new(std::env::current_exe()?);
    measuring
        .arg("measure")
        .arg(runs.to_string())
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measuring.env(name, value),
            None => measuring.env_remove(name),
        };
    }
    let output = measuring.stderr(Stdio::inherit()).output()?;
    ensure!(
        output.status.success(),
        "it cannot be measured: {}",
        output.status
    );
    serde_json::from_slice(&output.stdout).context("reading the figures")
}

/// Runs a command so many times and prints its figures for [`under_a_process`].
pub fn run(runs: &str, program: &str, arguments: &[&str]) -> Result<()> {
    let runs: usize = runs.parse().context("the number of runs")?;
    let mut times = Vec::new();
    for _ in 0..runs.max(1) {
        let start = Instant::now();
        let output = Command::new(program)
            .args(arguments)
            .stdout(Stdio::null())
            .output()
            .with_context(|| format!("starting {program}"))?;
        times.push(start.elapsed());
        ensure!(
            output.status.success(),
            "{program} {}: {}\n{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    times.sort();
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    let figures = Figures {
        median: times[times.len() / 2],
        peak: u64::try_from(kibibytes).unwrap_or_default() * 1024,
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}
