//! What a route may ask of a gateway beside the way, and which gateways can do it.

use super::platform::{Gateway, GatewayApi, GatewayUse, Platform};

/// Something that stands before a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// A login by name and password.
    Basic,
    /// A login elsewhere.
    Oidc,
    /// Known client addresses.
    Allow,
    /// Most requests of one client.
    Rate,
    /// More at once than the rate says.
    Burst,
    /// Requests counted by a header, not by client.
    Header,
    /// Largest request.
    Body,
    /// Largest request of a stream.
    StreamBody,
    /// How long nothing may be said on a stream.
    Idle,
    /// Time to an answer, another path, pages of others, a redirect, gRPC: what routes of Gateway API
    /// say by themselves.
    Way,
    /// Methods that are let in.
    Methods,
    /// A path that leads nowhere, kept from what leads to a shorter one.
    Nowhere,
    /// The answer 404 of such a path.
    NotFound,
    /// Versions and ciphers of TLS.
    Tls,
}

impl Guard {
    /// Whether the gateway of a platform can do it, as far as it is known how it is told.
    pub fn is_known(self, platform: &Platform) -> bool {
        let Gateway { use_, api, .. } = &platform.gateway;
        if *api.peek() == GatewayApi::Gateway
            && matches!(self, Self::Way | Self::Methods | Self::Nowhere)
        {
            return *use_.peek() != GatewayUse::None;
        }
        match (use_.peek(), api.peek()) {
            (GatewayUse::Envoy, GatewayApi::Gateway) => {
                !matches!(self, Self::Burst | Self::StreamBody)
            }
            (GatewayUse::Traefik, GatewayApi::Gateway) => matches!(
                self,
                Self::Basic | Self::Allow | Self::Rate | Self::Burst | Self::Header | Self::Body
            ),
            (GatewayUse::Istio, GatewayApi::Gateway) => self == Self::Allow,
            (GatewayUse::IngressNginx, GatewayApi::Ingress) => {
                !matches!(self, Self::Oidc | Self::Tls | Self::Header | Self::Methods)
            }
            _ => false,
        }
    }
}
