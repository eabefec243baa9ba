//! Parts of objects at paths of their own: status, scale, log, eviction, binding, token.

use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::change;
use super::read::{self, Place};
use super::reply::Reply;
use super::selector::selects;
use crate::clock;
use crate::controllers::conditions::{self, Condition};
use crate::delete;
use crate::error::{ApiError, Cause};
use crate::object;
use crate::patch::{self, Patch};
use crate::state::{DeleteOptions, State, hex};
use crate::write::Write;

/// Answers a request for a subresource.
pub fn handle(
    state: &mut State,
    method: &Method,
    place: &Place,
    subresource: &str,
    call: &Call,
) -> Result<Reply, ApiError> {
    if !place.kind.has(subresource) {
        return Err(ApiError::unknown_path());
    }
    match (subresource, method) {
        ("log", &Method::GET) => log(state, place, call),
        ("eviction", &Method::POST) => evict(state, place, call),
        ("binding", &Method::POST) => bind(state, place, call),
        ("token", &Method::POST) => token(state, place, call),
        ("scale", &Method::GET) => Ok(Reply::ok(
            Scale::of(state, place)?.to_value(&place.find(state)?.object),
        )),
        ("scale", &Method::PUT | &Method::PATCH) => change_scale(state, method, place, call),
        (_, &Method::GET) => read::get(state, place, call),
        (_, &Method::PUT) => change::update(state, place, call, subresource),
        (_, &Method::PATCH) => change::patch(state, place, call, subresource),
        _ => Err(ApiError::method_not_allowed()),
    }
}

/// Where a kind keeps what its scale shows.
struct Scale {
    spec: String,
    status: String,
    selector: Option<String>,
}

impl Scale {
    fn of(state: &State, place: &Place) -> Result<Self, ApiError> {
        let Some(definition) = &place.kind.custom else {
            return Ok(Self {
                spec: "/spec/replicas".to_owned(),
                status: "/status/replicas".to_owned(),
                selector: None,
            });
        };
        let definition = state.get(
            "apiextensions.k8s.io/CustomResourceDefinition",
            "",
            definition,
        );
        let definition = definition.ok_or_else(ApiError::unknown_path)?;
        let versions = definition["spec"]["versions"]
            .as_array()
            .into_iter()
            .flatten();
        let mut versions = versions.filter(|one| one["name"] == place.version.as_str());
        let scale = versions
            .next()
            .map_or(&Value::Null, |one| &one["subresources"]["scale"]);
        let pointer = |field: &str| scale[field].as_str().map(|path| path.replace('.', "/"));
        Ok(Self {
            spec: pointer("specReplicasPath").ok_or_else(ApiError::unknown_path)?,
            status: pointer("statusReplicasPath").unwrap_or_default(),
            selector: pointer("labelSelectorPath"),
        })
    }

    fn to_value(&self, object: &Value) -> Value {
        let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
        let metadata = &object["metadata"];
        let selector = match &self.selector {
            Some(pointer) => object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            None => selector_text(&object["spec"]["selector"]),
        };
        json!({
            "kind": "Scale", "apiVersion": "autoscaling/v1",
            "metadata": {
                "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
            },
            "spec": {"replicas": number(&self.spec)},
            "status": {"replicas": number(&self.status), "selector": selector},
        })
    }
}

