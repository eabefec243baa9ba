//! What is known of each component: where it lives, which Service it has, which labels its pods.
//!
//! Names are those that the charts of `docs/platform.md` give with a release named as the chart.

use crate::cx::Cx;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::platform::{Component, TracesUse};
pub use plimsoll_spec::slots::SlotPort;

/// A component that can be talked to.
#[derive(Clone, Debug)]
pub struct SlotFacts {
    /// Namespace.
    pub namespace: Sourced<Str>,
    /// Name of its Service.
    pub service: &'static str,
    /// Its ports, the main one first.
    pub ports: &'static [SlotPort],
    /// A label that selects its pods.
    pub label: (&'static str, &'static str),
    /// Whether it asks people to log in by itself.
    pub login: bool,
    /// Where it was chosen.
    pub origin: Origin,
}

const NAME: &str = "app.kubernetes.io/name";

/// The facts of a slot; `None` where it is `none`, or cannot be talked to.
pub fn facts(cx: &Cx, slot: &str) -> Option<SlotFacts> {
    let platform = &cx.app.platform;
    let ports = plimsoll_spec::slots::ports(platform, slot);
    if ports.is_empty() {
        return None;
    }
    let fact = |component: &Component, home: &'static str, service, name, login| {
        let namespace = component.namespace.clone();
        let default = || Sourced::rule("platform/slots", Str::from(home));
        Some(SlotFacts {
            namespace: namespace.unwrap_or_else(default),
            service,
            ports,
            label: (NAME, name),
            login,
            origin: component.origin.clone(),
        })
    };
    match slot {
        "metrics" => fact(
            &platform.metrics.component,
            "monitoring",
            "prometheus-operated",
            "prometheus",
            false,
        ),
        "dashboards" => fact(
            &platform.dashboards.component,
            "monitoring",
            "grafana",
            "grafana",
            true,
        ),
        "logs" => fact(&platform.logs.component, "logging", "loki", "loki", false),
        "traces" => {
            let name = match platform.traces.use_.peek() {
                TracesUse::Jaeger => "jaeger",
                TracesUse::Tempo | TracesUse::None => "tempo",
            };
            fact(&platform.traces.component, "tracing", name, name, false)
        }
        "telemetry" => {
            let name = "opentelemetry-collector";
            fact(
                &platform.telemetry.component,
                "telemetry",
                name,
                name,
                false,
            )
        }
        _ => None,
    }
}
