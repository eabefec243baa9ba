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
    /// Versions and ciphers of TLS.
    Tls,
}

impl Guard {
    /// Whether the gateway of a platform can do it, as far as it is known how it is told.
    pub fn is_known(self, platform: &Platform) -> bool {
        let Gateway { use_, api, .. } = &platform.gateway;
        match (use_.peek(), api.peek()) {
            (GatewayUse::Envoy, GatewayApi::Gateway) => self != Self::Burst,
            (GatewayUse::Traefik, GatewayApi::Gateway) => !matches!(self, Self::Oidc | Self::Tls),
            (GatewayUse::Istio, GatewayApi::Gateway) => self == Self::Allow,
            (GatewayUse::IngressNginx, GatewayApi::Ingress) => {
                !matches!(self, Self::Oidc | Self::Tls | Self::Header)
            }
            _ => false,
        }
    }
}
