//! Plain objects of any number, without a namespace: programs put them into one of theirs.

use std::fmt::Write as _;

/// Each a `ConfigMap` of one key.
pub fn configs(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        write!(
            text,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: c{at:04} }}\ndata: {{ NUMBER: \"{at}\" }}\n"
        )
        .expect("writing to a string");
    }
    text
}

/// Services of six objects each, one pod each.
pub fn services(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        write!(
            text,
            "---
apiVersion: v1
kind: ServiceAccount
metadata: {{ name: s{at:03} }}
---
apiVersion: v1
kind: ConfigMap
metadata: {{ name: s{at:03} }}
data: {{ NUMBER: \"{at}\" }}
---
apiVersion: v1
kind: Service
metadata: {{ name: s{at:03} }}
spec: {{ selector: {{ app: s{at:03} }}, ports: [{{ port: 8080 }}] }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{ name: s{at:03} }}
spec: {{ podSelector: {{ matchLabels: {{ app: s{at:03} }} }}, policyTypes: [Ingress] }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{ name: s{at:03} }}
spec: {{ maxUnavailable: 1, selector: {{ matchLabels: {{ app: s{at:03} }} }} }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{ name: s{at:03} }}
spec:
  selector: {{ matchLabels: {{ app: s{at:03} }} }}
  template:
    metadata: {{ labels: {{ app: s{at:03} }} }}
    spec:
      serviceAccountName: s{at:03}
      containers:
        - name: main
          image: registry.example.com/s{at:03}:1.0.0
          envFrom: [{{ configMapRef: {{ name: s{at:03} }} }}]
          resources: {{ requests: {{ cpu: 10m, memory: 16Mi }} }}
"
        )
        .expect("writing to a string");
    }
    text
}
