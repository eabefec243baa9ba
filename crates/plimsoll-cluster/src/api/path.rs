//! The regular paths of the Kubernetes API.

/// What a path names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// `/version`.
    Version,
    /// `/healthz`, `/livez`, `/readyz`.
    Health,
    /// `/api`.
    Core,
    /// `/apis`.
    Groups,
    /// `/apis/{group}`.
    Group(String),
    /// `/api/v1` or `/apis/{group}/{version}`.
    Resources {
        /// Empty for the core group.
        group: String,
        /// Such as `v1`.
        version: String,
    },
    /// All objects of a kind, everywhere or in one namespace.
    Collection {
        /// Empty for the core group.
        group: String,
        /// Such as `v1`.
        version: String,
        /// Absent for all namespaces and for cluster-scoped kinds.
        namespace: Option<String>,
        /// Resource name.
        plural: String,
    },
    /// One object.
    Object {
        /// Empty for the core group.
        group: String,
        /// Such as `v1`.
        version: String,
        /// Absent for cluster-scoped kinds.
        namespace: Option<String>,
        /// Resource name.
        plural: String,
        /// Object name.
        name: String,
    },
    /// A part of one object, such as its status.
    Subresource {
        /// Empty for the core group.
        group: String,
        /// Such as `v1`.
        version: String,
        /// Absent for cluster-scoped kinds.
        namespace: Option<String>,
        /// Resource name.
        plural: String,
        /// Object name.
        name: String,
        /// Such as `status`.
        subresource: String,
    },
}

/// Reads a path; `None` when it is none of the API's.
pub fn parse(path: &str) -> Option<Target> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["version"] => Some(Target::Version),
        ["healthz" | "livez" | "readyz", ..] => Some(Target::Health),
        ["api"] => Some(Target::Core),
        ["apis"] => Some(Target::Groups),
        ["apis", group] => Some(Target::Group((*group).to_owned())),
        ["api", version, rest @ ..] => resource("", version, rest),
        ["apis", group, version, rest @ ..] => resource(group, version, rest),
        _ => None,
    }
}

fn resource(group: &str, version: &str, rest: &[&str]) -> Option<Target> {
    let (group, version) = (group.to_owned(), version.to_owned());
    let (namespace, rest) = match rest {
        [] => return Some(Target::Resources { group, version }),
        // Below a namespace's name, only these two are parts of the namespace itself.
        ["namespaces", _, "status" | "finalize"] => (None, rest),
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => {
            (Some((*namespace).to_owned()), rest)
        }
        rest => (None, rest),
    };
    match rest {
        [plural] => Some(Target::Collection {
            group,
            version,
            namespace,
            plural: (*plural).to_owned(),
        }),
        [plural, name] => {
            let (plural, name) = ((*plural).to_owned(), (*name).to_owned());
            Some(Target::Object {
                group,
                version,
                namespace,
                plural,
                name,
            })
        }
        [plural, name, subresource] => {
            let (plural, name, subresource) = (
                (*plural).to_owned(),
                (*name).to_owned(),
                (*subresource).to_owned(),
            );
            Some(Target::Subresource {
                group,
                version,
                namespace,
                plural,
                name,
                subresource,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_an_object_and_a_place() {
        let object = parse("/api/v1/namespaces/shop").expect("a path");
        assert!(matches!(object, Target::Object { namespace: None, name, .. } if name == "shop"));
        let status = parse("/api/v1/namespaces/shop/status").expect("a path");
        assert!(matches!(
            status,
            Target::Subresource {
                namespace: None,
                ..
            }
        ));
        let pods = parse("/api/v1/namespaces/shop/pods").expect("a path");
        assert!(
            matches!(pods, Target::Collection { namespace: Some(namespace), .. } if namespace == "shop")
        );
    }

    #[test]
    fn a_path_outside_the_api_is_nothing() {
        assert_eq!(parse("/metrics"), None);
        assert_eq!(parse("/apis/apps/v1/namespaces/a/b/c/d/e"), None);
    }
}
