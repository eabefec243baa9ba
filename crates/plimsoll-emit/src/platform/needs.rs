//! Whether anything in an environment asks for a slot that has a component without being written.

use plimsoll_source::{Node, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::platform::{TelemetryUse, VpaUse};
use plimsoll_world::{Object, World};

/// What an environment has of which a component could be needed.
#[derive(Clone, Copy)]
pub(super) struct Needs<'a> {
    /// Its words.
    pub(super) app: &'a App,
    /// What is written.
    pub(super) tree: &'a Node,
    /// Its objects.
    pub(super) world: &'a World,
}

impl Needs<'_> {
    /// Whether a slot is written, or an object is of its kinds or is read by it.
    pub(super) fn slot(self, slot: &str) -> bool {
        let is_written = self.tree.at(&["platform", slot]).is_some();
        is_written
            || match slot {
                "gateway" => self.group("gateway.networking.k8s.io") || self.kind("Ingress"),
                "certificates" => self.group("cert-manager.io") || self.any(asks_for_certificate),
                "metrics" => {
                    let platform = &self.app.platform;
                    let is_sent = *platform.telemetry.use_.peek() == TelemetryUse::Otel;
                    is_sent || self.group("monitoring.coreos.com") || self.any(asks_prometheus)
                }
                "dashboards" => self.any(is_dashboard),
                "autoscaler" => self.group("keda.sh"),
                _ => true,
            }
    }

    /// Whether somebody reads the use of cpu and memory.
    pub(super) fn resource_metrics(self) -> bool {
        let is_scaled = self.kind("HorizontalPodAutoscaler") || self.kind("ScaledObject");
        is_scaled || *self.app.platform.vpa.use_.peek() == VpaUse::Recommend
    }

    fn group(self, group: &str) -> bool {
        self.any(|object| object.key.group() == group)
    }

    fn kind(self, kind: &str) -> bool {
        self.any(|object| object.key.kind == kind)
    }

    fn any(self, is_it: impl Fn(&Object) -> bool) -> bool {
        self.world.objects.iter().any(is_it)
    }
}

/// A gateway or an ingress that names the issuer of its certificates.
fn asks_for_certificate(object: &Object) -> bool {
    let annotations = object.body.at(&["metadata", "annotations"]);
    let mut annotations = annotations.map_or(&[][..], Node::entries).iter();
    annotations.any(|entry| entry.key.starts_with("cert-manager.io/"))
}

/// Triggers and analyses of queries.
fn asks_prometheus(object: &Object) -> bool {
    match object.key.kind.as_str() {
        "AnalysisTemplate" => true,
        "ScaledObject" => {
            let triggers = object.body.at(&["spec", "triggers"]);
            let mut triggers = triggers.map_or(&[][..], Node::items).iter();
            triggers.any(|trigger| {
                let kind = trigger.get("type").and_then(Node::text);
                kind.map(Str::as_str) == Some("prometheus")
            })
        }
        _ => false,
    }
}

fn is_dashboard(object: &Object) -> bool {
    let label = ["metadata", "labels", "grafana_dashboard"];
    object.body.at(&label).is_some()
}
