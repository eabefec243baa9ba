//! Drives controllers in one task and a fixed order: a queue ordered by controller and key, timers
//! ordered by instant, both fed from the change log. The same changes give the same run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Controller, Key, Outcome};
use crate::apply::Managers;
use crate::clock;
use crate::object;
use crate::state::State;
use crate::store::{LogEntry, Reader};

type Work = (usize, Key);

/// So many keys are looked at before others get their turn.
const AT_ONCE: usize = 256;

/// How far a run came at an instant.
enum Progress {
    /// There is more to do now.
    More,
    /// There is nothing to do before that instant, or before something changes.
    Rest(Option<Timestamp>),
}

/// All controllers of a cluster, what they have to look at, and when.
pub struct Runner {
    controllers: Vec<Box<dyn Controller>>,
    queue: BTreeSet<Work>,
    timers: BTreeMap<(Timestamp, u64), Work>,
    armed: BTreeMap<Work, (Timestamp, u64)>,
    /// Its place in the log of changes, once it has begun.
    reader: Option<Reader>,
    sequence: u64,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.controllers.iter().map(|one| one.name()).collect();
        out.debug_struct("Runner")
            .field("controllers", &names)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner for these controllers; earlier ones are asked first.
    pub fn new(controllers: Vec<Box<dyn Controller>>) -> Self {
        Self {
            controllers,
            queue: BTreeSet::new(),
            timers: BTreeMap::new(),
            armed: BTreeMap::new(),
            reader: None,
            sequence: 0,
        }
    }

    /// Does all that can be done at this instant, and says when there is more to do.
    pub fn step(&mut self, state: &mut State) -> Option<Timestamp> {
        loop {
            if let Progress::Rest(next) = self.advance(state) {
                return next;
            }
        }
    }

    /// Does some of what can be done at this instant.
    fn advance(&mut self, state: &mut State) -> Progress {
        self.start(state);
        self.take_due(state.now());
        for _ in 0..AT_ONCE {
            self.drain(state);
            let Some((index, key)) = self.queue.pop_first() else {
                return Progress::Rest(self.timers.first_key_value().map(|((at, _), _)| *at));
            };
            self.disarm(&(index, key.clone()));
            let outcome = self.controllers[index].reconcile(state, &key);
            if let Outcome::After(wait) = outcome {
                self.arm((index, key), clock::after(state.now(), wait));
            }
        }
        Progress::More
    }

    /// Runs without a runtime: moves the state's clock from timer to timer until nothing is left
    /// to do or `within` has passed. Returns whether it came to rest.
    pub fn settle(&mut self, state: &mut State, within: Duration) -> bool {
        let end = clock::after(state.now(), within);
        loop {
            match self.step(state) {
                None => return true,
                Some(next) if next > end => {
                    state.set_now(end);
                    return false;
                }
                Some(next) => state.set_now(next.max(state.now())),
            }
        }
    }

    /// Runs as a task for as long as the cluster is there: `now` tells the time, the sleeps are
    /// tokio's, so that under a paused runtime time is virtual.
    pub async fn run(mut self, state: Arc<Mutex<State>>, now: impl Fn() -> Timestamp) {
        let mut changes = lock(&state).subscribe();
        loop {
            changes.mark_seen();
            // The time is asked for first: whoever tells it may need the lock, too.
            let at = now();
            let progress = {
                let mut state = lock(&state);
                state.set_now(at);
                self.advance(&mut state)
            };
            let Progress::Rest(next) = progress else {
                // Watches take what happened so far, which need not be kept for them any longer.
                tokio::task::yield_now().await;
                continue;
            };
            let wait =
                next.map(|next| Duration::try_from(next.duration_since(now())).unwrap_or_default());
            // Biased: an unbiased choice would be random.
            tokio::select! {
                biased;
                () = changes.changed() => {}
                () = sleep(wait) => {}
            }
        }
    }

    fn start(&mut self, state: &mut State) {
        if self.reader.is_some() {
            return;
        }
        self.reader = Some(state.follow());
        for (kind, stored) in state.store.iter() {
            let entry = as_created(kind, &stored.object);
            self.tell(&entry, state);
        }
    }

    fn drain(&mut self, state: &State) {
        let seen = self.reader.as_ref().map_or(0, Reader::place);
        for entry in state.events_since(seen) {
            self.tell(entry, state);
        }
        if let Some(reader) = &self.reader {
            reader.move_to(state.version());
        }
    }

    fn tell(&mut self, entry: &LogEntry, state: &State) {
        for (index, controller) in self.controllers.iter_mut().enumerate() {
            for key in controller.interested(entry, state) {
                self.queue.insert((index, key));
            }
        }
    }

    fn take_due(&mut self, now: Timestamp) {
        while let Some(timer) = self.timers.first_entry() {
            if timer.key().0 > now {
                break;
            }
            let work = timer.remove();
            self.armed.remove(&work);
            self.queue.insert(work);
        }
    }

    fn arm(&mut self, work: Work, at: Timestamp) {
        self.sequence += 1;
        let slot = (at, self.sequence);
        self.timers.insert(slot, work.clone());
        self.armed.insert(work, slot);
    }

    fn disarm(&mut self, work: &Work) {
        if let Some(slot) = self.armed.remove(work) {
            self.timers.remove(&slot);
        }
    }
}

/// An object that is there already, as if just created.
fn as_created(kind: &Arc<str>, object: &Arc<Value>) -> LogEntry {
    LogEntry {
        version: 0,
        kind: kind.clone(),
        namespace: object::namespace(object).to_owned(),
        name: object::name(object).to_owned(),
        old: None,
        new: Some(object.clone()),
        managers: Managers::default(),
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps that long, or for ever.
async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::controllers::pods;
    use crate::controllers::testing::{World, deployment};
    use crate::{Cluster, Options};

    /// What happened, as text: every change with its version and its instant.
    fn history(world: &World) -> String {
        let log = world.state.events_since(0);
        log.map(|entry| format!("{} {} {}\n", entry.version, entry.key(), entry.object()))
            .collect()
    }

    fn eventful() -> World {
        let mut world = World::new();
        for name in ["api", "web", "worker"] {
            world.create(deployment(name, 4));
        }
        world.pass(40);
        world.delete("apps/Deployment", "web");
        world.pass(40);
        world
    }

    #[test]
    fn the_same_changes_give_the_same_history() {
        let (first, second) = (eventful(), eventful());
        assert!(first.state.version() > 100);
        assert_eq!(history(&first), history(&second));
    }

    #[test]
    fn a_runner_that_starts_late_goes_on_where_another_stopped() {
        let mut world = World::new();
        world.create(deployment("api", 2));
        world.pass(2);
        assert_eq!(world.ready(), 0);
        let standard = crate::controllers::standard(<_>::default(), <_>::default());
        world.runner = super::Runner::new(standard);
        world.pass(30);
        assert_eq!(world.ready(), 2);
    }

    #[test]
    fn as_a_task_it_follows_the_clock_of_the_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        let ready = runtime.block_on(async {
            let cluster = Cluster::new(Options::default()).unwrap();
            tokio::spawn(cluster.run());
            cluster.with(|state| {
                let mut object = deployment("api", 2);
                object["metadata"]["namespace"] = "default".into();
                state.create("test", object).unwrap();
            });
            tokio::time::sleep(Duration::from_secs(30)).await;
            let pods = cluster.with(|state| state.list_in("Pod", "default"));
            pods.iter().filter(|pod| pods::is_ready(pod)).count()
        });
        assert_eq!(ready, 2);
    }
}