/// A `LabelSelector` as text.
fn selector_text(selector: &Value) -> String {
    let pairs = selector["matchLabels"].as_object().into_iter().flatten();
    let mut terms: Vec<String> = pairs
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    for one in selector["matchExpressions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let key = one["key"].as_str().unwrap_or_default();
        let values: Vec<&str> = one["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        terms.push(match one["operator"].as_str() {
            Some("In") => format!("{key} in ({})", values.join(",")),
            Some("NotIn") => format!("{key} notin ({})", values.join(",")),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.sort();
    terms.join(",")
}

fn change_scale(
    state: &mut State,
    method: &Method,
    place: &Place,
    call: &Call,
) -> Result<Reply, ApiError> {
    let paths = Scale::of(state, place)?;
    let old = place.find(state)?.object;
    let before = paths.to_value(&old);
    let body = call.json()?;
    if call.media_type().starts_with("application/apply-patch+") {
        return apply_scale(state, place, call, &paths, &body);
    }
    let after = match call.media_type() {
        _ if *method == Method::PUT => body,
        "application/json-patch+json" => patch::json(&before, &body)?,
        _ => patch::merge(&before, &body),
    };
    let wanted = after["spec"]["replicas"].as_i64().unwrap_or(0);
    if wanted < 0 {
        let cause = Cause::invalid(
            "spec.replicas",
            &json!(wanted),
            "must be greater than or equal to 0",
        );
        return Err(ApiError::invalid(
            "autoscaling",
            "Scale",
            &place.name,
            vec![cause],
        ));
    }
    let mut object = Value::clone(&old);
    if let Some(version) = after["metadata"]["resourceVersion"].as_str() {
        object["metadata"]["resourceVersion"] = json!(version);
    }
    patch::set(&mut object, &paths.spec, json!(wanted));
    let mut write = call.write("")?;
    "scale".clone_into(&mut write.subresource);
    let object = state.update_with(object, &write)?.into_object();
    Ok(Reply::ok(paths.to_value(&object)))
}

/// Applies the one field that a scale stands for.
fn apply_scale(
    state: &mut State,
    place: &Place,
    call: &Call,
    paths: &Scale,
    body: &Value,
) -> Result<Reply, ApiError> {
    change::require_manager(call)?;
    let mut config = json!({
        "apiVersion": place.kind.storage_version, "kind": place.kind.kind, "metadata": {"name": place.name},
    });
    patch::set(&mut config, &paths.spec, body["spec"]["replicas"].clone());
    let apply = Patch::Apply {
        config,
        force: call.flag("force"),
    };
    let write = call.write("scale")?;
    let written = state.patch_with(&place.kind, place.namespace(), &place.name, &apply, &write)?;
    Ok(Reply::ok(paths.to_value(&written.stored.object)))
}

fn log(state: &State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let pod = place.find(state)?.object;
    let container = chosen_container(&pod, place, call.query("container"))?;
    let mut lines = state.log_lines(place.namespace(), &place.name, &container);
    if let Some(seconds) = call
        .query("sinceSeconds")
        .and_then(|text| text.parse::<i64>().ok())
    {
        lines.retain(|(at, _)| state.now().as_second() - at.as_second() <= seconds);
    }
    if let Some(tail) = call
        .query("tailLines")
        .and_then(|text| text.parse::<usize>().ok())
    {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let stamped = call.flag("timestamps");
    let line = |(at, line): (jiff::Timestamp, String)| {
        if stamped {
            format!("{} {line}\n", clock::micro_time(at))
        } else {
            format!("{line}\n")
        }
    };
    Ok(Reply::Text(lines.into_iter().map(line).collect()))
}

fn chosen_container(pod: &Value, place: &Place, wanted: Option<&str>) -> Result<String, ApiError> {
    let names = |field: &str| {
        let all = pod["spec"][field].as_array().into_iter().flatten();
        all.filter_map(|one| one["name"].as_str())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let containers = names("containers");
    let init = names("initContainers");
    match wanted {
        Some(name) if containers.iter().chain(&init).any(|one| one == name) => Ok(name.to_owned()),
        Some(name) => Err(ApiError::bad_request(format!(
            "container {name} is not valid for pod {}",
            place.name
        ))),
        None => match (
            containers.as_slice(),
            object::annotation(pod, "kubectl.kubernetes.io/default-container"),
        ) {
            ([only], _) => Ok(only.clone()),
            (_, Some(name)) => Ok(name.to_owned()),
            _ => Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {}, choose one of: [{}]",
                place.name,
                containers.join(" ")
            ))),
        },
    }
}

fn evict(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let pod = place.find(state)?.object;
    let body = call.json()?;
    let asked = &body["deleteOptions"];
    let precondition = |field: &str| asked["preconditions"][field].as_str().map(str::to_owned);
    let options = DeleteOptions {
        grace_period_seconds: asked["gracePeriodSeconds"].as_i64(),
        dry_run: call.query("dryRun").is_some() || asked["dryRun"].is_array(),
        uid: precondition("uid"),
        resource_version: precondition("resourceVersion"),
        ..DeleteOptions::default()
    };
    delete::check_preconditions(&place.kind, &pod, &options)?;
    let running = matches!(pod["status"]["phase"].as_str(), Some("Running" | "Pending"));
    if running && !object::is_terminating(&pod) {
        consume_budget(state, place, &pod, options.dry_run)?;
    }
    state.delete_with(&place.kind.key, place.namespace(), &place.name, &options)?;
    let mut reply = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    reply["metadata"] = json!({});
    Ok(Reply::json(201, reply))
}

/// Takes one allowed disruption from the pod's budget, or refuses.
fn consume_budget(
    state: &mut State,
    place: &Place,
    pod: &Value,
    dry_run: bool,
) -> Result<(), ApiError> {
    let labels = &pod["metadata"]["labels"];
    let budgets = state.list_in("policy/PodDisruptionBudget", place.namespace());
    let budgets: Vec<_> = budgets
        .into_iter()
        .filter(|budget| {
            budget["spec"]["selector"].is_object() && selects(&budget["spec"]["selector"], labels)
        })
        .collect();
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [budget] => budget,
        _ => {
            return Err(ApiError::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    };
    let ready = object::condition(pod, "Ready") == Some("True");
    let status = &budget["status"];
    if !ready
        && (pod["status"]["phase"] == "Pending"
            || budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow")
    {
        return Ok(());
    }
    let allowed = status["disruptionsAllowed"].as_i64().unwrap_or(0);
    let name = object::name(budget);
    if allowed <= 0 {
        let message = format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            status["desiredHealthy"].as_i64().unwrap_or(0),
            status["currentHealthy"].as_i64().unwrap_or(0)
        );
        let cause = Cause {
            reason: "DisruptionBudget",
            message,
            field: String::new(),
        };
        let refusal = "Cannot evict pod as it would violate the pod's disruption budget.";
        return Err(ApiError::too_many_requests(refusal, vec![cause], None));
    }
    if dry_run {
        return Ok(());
    }
    let mut budget = Value::clone(budget);
    budget["status"]["disruptionsAllowed"] = json!(allowed - 1);
    budget["status"]["disruptedPods"][&place.name] = json!(state.now_text());
    state.update_status("kube-apiserver", budget)?;
    Ok(())
}

fn bind(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let node = body["target"]["name"].as_str().unwrap_or_default();
    state.bind(place.namespace(), &place.name, node)?;
    let done = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
    Ok(Reply::json(201, done))
}

impl State {
    /// Puts a pod on a node, as the scheduler does.
    pub fn bind(&mut self, namespace: &str, pod: &str, node: &str) -> Result<(), ApiError> {
        let missing = || ApiError::not_found("", "pods", pod);
        let mut object = Value::clone(&*self.get("Pod", namespace, pod).ok_or_else(missing)?);
        let why = |why: String| Err(ApiError::conflict("", "pods/binding", pod, &why));
        if object::is_terminating(&object) {
            return why(format!(
                "pod {pod} is being deleted, cannot be assigned to a host"
            ));
        }
        if let Some(assigned) = object["spec"]["nodeName"]
            .as_str()
            .filter(|node| !node.is_empty())
        {
            return why(format!(
                "pod {pod} is already assigned to node \"{assigned}\""
            ));
        }
        object["spec"]["nodeName"] = json!(node);
        let scheduled = Condition {
            kind: "PodScheduled",
            status: "True",
            reason: "",
            message: "",
        };
        conditions::set(&mut object["status"], scheduled, self.now());
        self.update_with(object, &Write::by("kube-scheduler").on("binding"))
            .map(|_| ())
    }
}

fn token(state: &mut State, place: &Place, call: &Call) -> Result<Reply, ApiError> {
    let account = place.find(state)?.object;
    let mut body = call.json()?;
    let seconds = body["spec"]["expirationSeconds"].as_u64().unwrap_or(3600);
    let hash = hex(&state.next_hash());
    let expires = clock::after(state.now(), std::time::Duration::from_secs(seconds));
    body["kind"] = json!("TokenRequest");
    body["apiVersion"] = json!("authentication.k8s.io/v1");
    body["metadata"] =
        json!({"name": place.name, "namespace": place.namespace(), "uid": object::uid(&account)});
    body["status"] =
        json!({"token": format!("embedded.{hash}"), "expirationTimestamp": clock::time(expires)});
    Ok(Reply::json(201, body))
}
