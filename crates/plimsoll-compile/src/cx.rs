//! What every module of the compiler is given.

use crate::names;
use crate::namespace::{self, LivedIn};
use crate::network::edges::Edges;
use crate::program::Program;
use plimsoll_schema::Minor;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::Service;
use plimsoll_spec::app::cluster::Cni;
use plimsoll_spec::app::platform::{GatewayUse, MeshMode, MeshUse};
use plimsoll_world::ObjectForm;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// One environment on its way from App to Blueprint.
pub struct Cx<'a> {
    /// The application.
    pub app: &'a App,
    /// Kubernetes version to write for.
    pub target: Minor,
    /// Who uses what.
    pub edges: Edges<'a>,
    /// The namespaces in which something of ours lives: the main one first.
    pub lived_in: Vec<LivedIn<'a>>,
    findings: Mutex<Findings>,
}

impl<'a> Cx<'a> {
    /// A fresh start for one environment.
    pub fn new(app: &'a App, target: Minor) -> Self {
        let edges = Edges::new(app);
        Self {
            app,
            target,
            lived_in: namespace::lived_in(app, &edges),
            edges,
            findings: Mutex::default(),
        }
    }

    /// Reports a mistake that only compiling can see.
    pub fn report(&self, finding: Finding) {
        let findings = self.findings.lock();
        let mut findings = findings.unwrap_or_else(PoisonError::into_inner);
        findings.report(finding);
    }

    /// All that was reported.
    pub fn into_findings(self) -> Findings {
        let findings = self.findings.into_inner();
        findings.unwrap_or_else(PoisonError::into_inner)
    }

    /// Name of the application.
    pub fn name(&self) -> Sourced<Str> {
        self.app.app.map(|name| name.text().clone())
    }

    /// Name of the main namespace.
    pub fn main_namespace(&self) -> &Sourced<Str> {
        &self.app.namespace.name
    }

    /// The network plugin.
    pub fn cni(&self) -> Cni {
        *self.app.cluster.cni.peek()
    }

    /// The gateway, where there is one.
    pub fn gateway(&self) -> GatewayUse {
        *self.app.platform.gateway.use_.peek()
    }

    /// Whether the mesh reaches pods by a container in each.
    pub fn has_mesh_sidecars(&self) -> bool {
        let mesh = &self.app.platform.mesh;
        match mesh.use_.peek() {
            MeshUse::None => false,
            MeshUse::Istio => *mesh.mode.peek() == MeshMode::Sidecar,
            MeshUse::Linkerd => true,
        }
    }

    /// Whether pods may be taken for a mesh that works on the nodes.
    pub fn has_ambient_mesh(&self) -> bool {
        let mesh = &self.app.platform.mesh;
        *mesh.use_.peek() == MeshUse::Istio && *mesh.mode.peek() == MeshMode::Ambient
    }

    /// Labels that every object of a thing has.
    pub fn labels(&self, name: &Sourced<Str>, component: &'static str) -> plimsoll_world::Form {
        names::labels(self, name, component)
    }
}

/// The objects of one environment, as modules add to them.
pub type Objects = Vec<ObjectForm>;

/// Adds the objects of every service, in the order of the file. They are made on all cores: an
/// application has more services than anything else.
pub fn of_services(
    cx: &Cx,
    out: &mut Objects,
    make: impl Fn(&Service, &Program, &mut Objects) + Sync,
) {
    let services: Vec<&Service> = cx.app.services.values().collect();
    let made = services.into_par_iter().with_min_len(8).map(|service| {
        let mut objects = Objects::new();
        make(service, &Program::service(service), &mut objects);
        objects
    });
    let made: Vec<Objects> = made.collect();
    out.reserve(made.iter().map(Vec::len).sum());
    out.extend(made.into_iter().flatten());
}

/// Whether the target has something that came with a minor version.
pub fn since(cx: &Cx, minor: u8) -> (bool, Origin) {
    (
        cx.target.number() >= minor,
        cx.app.cluster.version.origin().clone(),
    )
}
