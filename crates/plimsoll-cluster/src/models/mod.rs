//! Small models of the operators that applications wait for: each makes and writes what the real one
//! does, as far as others can see it. A kind that nobody attends is never ready.

mod argo_rollouts;
mod assumed;
mod attended;
mod cert_manager;
mod cloudnative_pg;
mod components;
mod crds;
mod external_secrets;
mod gateways;
mod ingresses;
mod keda;
pub mod platform;
mod policies;
mod reloader;
mod sealed_secrets;
mod secret_values;
mod template;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod velero;
mod writing;

use crate::controllers::Controller;

pub use assumed::assumed;
pub use attended::{attended, attended_kinds};

/// All models, in the order in which the runner asks them. Each rests where its kinds are not served.
pub fn all() -> Vec<Box<dyn Controller>> {
    let mut all: Vec<Box<dyn Controller>> = vec![
        Box::new(external_secrets::Stores::namespaced()),
        Box::new(external_secrets::Stores::cluster()),
        Box::new(external_secrets::ExternalSecrets),
        Box::new(sealed_secrets::SealedSecrets),
        Box::new(cert_manager::Issuers::namespaced()),
        Box::new(cert_manager::Issuers::cluster()),
        Box::new(cert_manager::Shim::gateways()),
        Box::new(cert_manager::Shim::ingresses()),
        Box::new(cert_manager::Certificates),
        Box::new(gateways::GatewayClasses),
        Box::new(gateways::Gateways),
        Box::new(gateways::Routes::http()),
        Box::new(gateways::Routes::grpc()),
        Box::new(ingresses::Ingresses),
        Box::new(keda::ScaledObjects),
        Box::new(argo_rollouts::Rollouts),
        Box::new(argo_rollouts::AnalysisRuns),
        Box::new(cloudnative_pg::Clusters),
        Box::new(cloudnative_pg::Poolers),
        Box::new(cloudnative_pg::Followers::databases()),
        Box::new(velero::Velero::schedules()),
        Box::new(velero::Velero::locations()),
        Box::new(reloader::Reloader::of_secrets()),
        Box::new(reloader::Reloader::of_config_maps()),
    ];
    for (kind, controller) in policies::ATTACHED {
        all.push(Box::new(policies::Policies::of(kind, controller)));
    }
    all
}
