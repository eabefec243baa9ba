//! One look of the kubelet at one pod: volumes, then init containers in order, then the others.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::container::{Container, Role, Turn};
use super::facts::Facts;
use super::{Note, references, status};
use crate::clock;
use crate::controllers::read;
use crate::faults::Faults;
use crate::state::State;

/// How long the sandbox of a pod takes: network, volumes and images.
const SANDBOX: i64 = 1;

/// A look at a pod and what it found.
pub struct Run<'a> {
    state: &'a State,
    pod: &'a Value,
    facts: &'a Facts,
    faults: &'a Faults,
    address: String,
    ports: Vec<i64>,
    status: Value,
    done: Done,
}

/// What the kubelet writes after a look.
#[derive(Debug, Default)]
pub struct Done {
    /// The pod's status.
    pub status: Value,
    /// Events.
    pub notes: Vec<Note>,
    /// Log lines by container.
    pub lines: Vec<(String, String)>,
    /// When to look again.
    pub wake: Option<Timestamp>,
    /// Whether the pod waits for another object.
    pub waits: bool,
}

impl<'a> Run<'a> {
    /// A look at `pod`, which has or gets this address.
    pub fn new(
        state: &'a State,
        pod: &'a Value,
        facts: &'a Facts,
        faults: &'a Faults,
        address: String,
    ) -> Self {
        let ports = ports(pod, facts);
        let status = pod["status"].clone();
        Self {
            state,
            pod,
            facts,
            faults,
            address,
            ports,
            status,
            done: Done::default(),
        }
    }

    /// Lets the pod live on until now.
    pub fn advance(&mut self) {
        if !self.status.is_object() {
            self.status = json!({});
        }
        if read::text(&self.status, "/startTime").is_empty() {
            self.begin();
        }
        if self.overdue() {
            self.status["phase"] = json!("Failed");
            self.status["reason"] = json!("DeadlineExceeded");
            self.status["message"] =
                json!("Pod was active on the node longer than the specified deadline");
            self.end_all(143, "Error");
            return;
        }
        if !self.sandboxed() {
            return;
        }
        let initialised = self.advance_init();
        if initialised {
            self.advance_main();
        }
        status::settle(self.pod, &mut self.status);
        if matches!(read::text(&self.status, "/phase"), "Succeeded" | "Failed") {
            self.end_all(0, "Completed");
            self.done.wake = None;
            self.done.waits = false;
        }
    }

    /// What to write.
    pub fn finish(mut self) -> Done {
        let mut status = self.status;
        status::set_conditions(self.pod, &mut status, self.state.now());
        self.done.status = status;
        self.done
    }

    fn begin(&mut self) {
        let now = self.state.now();
        self.status["phase"] = json!("Pending");
        self.status["startTime"] = json!(clock::time(now));
        if read::text(&self.status, "/qosClass").is_empty() {
            self.status["qosClass"] = json!(status::quality(self.pod));
        }
        let name = read::text(self.pod, "/spec/nodeName");
        if let Some(node) = self.state.get("Node", "", name) {
            let host = node["status"]["addresses"][0]["address"].clone();
            self.status["hostIPs"] = json!([{"ip": host}]);
            self.status["hostIP"] = host;
        }
        let waiting = if read::items(self.pod, "/spec/initContainers").is_empty() {
            "ContainerCreating"
        } else {
            "PodInitializing"
        };
        for (list, statuses) in LISTS {
            let containers = read::items(self.pod, list);
            let fresh: Vec<Value> = containers
                .iter()
                .map(|spec| self.container(spec, Role::Main).fresh(waiting))
                .collect();
            if !fresh.is_empty() {
                self.status[statuses] = Value::Array(fresh);
            }
        }
    }

    fn overdue(&mut self) -> bool {
        let Some(limit) = read::int(self.pod, "/spec/activeDeadlineSeconds") else {
            return false;
        };
        let Some(start) = read::instant(&self.status, "/startTime") else {
            return false;
        };
        let end = start
            .checked_add(SignedDuration::from_secs(limit))
            .unwrap_or(Timestamp::MAX);
        self.wake(Some(end).filter(|end| *end > self.state.now()));
        end <= self.state.now()
    }

    /// Whether the pod has its network and volumes.
    fn sandboxed(&mut self) -> bool {
        if !read::text(&self.status, "/podIP").is_empty() {
            return true;
        }
        if let Some(reason) = references::missing_volume(self.state, self.pod) {
            self.done.notes.push(Note::warning("FailedMount", reason));
            self.done.waits = true;
            return false;
        }
        let start = read::instant(&self.status, "/startTime").unwrap_or(self.state.now());
        let ready = start
            .checked_add(SignedDuration::from_secs(SANDBOX))
            .unwrap_or(start);
        if ready > self.state.now() {
            self.wake(Some(ready));
            return false;
        }
        self.status["podIP"] = json!(self.address);
        self.status["podIPs"] = json!([{"ip": self.address}]);
        true
    }

