//! The life of one container: created, running, ready, ended, and started again with back-off.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::facts::ImageFacts;
use super::probes::Probe;
use super::{Note, references, writes};
use crate::clock;
use crate::controllers::{conditions, read};
use crate::faults::Fault;
use crate::object;
use crate::quantity;
use crate::state::State;

/// First wait before a restart, doubled each time.
const BACK_OFF: i64 = 10;
/// The longest wait before a restart.
const BACK_OFF_MOST: i64 = 300;
/// A container that ran this long starts again at once.
const RAN_WELL: i64 = 600;
/// How soon after its start a process finds that it cannot work.
const CRASHES_AFTER: i64 = 1;
/// How soon a failed pull is called a back-off.
const PULL_RETRY: i64 = 2;

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// One of `spec.containers`.
    Main,
    /// An init container that ends before the next begins.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
}

/// A container and all that its life depends on.
pub struct Container<'a> {
    /// The cluster.
    pub state: &'a State,
    /// Its pod.
    pub pod: &'a Value,
    /// Its part of the pod's spec.
    pub spec: &'a Value,
    /// What it is to its pod.
    pub role: Role,
    /// What its process does.
    pub facts: ImageFacts,
    /// Whether its image cannot be pulled.
    pub image_missing: bool,
    /// The fault that ends its process.
    pub fault: Option<&'a Fault>,
    /// By how much a fault delays it.
    pub delay: u64,
    /// The pod's address.
    pub address: &'a str,
    /// Ports on which anything in the pod listens.
    pub ports: &'a [i64],
}

/// What became of a container at this instant.
#[derive(Debug, Default)]
pub struct Turn {
    /// Its entry among the pod's statuses.
    pub status: Value,
    /// When to look again.
    pub wake: Option<Timestamp>,
    /// What to tell.
    pub notes: Vec<Note>,
    /// What its process wrote.
    pub lines: Vec<String>,
    /// Whether it waits for another object.
    pub waits: bool,
}

/// How and when a run of a container ends.
#[derive(Clone, Debug)]
struct End {
    at: Timestamp,
    code: i64,
    reason: &'static str,
    line: Option<String>,
    note: Option<Note>,
}

