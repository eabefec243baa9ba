//! Who talks to whom: the one list that network policies are made of.

use plimsoll_source::{Origin, Sourced, Str};
use plimsoll_world::Cond;

/// The other side of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Pods by their labels, in a namespace.
    Pods {
        /// Where.
        namespace: Sourced<Str>,
        /// Which; all labels must match.
        labels: Vec<(Str, Sourced<Str>)>,
    },
    /// Every pod of a namespace.
    Namespace(Sourced<Str>),
    /// Every pod of the cluster.
    Cluster,
    /// Addresses.
    Addresses(Vec<Sourced<Str>>),
    /// Every public address: private, link-local and metadata ranges must be named.
    Public,
    /// The API server.
    ApiServer,
    /// The gateway of a platform whose data plane has no pods that a policy could select.
    CiliumIngress,
    /// Whoever comes: the other side of a gateway.
    Anyone,
}

impl Peer {
    /// The pods that a fixed label of a component finds.
    pub fn labelled(namespace: Sourced<Str>, labels: &[(&'static str, &'static str)]) -> Self {
        let fixed = |text: &'static str| Sourced::rule("network/flow", Str::from(text));
        let labels = labels
            .iter()
            .map(|(key, value)| (Str::from(*key), fixed(value)));
        Self::Pods {
            namespace,
            labels: labels.collect(),
        }
    }

    /// Addresses that a rule knows.
    pub fn fixed(cidr: &'static str) -> Self {
        Self::Addresses(vec![Sourced::rule("network/flow", Str::from(cidr))])
    }
}

/// Port of a pod, never of a Service: policies act behind Services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodPort {
    /// Number, as the container listens.
    pub number: Sourced<u16>,
    /// `TCP` or `UDP`.
    pub protocol: &'static str,
}

impl PodPort {
    /// A TCP port.
    pub fn tcp(number: u16) -> Self {
        Self::of(Sourced::rule("network/flow", number), "TCP")
    }

    /// A UDP port.
    pub fn udp(number: u16) -> Self {
        Self::of(Sourced::rule("network/flow", number), "UDP")
    }

    /// A port that the file says.
    pub fn of(number: Sourced<u16>, protocol: &'static str) -> Self {
        Self { number, protocol }
    }
}

/// What a hole opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// Every port.
    All,
    /// These; of none nothing is open.
    Only(Vec<PodPort>),
}

/// A hole in a policy.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The other side.
    pub peer: Peer,
    /// What is open.
    pub open: Open,
    /// What lets it exist.
    pub when: Cond,
    /// The line that asked for it.
    pub because: Origin,
}

impl Flow {
    /// A flow that is always there.
    pub fn new(peer: Peer, ports: Vec<PodPort>, because: &Origin) -> Self {
        Self::opening(peer, Open::Only(ports), because)
    }

    /// A flow to every port that is always there.
    pub fn to_all(peer: Peer, because: &Origin) -> Self {
        Self::opening(peer, Open::All, because)
    }

    fn opening(peer: Peer, open: Open, because: &Origin) -> Self {
        let when = Cond::known(true, because);
        Self {
            peer,
            open,
            when,
            because: because.clone(),
        }
    }

    /// Whether it opens anything: an empty list of ports means every port to those who read policies.
    pub fn opens(&self) -> bool {
        self.open != Open::Only(Vec::new())
    }

    /// The ports, where they are named.
    pub fn ports(&self) -> Option<&[PodPort]> {
        match &self.open {
            Open::All => None,
            Open::Only(ports) => Some(ports),
        }
    }

    /// The same flow under a condition.
    #[must_use]
    pub fn when(mut self, when: Cond) -> Self {
        self.when = self.when.and(when);
        self
    }
}
