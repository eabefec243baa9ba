//! What is known of each component: where it runs, what it serves, which classes it makes.
//!
//! Namespaces and names are those of each project's own chart and documentation.

/// One component.
pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) namespace: &'static str,
    /// Services that others talk to, with the pods behind them.
    pub(super) serves: &'static [Serves],
    pub(super) gateway: Option<Class>,
    pub(super) ingress: Option<Class>,
}

#[derive(Clone, Copy)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) controller: &'static str,
}

/// A Service of a component, and the pods behind it.
pub(super) struct Serves {
    pub(super) service: &'static str,
    /// `app.kubernetes.io/name` of the pods.
    pub(super) pods: &'static str,
    pub(super) image: &'static str,
    /// Name, port of the Service, port of the container.
    pub(super) ports: &'static [(&'static str, u16, u16)],
}

const fn serving(name: &'static str, namespace: &'static str, serves: &'static [Serves]) -> Facts {
    Facts {
        name,
        namespace,
        serves,
        gateway: None,
        ingress: None,
    }
}

const fn plain(name: &'static str, namespace: &'static str) -> Facts {
    Facts {
        name,
        namespace,
        serves: &[],
        gateway: None,
        ingress: None,
    }
}

const fn class(name: &'static str, controller: &'static str) -> Class {
    Class { name, controller }
}

pub(super) const KNOWN: &[Facts] = &[
    plain("argo-rollouts", "argo-rollouts"),
    plain("argocd", "argocd"),
    plain("cert-manager", "cert-manager"),
    Facts {
        name: "cilium",
        namespace: "kube-system",
        serves: &[],
        gateway: Some(class("cilium", "io.cilium/gateway-controller")),
        ingress: Some(class("cilium", "cilium.io/ingress-controller")),
    },
    plain("cloudnative-pg", "cnpg-system"),
    plain("csi-secrets", "kube-system"),
    Facts {
        name: "envoy",
        namespace: "envoy-gateway-system",
        serves: &[],
        gateway: Some(class(
            "envoy",
            "gateway.envoyproxy.io/gatewayclass-controller",
        )),
        ingress: None,
    },
    plain("external-secrets", "external-secrets"),
    plain("flux", "flux-system"),
    plain("gateway-api", "kube-system"),
    serving(
        "grafana",
        "monitoring",
        &[Serves {
            service: "grafana",
            pods: "grafana",
            image: "docker.io/grafana/grafana:12.3.0",
            ports: &[("http", 80, 3000)],
        }],
    ),
    Facts {
        name: "ingress-nginx",
        namespace: "ingress-nginx",
        serves: &[],
        gateway: None,
        ingress: Some(class("nginx", "k8s.io/ingress-nginx")),
    },
    Facts {
        name: "istio",
        namespace: "istio-system",
        serves: &[],
        gateway: Some(class("istio", "istio.io/gateway-controller")),
        ingress: Some(class("istio", "istio.io/ingress-controller")),
    },
    serving(
        "jaeger",
        "tracing",
        &[Serves {
            service: "jaeger",
            pods: "jaeger",
            image: "docker.io/jaegertracing/jaeger:2.14.0",
            ports: &[("http", 16686, 16686), ("otlp-grpc", 4317, 4317)],
        }],
    ),
    plain("keda", "keda"),
    plain("kyverno", "kyverno"),
    plain("linkerd", "linkerd"),
    serving(
        "loki",
        "logging",
        &[Serves {
            service: "loki",
            pods: "loki",
            image: "docker.io/grafana/loki:3.6.0",
            ports: &[("http", 3100, 3100)],
        }],
    ),
    Facts {
        name: "nginx-fabric",
        namespace: "nginx-gateway",
        serves: &[],
        gateway: Some(class("nginx", "gateway.nginx.org/nginx-gateway-controller")),
        ingress: Some(class("nginx", "nginx.org/ingress-controller")),
    },
    serving(
        "otel",
        "telemetry",
        &[Serves {
            service: "opentelemetry-collector",
            pods: "opentelemetry-collector",
            image: "docker.io/otel/opentelemetry-collector-k8s:0.150.0",
            ports: &[("grpc", 4317, 4317), ("http", 4318, 4318)],
        }],
    ),
    serving(
        "prometheus",
        "monitoring",
        &[Serves {
            service: "prometheus-operated",
            pods: "prometheus",
            image: "quay.io/prometheus/prometheus:v3.9.0",
            ports: &[("http", 9090, 9090)],
        }],
    ),
    plain("reloader", "reloader"),
    plain("sealed-secrets", "kube-system"),
    plain("snapshots", "kube-system"),
    serving(
        "tempo",
        "tracing",
        &[Serves {
            service: "tempo",
            pods: "tempo",
            image: "docker.io/grafana/tempo:2.10.0",
            ports: &[("http", 3200, 3200), ("otlp-grpc", 4317, 4317)],
        }],
    ),
    Facts {
        name: "traefik",
        namespace: "traefik",
        serves: &[],
        gateway: Some(class("traefik", "traefik.io/gateway-controller")),
        ingress: Some(class("traefik", "traefik.io/ingress-controller")),
    },
    plain("velero", "velero"),
    plain("vpa", "kube-system"),
];