impl Container<'_> {
    fn name(&self) -> &str {
        read::text(self.spec, "/name")
    }

    fn image(&self) -> &str {
        read::text(self.spec, "/image")
    }

    /// The entry of a container that has not been looked at yet.
    pub fn fresh(&self, reason: &str) -> Value {
        json!({
            "name": self.name(),
            "image": self.image(),
            "imageID": "",
            "ready": false,
            "started": false,
            "restartCount": 0,
            "state": {"waiting": {"reason": reason}},
            "lastState": {},
        })
    }

    /// When a failed pull is tried again: counted from the pod's network, which came before it.
    fn next_pull(&self) -> Timestamp {
        let network = conditions::find(&self.pod["status"], "PodReadyToStartContainers");
        let since = network
            .filter(|one| one["status"] == "True")
            .and_then(|one| read::instant(one, "/lastTransitionTime"));
        plus(since.unwrap_or(self.state.now()), PULL_RETRY)
    }

    /// Lives on from `status` until now.
    pub fn advance(&self, status: &Value) -> Turn {
        let mut turn = Turn {
            status: status.clone(),
            ..Turn::default()
        };
        // Each pass is one change of state; more than a few at one instant would be a loop.
        for _ in 0..8 {
            turn.wake = None;
            turn.waits = false;
            if !self.pass(&mut turn) {
                break;
            }
        }
        turn
    }

    /// One change of state; returns whether another may follow at this instant.
    fn pass(&self, turn: &mut Turn) -> bool {
        let state = &turn.status["state"];
        if state["running"].is_object() {
            self.run_on(turn)
        } else if state["terminated"].is_object() {
            self.after_end(turn)
        } else {
            self.try_start(turn)
        }
    }

    fn try_start(&self, turn: &mut Turn) -> bool {
        let now = self.state.now();
        let reason = read::text(&turn.status, "/state/waiting/reason");
        if reason == "CrashLoopBackOff" {
            let due = self.restart_at(&turn.status);
            if due > now {
                turn.wake = Some(due);
                return false;
            }
        }
        if self.image_missing {
            return self.fail_pull(turn);
        }
        let missing = references::missing_environment(self.state, self.pod, self.spec);
        let refusal = missing.or_else(|| writes::root_refusal(self.pod, self.spec, &self.facts));
        if let Some(message) = refusal {
            turn.waits = true;
            let waiting =
                json!({"waiting": {"reason": "CreateContainerConfigError", "message": message}});
            if turn.status["state"] != waiting {
                turn.notes
                    .push(Note::warning("Failed", format!("Error: {message}")));
                turn.status["state"] = waiting;
            }
            return false;
        }
        self.start(turn);
        true
    }

    fn start(&self, turn: &mut Turn) {
        let now = self.state.now();
        let ended = &turn.status["lastState"]["terminated"];
        let again = ended.is_object();
        if again {
            let count = read::count(&turn.status, "/restartCount") + 1;
            turn.status["restartCount"] = json!(count);
        }
        turn.status["state"] = json!({"running": {"startedAt": clock::time(now)}});
        turn.status["imageID"] = json!(self.image());
        let count = read::count(&turn.status, "/restartCount");
        let identity = format!(
            "embedded://{}-{}-{count}",
            object::uid(self.pod),
            self.name()
        );
        turn.status["containerID"] = json!(identity);
        turn.notes.push(Note::normal(
            "Started",
            format!("Started container {}", self.name()),
        ));
        turn.lines.push(format!("model: {} starts", self.image()));
    }

    fn fail_pull(&self, turn: &mut Turn) -> bool {
        let image = self.image();
        match read::text(&turn.status, "/state/waiting/reason") {
            "ErrImagePull" if self.next_pull() > self.state.now() => {
                turn.wake = Some(self.next_pull());
            }
            "ErrImagePull" => {
                let message = format!("Back-off pulling image \"{image}\"");
                turn.status["state"] =
                    json!({"waiting": {"reason": "ImagePullBackOff", "message": message}});
                turn.notes.push(Note::normal("BackOff", message));
            }
            "ImagePullBackOff" => {}
            _ => {
                let message =
                    format!("failed to resolve reference \"{image}\": {image}: not found");
                turn.notes.push(Note::warning(
                    "Failed",
                    format!("Failed to pull image \"{image}\": {message}"),
                ));
                turn.status["state"] =
                    json!({"waiting": {"reason": "ErrImagePull", "message": message}});
                turn.wake = Some(self.next_pull());
            }
        }
        false
    }

    fn run_on(&self, turn: &mut Turn) -> bool {
        let now = self.state.now();
        let start = read::instant(&turn.status, "/state/running/startedAt").unwrap_or(now);
        let listens = plus(start, seconds(self.facts.start_seconds + self.delay));
        let marks = self.marks(start, listens);
        if let Some(end) = marks.end.clone().filter(|end| end.at <= now) {
            end_run(turn, start, end);
            return true;
        }
        let past = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        turn.status["started"] = json!(past(marks.started));
        let was_ready = read::flag(&turn.status, "/ready");
        let ready = self.role != Role::Init && past(marks.ready);
        turn.status["ready"] = json!(ready);
        if ready && !was_ready {
            turn.lines.push("model: ready".to_owned());
        }
        let complaints = marks.complaints.into_iter();
        let (due, later): (Vec<_>, Vec<_>) = complaints.partition(|(at, _)| *at <= now);
        turn.notes.extend(
            due.into_iter()
                .filter(|(at, _)| *at == now)
                .map(|(_, note)| note),
        );
        let future = later.into_iter().map(|(at, _)| at);
        let future = future
            .chain(marks.started)
            .chain(marks.ready)
            .chain(marks.end.map(|end| end.at));
        turn.wake = future.filter(|at| *at > now).min();
        false
    }

    fn marks(&self, start: Timestamp, listens: Timestamp) -> Marks {
        let probe =
            |field: &str| Probe::read(&self.spec[field], self.spec, self.ports, self.address);
        let mut marks = Marks {
            end: self.own_end(start),
            ..Marks::default()
        };
        marks.started = Some(start);
        if let Some(startup) = probe("startupProbe") {
            marks.complain("Startup", &startup, startup.first(start, start), listens);
            marks.started = startup.passes(start, start, listens);
            if let Some(at) = startup.gives_up(start, start, listens) {
                marks.started = None;
                marks.kill(at, self.name(), "startup");
            }
        }
        let Some(from) = marks.started else {
            return marks;
        };
        marks.ready = Some(from);
        if let Some(readiness) = probe("readinessProbe") {
            marks.complain(
                "Readiness",
                &readiness,
                readiness.first(start, from),
                listens,
            );
            marks.ready = readiness.passes(start, from, listens);
        }
        if let Some(liveness) = probe("livenessProbe") {
            marks.complain("Liveness", &liveness, liveness.first(start, from), listens);
            if let Some(at) = liveness.gives_up(start, from, listens) {
                marks.kill(at, self.name(), "liveness");
            }
        }
        marks
    }

    /// The end that the process itself comes to.
    fn own_end(&self, start: Timestamp) -> Option<End> {
        let crash = plus(start, CRASHES_AFTER);
        let failed = |line: String| End {
            at: crash,
            code: 1,
            reason: "Error",
            line: Some(line),
            note: None,
        };
        let limit = self
            .spec
            .pointer("/resources/limits/memory")
            .and_then(quantity::units);
        if limit.is_some_and(|limit| limit < self.facts.memory) {
            return Some(End {
                at: crash,
                code: 137,
                reason: "OOMKilled",
                line: None,
                note: None,
            });
        }
        if let Some(needs) = self.missing_variable() {
            return Some(failed(format!(
                "model: {} needs one of {needs}",
                self.image()
            )));
        }
        if let Some(line) = writes::refusal(self.pod, self.spec, &self.facts) {
            return Some(failed(format!("model: {line}")));
        }
        if let Some(fault) = self.fault {
            return Some(failed(format!("model: fault {fault}")));
        }
        if !self.ends() {
            return None;
        }
        let at = plus(start, seconds(self.facts.run_seconds + self.delay));
        let code = self.facts.exit_code;
        let reason = if code == 0 { "Completed" } else { "Error" };
        Some(End {
            at,
            code,
            reason,
            line: Some(format!("model: ends with code {code}")),
            note: None,
        })
    }

    fn ends(&self) -> bool {
        match self.role {
            Role::Init => true,
            Role::Sidecar => false,
            Role::Main => {
                read::text(self.pod, "/spec/restartPolicy") != "Always"
                    && !read::text(self.pod, "/spec/restartPolicy").is_empty()
            }
        }
    }

    fn missing_variable(&self) -> Option<String> {
        let needs = &self.facts.needs_env;
        let by_whole = !read::items(self.spec, "/envFrom").is_empty();
        let set = |name: &String| {
            read::items(self.spec, "/env")
                .iter()
                .any(|one| one["name"].as_str() == Some(name))
        };
        (!needs.is_empty() && !by_whole && !needs.iter().any(set)).then(|| needs.join(", "))
    }

    fn after_end(&self, turn: &mut Turn) -> bool {
        if !self.restarts(read::count(&turn.status, "/state/terminated/exitCode")) {
            return false;
        }
        turn.status["lastState"] = turn.status["state"].clone();
        let due = self.restart_at(&turn.status);
        if due <= self.state.now() {
            self.start(turn);
            return true;
        }
        let wait = back_off(read::count(&turn.status, "/restartCount"));
        let pod = format!(
            "{}_{}({})",
            object::name(self.pod),
            object::namespace(self.pod),
            object::uid(self.pod)
        );
        let name = self.name();
        let message = format!(
            "back-off {} restarting failed container={name} pod={pod}",
            written(wait)
        );
        turn.status["state"] =
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
        let note = format!("Back-off restarting failed container {name} in pod {pod}");
        turn.notes.push(Note::warning("BackOff", note));
        turn.wake = Some(due);
        false
    }

    fn restarts(&self, code: i64) -> bool {
        let policy = read::text(self.pod, "/spec/restartPolicy");
        match (self.role, policy) {
            (Role::Sidecar, _) | (Role::Main, "Always" | "") => true,
            (Role::Main | Role::Init, "Never") => false,
            (Role::Main | Role::Init, _) => code != 0,
        }
    }

    /// The first restart is at once, later ones wait ever longer; one after a good run is the first.
    fn restart_at(&self, status: &Value) -> Timestamp {
        let last = &status["lastState"]["terminated"];
        let ended = read::instant(last, "/finishedAt").unwrap_or(self.state.now());
        let began = read::instant(last, "/startedAt").unwrap_or(ended);
        let count = read::count(status, "/restartCount");
        if count == 0 || ended.duration_since(began).as_secs() >= RAN_WELL {
            return ended;
        }
        plus(ended, back_off(count))
    }
}

