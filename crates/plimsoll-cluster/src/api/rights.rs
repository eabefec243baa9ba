//! Rights of those on whose behalf a request is made (`Impersonate-User`), as RBAC objects give them.
//! Whoever asks in nobody's name is the administrator. Follows `plugin/pkg/auth/authorizer/rbac`, 1.37.

use http::Method;
use serde_json::Value;

use super::call::Call;
use super::path::Target;
use crate::error::ApiError;
use crate::object;
use crate::state::State;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Somebody with a name and groups.
#[derive(Clone, Debug)]
pub struct User {
    name: String,
    groups: Vec<String>,
}

impl User {
    /// A user in these groups and in those that follow from the name.
    pub fn new(name: &str, groups: impl IntoIterator<Item = String>) -> Self {
        let mut groups: Vec<String> = groups.into_iter().collect();
        if let Some((namespace, _)) = account(name) {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        groups.push("system:authenticated".to_owned());
        Self {
            name: name.to_owned(),
            groups,
        }
    }

    /// How a binding names this user, if it does: `User "jane"`.
    fn named_by(&self, subject: &Value) -> Option<String> {
        let name = subject["name"].as_str().unwrap_or_default();
        match subject["kind"].as_str()? {
            "User" if name == self.name => Some(format!("User \"{name}\"")),
            "Group" if self.groups.iter().any(|group| group == name) => {
                Some(format!("Group \"{name}\""))
            }
            "ServiceAccount" => {
                let namespace = subject["namespace"].as_str().unwrap_or_default();
                (account(&self.name)? == (namespace, name))
                    .then(|| format!("ServiceAccount \"{name}/{namespace}\""))
            }
            _ => None,
        }
    }
}

/// Namespace and name of a service account that a user is.
fn account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// What somebody wants to do.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Such as `list`.
    pub verb: String,
    /// Empty for the core group.
    pub group: String,
    /// Plural, with the part after a slash: `deployments/scale`.
    pub resource: String,
    /// Empty for the whole cluster.
    pub namespace: String,
    /// Empty for collections.
    pub name: String,
}

impl Wish {
    /// What a request wants; nothing for those that everybody may make.
    fn of(method: &Method, target: &Target, call: &Call) -> Option<Self> {
        let single = match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE => "delete",
            _ if call.is_watch() => "watch",
            _ => "get",
        };
        match target {
            Target::Collection {
                group,
                namespace,
                plural,
                ..
            } => {
                let verb = match single {
                    "get" => "list",
                    "delete" => "deletecollection",
                    other => other,
                };
                Some(Self::at(
                    verb,
                    group,
                    namespace.as_ref(),
                    plural.clone(),
                    "",
                ))
            }
            Target::Object {
                group,
                namespace,
                plural,
                name,
                ..
            } => Some(Self::at(
                single,
                group,
                namespace.as_ref(),
                plural.clone(),
                name,
            )),
            Target::Subresource {
                group,
                namespace,
                plural,
                name,
                subresource,
                ..
            } => {
                let resource = format!("{plural}/{subresource}");
                Some(Self::at(single, group, namespace.as_ref(), resource, name))
            }
            _ => None,
        }
    }

    fn at(
        verb: &str,
        group: &str,
        namespace: Option<&String>,
        resource: String,
        name: &str,
    ) -> Self {
        // A namespace lies in itself.
        let own = (group.is_empty() && resource == "namespaces").then(|| name.to_owned());
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource,
            namespace: namespace.cloned().or(own).unwrap_or_default(),
            name: name.to_owned(),
        }
    }

    fn refusal(&self, user: &User) -> ApiError {
        let place = if self.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{}\"", self.namespace)
        };
        let why = format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            user.name, self.verb, self.resource, self.group
        );
        let plural = self.resource.split('/').next().unwrap_or_default();
        ApiError::forbidden(&self.group, plural, &self.name, &why)
    }

    fn is_covered_by(&self, rule: &Value) -> bool {
        let lists =
            |field: &str, wanted: &str| texts(&rule[field]).any(|one| one == wanted || one == "*");
        let part = self.resource.split_once('/').map(|(_, part)| part);
        let any_of_part = part.is_some_and(|part| {
            let wanted = format!("*/{part}");
            texts(&rule["resources"]).any(|one| one == wanted)
        });
        lists("verbs", &self.verb)
            && lists("apiGroups", &self.group)
            && (lists("resources", &self.resource) || any_of_part)
            && (texts(&rule["resourceNames"]).next().is_none()
                || texts(&rule["resourceNames"]).any(|one| one == self.name))
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// Refuses a request that its user has no right to.
pub fn check(state: &State, method: &Method, target: &Target, call: &Call) -> Result<(), ApiError> {
    let Some(user) = &call.user else {
        return Ok(());
    };
    match Wish::of(method, target, call) {
        // Everybody may ask for the own rights.
        Some(wish) if wish.group == super::review::GROUP => Ok(()),
        Some(wish) if granted(state, user, &wish).is_none() => Err(wish.refusal(user)),
        _ => Ok(()),
    }
}

/// Why a user may do that, or nothing.
pub fn granted(state: &State, user: &User, wish: &Wish) -> Option<String> {
    let everywhere = state.list(&format!("{GROUP}/ClusterRoleBinding"));
    let here = if wish.namespace.is_empty() {
        Vec::new()
    } else {
        state.list_in(&format!("{GROUP}/RoleBinding"), &wish.namespace)
    };
    everywhere
        .iter()
        .chain(&here)
        .find_map(|binding| granted_by(state, binding, user, wish))
}

fn granted_by(state: &State, binding: &Value, user: &User, wish: &Wish) -> Option<String> {
    let subjects = binding["subjects"].as_array().into_iter().flatten();
    let subject = subjects.into_iter().find_map(|one| user.named_by(one))?;
    let reference = &binding["roleRef"];
    let kind = reference["kind"].as_str()?;
    let name = reference["name"].as_str()?;
    let namespace = object::namespace(binding);
    let space = if kind == "Role" { namespace } else { "" };
    let role = state.get(&format!("{GROUP}/{kind}"), space, name)?;
    let mut rules = role["rules"].as_array().into_iter().flatten();
    rules.any(|rule| wish.is_covered_by(rule)).then(|| {
        let own = object::name(binding);
        let own = if namespace.is_empty() {
            format!("ClusterRoleBinding \"{own}\"")
        } else {
            format!("RoleBinding \"{own}/{namespace}\"")
        };
        format!("RBAC: allowed by {own} of {kind} \"{name}\" to {subject}")
    })
}
