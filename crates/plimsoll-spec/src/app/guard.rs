//! What a route may ask of a gateway beside the way, and which gateways can do it.

use super::platform::{Gateway, GatewayApi, GatewayUse, Platform, SecretSourceUse};

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
    /// Largest request.
    Body,
    /// Versions and ciphers of TLS.
    Tls,
}

impl Guard {
    /// Whether the gateway of a platform can do it, as far as it is known how it is told.
    ///
    /// Envoy reads passwords in one form alone, which the templates of External Secrets cannot make.
    pub fn is_known(self, platform: &Platform) -> bool {
        let Gateway { use_, api, .. } = &platform.gateway;
        let external = *platform.secrets.use_.peek() == SecretSourceUse::External;
        match (use_.peek(), api.peek()) {
            (GatewayUse::Envoy, GatewayApi::Gateway) => match self {
                Self::Basic => !external,
                Self::Burst => false,
                _ => true,
            },
            (GatewayUse::Traefik, GatewayApi::Gateway) => !matches!(self, Self::Oidc | Self::Tls),
            (GatewayUse::Istio, GatewayApi::Gateway) => self == Self::Allow,
            (GatewayUse::IngressNginx, GatewayApi::Ingress) => {
                !matches!(self, Self::Oidc | Self::Tls)
            }
            _ => false,
        }
    }
}
