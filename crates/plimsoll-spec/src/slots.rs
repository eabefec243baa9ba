//! Ports of the components that can be talked to, `platform.SLOT`.
//!
//! Numbers are those of the charts of `docs/platform.md`.

use crate::app::Platform;
use crate::app::platform::{DashboardsUse, LogsUse, MetricsUse, TelemetryUse, TracesUse};

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

const fn port(name: &'static str, service: u16, pod: u16) -> SlotPort {
    SlotPort {
        name,
        service,
        pod,
        http: true,
    }
}

const GRPC: SlotPort = SlotPort {
    http: false,
    ..port("grpc", 4317, 4317)
};

/// Ports of the Service of a slot, the main one first; none where it is `none`, or cannot be talked
/// to.
pub fn ports(platform: &Platform, slot: &str) -> &'static [SlotPort] {
    match slot {
        "metrics" => match platform.metrics.use_.peek() {
            MetricsUse::Prometheus => const { &[port("http", 9090, 9090)] },
            MetricsUse::None => &[],
        },
        "dashboards" => match platform.dashboards.use_.peek() {
            DashboardsUse::Grafana => const { &[port("http", 80, 3000)] },
            DashboardsUse::None => &[],
        },
        "logs" => match platform.logs.use_.peek() {
            LogsUse::Loki => const { &[port("http", 3100, 3100)] },
            LogsUse::None => &[],
        },
        "traces" => match platform.traces.use_.peek() {
            TracesUse::Tempo => const { &[port("http", 3200, 3200)] },
            TracesUse::Jaeger => const { &[port("http", 16686, 16686)] },
            TracesUse::None => &[],
        },
        "telemetry" => match platform.telemetry.use_.peek() {
            TelemetryUse::Otel => const { &[GRPC, port("http", 4318, 4318)] },
            TelemetryUse::None => &[],
        },
        _ => &[],
    }
}
