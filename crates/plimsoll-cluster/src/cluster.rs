//! The cluster as others use it: made or loaded, served to clients, run, saved.

use std::sync::{Arc, Mutex};

use crate::api::{self, ApiService};
use crate::controllers::{self, Controller, runner::Runner};
use crate::faults::Faults;
use crate::models;
use crate::models::platform::{Component, PlatformError};
use crate::node::facts::Facts;
use crate::node::machines::Machines;
use crate::saved::{self, NotSaved};
use crate::state::State;

/// What kind of cluster to make.
#[derive(Clone, Debug)]
pub struct Options {
    /// Source of everything that looks random.
    pub seed: u64,
    /// Minor version of Kubernetes, 36 for 1.36.
    pub minor: u16,
    /// Its nodes.
    pub machines: Machines,
    /// What is known of images.
    pub facts: Facts,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// Components that are there before anything is applied.
    pub platform: Vec<Component>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 0,
            minor: 36,
            machines: Machines::default(),
            facts: Facts::default(),
            faults: Faults::default(),
            platform: Vec::new(),
        }
    }
}

/// Why a cluster cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A component is not known or cannot be installed.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The saved bytes are not a cluster.
    #[error(transparent)]
    NotSaved(#[from] NotSaved),
}

/// A cluster; clones share it.
#[derive(Clone)]
pub struct Cluster {
    state: Arc<Mutex<State>>,
    facts: Facts,
    faults: Faults,
}

impl Cluster {
    /// A fresh cluster.
    pub fn new(options: Options) -> Result<Self, ClusterError> {
        Self::prepare(State::new(options.seed, options.minor), options)
    }

    /// A cluster as [`Cluster::save`] left it; what the options name and it lacks is added.
    pub fn load(saved: &[u8], options: Options) -> Result<Self, ClusterError> {
        Self::prepare(saved::load(saved)?, options)
    }

    fn prepare(mut state: State, options: Options) -> Result<Self, ClusterError> {
        models::platform::install(&mut state, &options.platform)?;
        options.machines.install(&mut state);
        Ok(Self {
            state: Arc::new(Mutex::new(state)),
            facts: options.facts,
            faults: options.faults,
        })
    }

    /// All of it as bytes.
    pub fn save(&self) -> Result<Vec<u8>, NotSaved> {
        saved::save(&api::lock(&self.state))
    }

    /// The API server: `kube::Client::new(cluster.service(), "default")`.
    ///
    /// From here on, time follows the tokio runtime that the call is made in.
    pub fn service(&self) -> ApiService {
        self.follow_runtime();
        ApiService::new(self.state.clone())
    }

    /// Controllers, scheduler and nodes; to be spawned on the runtime that makes the requests.
    pub fn run(&self) -> impl Future<Output = ()> + Send + 'static {
        self.follow_runtime();
        let mut all: Vec<Box<dyn Controller>> =
            controllers::standard(self.facts.clone(), self.faults.clone());
        all.extend(models::all());
        let runner = Runner::new(all);
        let state = self.state.clone();
        let clock = self.with(|state| state.runtime_clock());
        async move {
            if let Some(now) = clock {
                runner.run(state, now).await;
            }
        }
    }

    /// Looks at the cluster, or changes it, without a client.
    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut api::lock(&self.state))
    }

    fn follow_runtime(&self) {
        api::lock(&self.state).follow_runtime();
    }
}
