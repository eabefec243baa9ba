//! Kubernetes schemas of all supported versions, compact and embedded.
