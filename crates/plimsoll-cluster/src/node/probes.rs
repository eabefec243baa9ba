//! When probes pass and when they give up. Source: `pkg/kubelet/prober`, Kubernetes 1.37, without jitter.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::controllers::read;

/// One probe of a container.
#[derive(Clone, Debug)]
pub struct Probe {
    delay: i64,
    period: i64,
    failures: i64,
    successes: i64,
    /// Whether anything answers where it asks.
    answered: bool,
    complaint: String,
}

impl Probe {
    /// Reads a probe; `ports` are those on which the pod listens.
    pub fn read(written: &Value, container: &Value, ports: &[i64], address: &str) -> Option<Self> {
        if !written.is_object() {
            return None;
        }
        let or = |field: &str, default| {
            written[field]
                .as_i64()
                .filter(|number| *number > 0)
                .unwrap_or(default)
        };
        let (answered, complaint) = ask(written, container, ports, address);
        Some(Self {
            delay: read::count(written, "/initialDelaySeconds"),
            period: or("periodSeconds", 10),
            failures: or("failureThreshold", 3),
            successes: or("successThreshold", 1),
            answered,
            complaint,
        })
    }

    /// What a failure of this probe says.
    pub fn complaint(&self) -> &str {
        &self.complaint
    }

    /// When the first try happens; `start` is the container's start, `from` when probing may begin.
    pub fn first(&self, start: Timestamp, from: Timestamp) -> Timestamp {
        later(start, self.delay).max(from)
    }

    /// When the probe has passed as often as it must, if ever.
    pub fn passes(
        &self,
        start: Timestamp,
        from: Timestamp,
        listens: Timestamp,
    ) -> Option<Timestamp> {
        if !self.answered {
            return None;
        }
        let first = self.first(start, from);
        let tick = first_tick(first, self.period, listens);
        Some(later(tick, (self.successes - 1) * self.period))
    }

    /// When the probe has failed as often as it may, if it does before it passes.
    pub fn gives_up(
        &self,
        start: Timestamp,
        from: Timestamp,
        listens: Timestamp,
    ) -> Option<Timestamp> {
        let last = later(self.first(start, from), (self.failures - 1) * self.period);
        (!self.answered || last < listens).then_some(last)
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// The first of `first`, `first + period`, … that is not before `wanted`.
fn first_tick(first: Timestamp, period: i64, wanted: Timestamp) -> Timestamp {
    if wanted <= first {
        return first;
    }
    let missing = wanted.duration_since(first).as_millis();
    let steps = i64::try_from(missing)
        .unwrap_or(i64::MAX - period * 1000)
        .div_euclid(period * 1000);
    let tick = later(first, steps * period);
    if tick < wanted {
        later(tick, period)
    } else {
        tick
    }
}

fn ask(written: &Value, container: &Value, ports: &[i64], address: &str) -> (bool, String) {
    if written["exec"].is_object() {
        return (true, "command failed".to_owned());
    }
    let (action, path) = ["httpGet", "tcpSocket", "grpc"]
        .iter()
        .find_map(|action| written.get(*action).map(|found| (found, *action)))
        .unwrap_or((&Value::Null, ""));
    let port = match &action["port"] {
        Value::String(name) => named(container, name),
        number => number.as_i64(),
    };
    let Some(port) = port else {
        return (false, format!("couldn't find port: {}", action["port"]));
    };
    let refused = format!("dial tcp {address}:{port}: connect: connection refused");
    let complaint = if path == "httpGet" {
        let scheme = action["scheme"].as_str().unwrap_or("HTTP").to_lowercase();
        let target = action["path"].as_str().unwrap_or("/");
        format!("Get \"{scheme}://{address}:{port}{target}\": {refused}")
    } else {
        refused
    };
    (ports.contains(&port), complaint)
}

fn named(container: &Value, name: &str) -> Option<i64> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let port = read::items(container, "/ports")
        .iter()
        .find(|port| port["name"] == name)?;
    port["containerPort"].as_i64()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::Probe;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn probe(written: &Value) -> Probe {
        Probe::read(written, &json!({}), &[8080], "10.128.0.2").unwrap()
    }

    #[test]
    fn a_probe_passes_at_its_first_try_after_the_process_listens() {
        let probe = probe(
            &json!({"tcpSocket": {"port": 8080}, "periodSeconds": 5, "initialDelaySeconds": 2}),
        );
        assert_eq!(probe.passes(at(0), at(0), at(3)), Some(at(7)));
        assert_eq!(probe.passes(at(0), at(0), at(1)), Some(at(2)));
        assert_eq!(probe.gives_up(at(0), at(0), at(3)), None);
    }

    #[test]
    fn a_probe_gives_up_when_nothing_listens_in_time() {
        let slow =
            probe(&json!({"httpGet": {"port": 8080}, "periodSeconds": 2, "failureThreshold": 5}));
        assert_eq!(slow.gives_up(at(0), at(0), at(60)), Some(at(8)));
        let wrong = probe(&json!({"httpGet": {"port": 9999, "path": "/ok"}}));
        assert_eq!(wrong.passes(at(0), at(0), at(3)), None);
        assert_eq!(wrong.gives_up(at(0), at(0), at(3)), Some(at(20)));
        assert!(wrong.complaint().ends_with("connect: connection refused"));
    }
}
