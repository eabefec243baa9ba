//! What is known of each component: where it lives, which Service it has, which labels its pods.
//!
//! Names are those that the charts of `docs/platform.md` give with a release named as the chart.

use crate::cx::Cx;
use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_spec::app::platform::{
    Component, DashboardsUse, LogsUse, MetricsUse, TelemetryUse, TracesUse,
};

/// A port of a component.
#[derive(Clone, Copy, Debug)]
pub struct SlotPort {
    /// Its name.
    pub name: &'static str,
    /// Port of the Service.
    pub service: u16,
    /// Port of the pod.
    pub pod: u16,
    /// Whether it speaks HTTP.
    pub http: bool,
}

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

const fn port(name: &'static str, service: u16, pod: u16) -> SlotPort {
    SlotPort {
        name,
        service,
        pod,
        http: true,
    }
}

const NAME: &str = "app.kubernetes.io/name";

/// The facts of a slot; `None` where it is `none`, or cannot be talked to.
pub fn facts(cx: &Cx, slot: &str) -> Option<SlotFacts> {
    let platform = &cx.app.platform;
    let fact = |component: &Component, home: &'static str, service, ports, label, login| {
        let namespace = component.namespace.clone();
        let default = || Sourced::rule("platform/slots", Str::from(home));
        Some(SlotFacts {
            namespace: namespace.unwrap_or_else(default),
            service,
            ports,
            label,
            login,
            origin: component.origin.clone(),
        })
    };
    match slot {
        "metrics" if *platform.metrics.use_.peek() == MetricsUse::Prometheus => fact(
            &platform.metrics.component,
            "monitoring",
            "prometheus-operated",
            const { &[port("http", 9090, 9090)] },
            (NAME, "prometheus"),
            false,
        ),
        "dashboards" if *platform.dashboards.use_.peek() == DashboardsUse::Grafana => fact(
            &platform.dashboards.component,
            "monitoring",
            "grafana",
            const { &[port("http", 80, 3000)] },
            (NAME, "grafana"),
            true,
        ),
        "logs" if *platform.logs.use_.peek() == LogsUse::Loki => fact(
            &platform.logs.component,
            "logging",
            "loki",
            const { &[port("http", 3100, 3100)] },
            (NAME, "loki"),
            false,
        ),
        "traces" => traces(cx, fact),
        "telemetry" if *platform.telemetry.use_.peek() == TelemetryUse::Otel => fact(
            &platform.telemetry.component,
            "telemetry",
            "opentelemetry-collector",
            const {
                &[
                    SlotPort {
                        name: "grpc",
                        service: 4317,
                        pod: 4317,
                        http: false,
                    },
                    port("http", 4318, 4318),
                ]
            },
            (NAME, "opentelemetry-collector"),
            false,
        ),
        _ => None,
    }
}

fn traces(
    cx: &Cx,
    fact: impl Fn(
        &Component,
        &'static str,
        &'static str,
        &'static [SlotPort],
        (&'static str, &'static str),
        bool,
    ) -> Option<SlotFacts>,
) -> Option<SlotFacts> {
    let traces = &cx.app.platform.traces;
    match traces.use_.peek() {
        TracesUse::None => None,
        TracesUse::Tempo => fact(
            &traces.component,
            "tracing",
            "tempo",
            const { &[port("http", 3200, 3200)] },
            (NAME, "tempo"),
            false,
        ),
        TracesUse::Jaeger => fact(
            &traces.component,
            "tracing",
            "jaeger",
            const { &[port("http", 16686, 16686)] },
            (NAME, "jaeger"),
            false,
        ),
    }
}