    /// Lets init containers live on; returns whether all that must end have ended.
    fn advance_init(&mut self) -> bool {
        for (index, spec) in read::items(self.pod, "/spec/initContainers")
            .iter()
            .enumerate()
        {
            let role = if spec["restartPolicy"] == "Always" {
                Role::Sidecar
            } else {
                Role::Init
            };
            let before = self.status["initContainerStatuses"][index].clone();
            if role == Role::Init && ended_well(&before) {
                continue;
            }
            let mut turn = self.container(spec, role).advance(&before);
            if role == Role::Init {
                turn.status["ready"] = json!(ended_well(&turn.status));
            }
            let passed = match role {
                Role::Sidecar => read::flag(&turn.status, "/started"),
                _ => ended_well(&turn.status),
            };
            self.take(spec, "initContainerStatuses", index, turn);
            if !passed {
                return false;
            }
        }
        true
    }

    fn advance_main(&mut self) {
        for (index, spec) in read::items(self.pod, "/spec/containers").iter().enumerate() {
            let before = self.status["containerStatuses"][index].clone();
            let turn = self.container(spec, Role::Main).advance(&before);
            self.take(spec, "containerStatuses", index, turn);
        }
    }

    fn container<'b>(&'b self, spec: &'b Value, role: Role) -> Container<'b> {
        let main = role == Role::Main && self.is_subject(spec);
        Container {
            state: self.state,
            pod: self.pod,
            spec,
            role,
            facts: self.facts.of_process(spec),
            image_missing: main && self.faults.lacks_image(self.pod),
            fault: if main {
                self.faults.crash(self.pod)
            } else {
                None
            },
            delay: if main { self.faults.delay(self.pod) } else { 0 },
            address: &self.address,
            ports: &self.ports,
        }
    }

    /// Faults hit the pod's first container, or one that has the name of the fault's target.
    fn is_subject(&self, spec: &Value) -> bool {
        let name = read::text(spec, "/name");
        let first = read::text(self.pod, "/spec/containers/0/name");
        let named = self.faults.iter().any(|fault| fault.target() == name);
        named || name == first
    }

    fn take(&mut self, spec: &Value, statuses: &str, index: usize, turn: Turn) {
        self.wake(turn.wake);
        self.done.waits |= turn.waits;
        let name = read::text(spec, "/name");
        let list = match statuses {
            "initContainerStatuses" => "initContainers",
            _ => "containers",
        };
        let part = format!("spec.{list}{{{name}}}");
        self.done
            .notes
            .extend(turn.notes.into_iter().map(|note| Note {
                part: part.clone(),
                ..note
            }));
        self.done
            .lines
            .extend(turn.lines.into_iter().map(|line| (name.to_owned(), line)));
        if let Some(slot) = self.status[statuses].get_mut(index) {
            *slot = turn.status;
        }
    }

    /// Ends what still runs when the pod is over.
    fn end_all(&mut self, code: i64, reason: &str) {
        for (_, statuses) in LISTS {
            for one in self.status[statuses].as_array_mut().into_iter().flatten() {
                status::end(one, code, reason, self.state.now());
            }
        }
    }

    fn wake(&mut self, at: Option<Timestamp>) {
        self.done.wake = match (self.done.wake, at) {
            (Some(known), Some(at)) => Some(known.min(at)),
            (known, at) => known.or(at),
        };
    }
}

/// Lists of containers and of their statuses.
const LISTS: [(&str, &str); 2] = [
    ("/spec/initContainers", "initContainerStatuses"),
    ("/spec/containers", "containerStatuses"),
];

fn ended_well(status: &Value) -> bool {
    read::int(status, "/state/terminated/exitCode") == Some(0)
}

/// Ports on which the pod listens: those that it declares and those that its images are known for.
fn ports(pod: &Value, facts: &Facts) -> Vec<i64> {
    let lists = LISTS.iter().flat_map(|(list, _)| read::items(pod, list));
    lists
        .flat_map(|container| {
            let declared = read::items(container, "/ports")
                .iter()
                .filter_map(|port| port["containerPort"].as_i64());
            declared
                .chain(facts.of_process(container).listens)
                .collect::<Vec<_>>()
        })
        .collect()
}
