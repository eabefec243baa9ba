//! Applications of any size: every service has nine objects and uses one other.

use std::fmt::Write as _;

/// The file of an application named `big`: Deployment, Service, account, role and binding, autoscaler,
/// budget, policy and files for each service.
pub fn of_services(count: usize) -> String {
    let mut text =
        "app: big\ncluster: { nodes: { count: 40, cpu: 8, memory: 32Gi } }\nservices:\n".to_owned();
    for at in 0..count {
        write!(
            text,
            "  s{at:04}:
    image: registry.example.com/big/s{at:04}:1.0.0
    ports: 8080
    health: /ready
    can: [\"get configmaps\"]
    size: {{ cpu: 10m, memory: 16Mi, disk: 16Mi }}
    scale: 2..5
    env: {{ LEVEL: info, NUMBER: \"{at}\" }}
    config: {{ /etc/app/settings.json: '{{\"number\": {at}}}' }}
"
        )
        .expect("writing to a string");
        if at > 0 {
            writeln!(text, "    uses: [s{:04}]", (at - 1) / 2).expect("writing to a string");
        }
    }
    text
}
