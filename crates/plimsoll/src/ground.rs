//! Where a release goes: the embedded cluster in virtual time, or a real one. The choice of the
//! runtime is the only difference between the two, and it is made here.

use crate::args::Target;
use crate::embedded;
use crate::exit::Failure;
use crate::prepare::{Prepared, Ready};
use crate::release::Ground;
use crate::stand_ins;
use crate::terminal;
use anyhow::Context;
use kube::Client;
use plimsoll_cluster::Cluster;
use plimsoll_cluster::faults::Faults;
use plimsoll_secrets::Randomness;
use plimsoll_ship::{Clock, Given};
use std::path::PathBuf;

/// The cluster of one command.
pub enum Place {
    /// Inside of the program, kept in a file.
    Embedded {
        /// The cluster.
        cluster: Cluster,
        /// Its file.
        file: PathBuf,
    },
    /// A real one.
    Remote {
        /// Context of the kubeconfig.
        context: String,
    },
}

/// As messages name it.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded { .. } => f.write_str("the embedded cluster"),
            Self::Remote { context } => write!(f, "`{context}`"),
        }
    }
}

/// What a command works with.
pub struct Session {
    /// Requests go here.
    pub client: Client,
    /// Time of the cluster.
    pub clock: Clock,
}

impl Place {
    /// The place that the command line or else the environment names; without either the embedded
    /// cluster. The current context of the kubeconfig is never used.
    pub fn choose(
        prepared: &Prepared,
        ready: &Ready,
        target: &Target,
        faults: Faults,
    ) -> Result<Self, Failure> {
        let said = ready.app().and_then(|app| app.cluster.context.as_ref());
        let said = said.filter(|_| !target.embedded);
        let named = said.map(|context| context.peek().to_string());
        if let Some(context) = target.context.clone().or(named) {
            let several = prepared.environments.len() > 1;
            if several && target.source.environment.is_none() {
                return Err(Failure::usage(
                    "name the environment: `-e ENV` is required for a real cluster",
                ));
            }
            if !faults.is_empty() {
                return Err(Failure::usage(
                    "`--fault` breaks things on the embedded cluster only",
                ));
            }
            return Ok(Self::Remote { context });
        }
        let file = embedded::path(&prepared.path, &ready.world.environment)?;
        let options = embedded::options(ready, faults);
        let cluster = embedded::open(&file, options, &mut |line| terminal::progress(line))?;
        stand_ins::put(&cluster, ready)?;
        Ok(Self::Embedded { cluster, file })
    }

    /// What it means for a release.
    pub fn ground(&self) -> Ground {
        match self {
            Self::Embedded { .. } => Ground::Embedded,
            Self::Remote { .. } => Ground::Real,
        }
    }

    /// Where generated values come from: on the embedded cluster they are the same in every run.
    pub fn randomness(&self) -> Randomness {
        match self {
            Self::Embedded { .. } => Randomness::Seeded(b"embedded".to_vec()),
            Self::Remote { .. } => Randomness::System,
        }
    }

    /// What stands for values that a person brings.
    pub fn given(&self) -> Given {
        match self {
            Self::Embedded { .. } => Given::StandIn,
            Self::Remote { .. } => Given::Demanded,
        }
    }

    /// As `--json` names it.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Self::Embedded { .. } => serde_json::json!({ "kind": "embedded", "context": null }),
            Self::Remote { context } => serde_json::json!({ "kind": "remote", "context": context }),
        }
    }

    /// The cluster inside of the program, where it is that one.
    pub fn cluster(&self) -> Option<&Cluster> {
        match self {
            Self::Embedded { cluster, .. } => Some(cluster),
            Self::Remote { .. } => None,
        }
    }

    /// Does some work with the cluster, and keeps the embedded one as the work left it. Ctrl-C stops
    /// waiting: what was done stays.
    pub fn work<T>(&self, work: impl AsyncFnOnce(Session) -> T) -> Result<Option<T>, Failure> {
        match self {
            Self::Embedded { cluster, file } => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .context("starting virtual time")?;
                let done = runtime.block_on(async {
                    let client = Client::new(cluster.service(), "default");
                    let clock = Clock::starting_at(cluster.with(|state| state.now()));
                    let running = tokio::spawn(cluster.run());
                    let done = work(Session { client, clock }).await;
                    running.abort();
                    done
                });
                embedded::keep(file, cluster)?;
                Ok(Some(done))
            }
            Self::Remote { context } => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .context("starting the runtime")?;
                runtime.block_on(async {
                    let client = connect(context).await?;
                    let clock = Clock::starting_at(jiff_now());
                    let session = Session { client, clock };
                    tokio::select! {
                        done = work(session) => Ok(Some(done)),
                        _ = tokio::signal::ctrl_c() => Ok(None),
                    }
                })
            }
        }
    }
}

/// The time of day: a real cluster has its own clock, and ours is near enough.
fn jiff_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn connect(context: &str) -> Result<Client, Failure> {
    let options = kube::config::KubeConfigOptions {
        context: Some(context.to_owned()),
        ..kube::config::KubeConfigOptions::default()
    };
    let mut config = kube::Config::from_kubeconfig(&options)
        .await
        .with_context(|| format!("reading the context `{context}` of the kubeconfig"))?;
    // Who ships knows what may be sent again, and says so; the client would do it silently for minutes.
    config.default_retry = false;
    Ok(Client::try_from(config).context("connecting to the cluster")?)
}