/// What will happen to a running container.
#[derive(Debug, Default)]
struct Marks {
    started: Option<Timestamp>,
    ready: Option<Timestamp>,
    end: Option<End>,
    complaints: Vec<(Timestamp, Note)>,
}

impl Marks {
    /// Ends the run by a failed probe, unless it ends earlier.
    fn kill(&mut self, at: Timestamp, name: &str, probe: &str) {
        if self.end.as_ref().is_some_and(|end| end.at <= at) {
            return;
        }
        let message = format!("Container {name} failed {probe} probe, will be restarted");
        let note = Note::normal("Killing", message);
        let line = format!("model: stopped, the {probe} probe failed");
        self.end = Some(End {
            at,
            code: 137,
            reason: "Error",
            line: Some(line),
            note: Some(note),
        });
    }

    fn complain(&mut self, probe: &str, asked: &Probe, first: Timestamp, listens: Timestamp) {
        if asked.gives_up(first, first, listens).is_some() || listens > first {
            let message = format!("{probe} probe failed: {}", asked.complaint());
            self.complaints
                .push((first, Note::warning("Unhealthy", message)));
        }
    }
}

fn end_run(turn: &mut Turn, start: Timestamp, end: End) {
    turn.lines.extend(end.line);
    turn.notes.extend(end.note);
    turn.status["ready"] = json!(false);
    turn.status["started"] = json!(false);
    turn.status["state"] = json!({"terminated": {
        "exitCode": end.code,
        "reason": end.reason,
        "startedAt": clock::time(start),
        "finishedAt": clock::time(end.at),
        "containerID": turn.status["containerID"],
    }});
}

fn back_off(restarts: i64) -> i64 {
    let doublings = u32::try_from(restarts.saturating_sub(1))
        .unwrap_or_default()
        .min(6);
    (BACK_OFF << doublings).min(BACK_OFF_MOST)
}

/// Seconds as Go writes durations: `10s`, `2m40s`, `5m0s`.
fn written(seconds: i64) -> String {
    if seconds < 60 {
        format!("{seconds}s")
    } else {
        format!("{}m{}s", seconds / 60, seconds % 60)
    }
}

fn seconds(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn plus(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
