//! Facts about Kubernetes that the table must know.
use plimsoll_schema::{
    ListKind, Minor, PatchStrategy, Path, Scalar, Schemas, Shape, Stage, components, kubernetes,
};

/// The list at a path of a kind, items entered at each `[]`.
fn list(kind: (&str, &str, &str), path: &str) -> ListKind {
    let table = kubernetes();
    let id = table
        .kind(kind.0, kind.1, kind.2)
        .expect("the kind is known");
    table
        .list_kind(id, &path.parse().unwrap())
        .expect("a list")
        .clone()
}

fn keys(names: &[&'static str]) -> ListKind {
    ListKind::Map {
        keys: names.iter().map(|name| (*name).into()).collect(),
    }
}

fn usable(definition: &str, field: &str) -> Option<u8> {
    let table = kubernetes();
    let id = table
        .named(&format!("io.k8s.api.{definition}"))
        .expect("the definition is known");
    table
        .field(id, field)
        .expect("the field is known")
        .usable
        .map(Minor::number)
}

#[test]
fn containers_are_told_apart_by_name() {
    assert_eq!(
        list(
            ("apps", "v1", "Deployment"),
            "spec.template.spec.containers"
        ),
        keys(&["name"])
    );
}

#[test]
fn ports_of_a_service_are_told_apart_by_port_and_protocol() {
    assert_eq!(
        list(("", "v1", "Service"), "spec.ports"),
        keys(&["port", "protocol"])
    );
}

#[test]
fn an_absent_protocol_counts_as_tcp() {
    let table = kubernetes();
    let service = table.kind("", "v1", "Service").unwrap();
    let protocol = table
        .place(service, &"spec.ports[0].protocol".parse().unwrap())
        .unwrap();
    assert_eq!(protocol.field.unwrap().default.as_deref(), Some("\"TCP\""));
}

#[test]
fn arguments_are_one_value_and_finalizers_a_set() {
    assert_eq!(
        list(("", "v1", "Pod"), "spec.containers[0].args"),
        ListKind::Atomic
    );
    assert_eq!(
        list(("", "v1", "Pod"), "metadata.finalizers"),
        ListKind::Set
    );
}

#[test]
fn a_strategic_patch_merges_volumes_by_name_and_retains_their_keys() {
    let table = kubernetes();
    let id = table.named("io.k8s.api.core.v1.PodSpec").unwrap();
    let volumes = table.field(id, "volumes").unwrap();
    assert_eq!(volumes.patch, PatchStrategy::MergeRetainKeys);
    assert_eq!(volumes.merge_key.as_deref(), Some("name"));
    assert_eq!(
        table.field(id, "tolerations").unwrap().patch,
        PatchStrategy::Replace
    );
}

#[test]
fn a_label_selector_and_a_node_selector_are_one_value() {
    let table = kubernetes();
    let selector = table
        .named("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector")
        .unwrap();
    assert!(matches!(
        table.get(selector).shape,
        Shape::Object { atomic: true, .. }
    ));
    let pod = table.named("io.k8s.api.core.v1.PodSpec").unwrap();
    let node = table.field(pod, "nodeSelector").unwrap();
    assert!(matches!(
        table.get(node.ty).shape,
        Shape::Map { atomic: true, .. }
    ));
    let labels = table.place(
        table.kind("", "v1", "Pod").unwrap(),
        &Path::of_fields("metadata.labels"),
    );
    assert!(matches!(
        table.get(labels.unwrap().ty).shape,
        Shape::Map { atomic: false, .. }
    ));
}

#[test]
fn a_pause_before_stop_is_known_since_1_29_and_usable_since_1_30() {
    let table = kubernetes();
    let handler = table.named("io.k8s.api.core.v1.LifecycleHandler").unwrap();
    let sleep = table.field(handler, "sleep").unwrap();
    assert_eq!(sleep.since, Minor::new(29));
    assert!(!sleep.usable_at(Minor::new(29)));
    assert!(sleep.usable_at(Minor::new(30)));
}

#[test]
fn gated_fields_are_usable_once_their_gate_is_on() {
    assert_eq!(usable("core.v1.Container", "restartPolicy"), Some(29));
    assert_eq!(usable("core.v1.PodSpec", "hostUsers"), Some(33));
    assert_eq!(usable("core.v1.Volume", "image"), Some(35));
    assert_eq!(
        usable("core.v1.PodAffinityTerm", "matchLabelKeys"),
        Some(31)
    );
    assert_eq!(
        usable("core.v1.PodSecurityContext", "supplementalGroupsPolicy"),
        Some(33)
    );
    assert_eq!(
        usable("core.v1.ServiceSpec", "trafficDistribution"),
        Some(31)
    );
    assert_eq!(usable("batch.v1.JobSpec", "managedBy"), Some(32));
    assert_eq!(usable("core.v1.EmptyDirVolumeSource", "mode"), None);
}

#[test]
fn a_type_that_only_took_the_place_of_another_is_as_old_as_that_one() {
    let table = kubernetes();
    let claim = table.kind("", "v1", "PersistentVolumeClaim").unwrap();
    let requests = table
        .place(claim, &Path::of_fields("spec.resources.requests"))
        .unwrap();
    assert_eq!(requests.field.unwrap().since, Minor::FIRST);
}

#[test]
fn quantities_and_ports_keep_their_loose_forms() {
    let table = kubernetes();
    let scalar = |kind, path: &str| {
        let id = table.kind("", "v1", kind).unwrap();
        table
            .get(table.place(id, &path.parse().unwrap()).unwrap().ty)
            .shape
            .clone()
    };
    let cpu = scalar("Pod", "spec.containers[0].resources.limits[cpu]");
    assert_eq!(cpu, Shape::Scalar(Scalar::Quantity));
    assert_eq!(
        scalar("Service", "spec.ports[0].targetPort"),
        Shape::Scalar(Scalar::IntOrString)
    );
    assert_eq!(scalar("Secret", "data[key]"), Shape::Scalar(Scalar::Bytes));
}

#[test]
fn discovery_knows_names_scope_verbs_and_subresources() {
    let table = kubernetes();
    let deployment = table.kind_info("apps", "v1", "Deployment").unwrap();
    assert_eq!(
        (deployment.plural.as_ref(), deployment.namespaced),
        ("deployments", true)
    );
    assert_eq!(deployment.short_names, ["deploy"]);
    assert!(deployment.verbs.iter().any(|verb| verb == "watch"));
    assert_eq!(deployment.subresource("scale").unwrap().kind, "Scale");
    let pod = table.kind_info("", "v1", "Pod").unwrap();
    let eviction = pod.subresource("eviction").unwrap();
    assert_eq!(
        (eviction.group.as_ref(), eviction.kind.as_ref()),
        ("policy", "Eviction")
    );
    assert!(pod.subresource("log").is_some() && pod.subresource("status").is_some());
    assert!(!table.kind_info("", "v1", "Node").unwrap().namespaced);
    assert!(table.kind("policy", "v1", "Eviction").is_some());
    assert!(
        table
            .kinds()
            .all(|kind| kind.group != "policy" || kind.kind == "PodDisruptionBudget")
    );
}

#[test]
fn beta_kinds_are_known_but_not_served_unasked() {
    let table = kubernetes();
    let policy = table
        .kind_info(
            "admissionregistration.k8s.io",
            "v1beta1",
            "ValidatingAdmissionPolicy",
        )
        .unwrap();
    assert_eq!(
        (policy.stage(), policy.since),
        (Stage::Beta, Minor::new(28))
    );
    assert!(policy.known_at(Minor::new(30)) && !policy.served_at(Minor::new(30)));
    let flow = table
        .kind_info("flowcontrol.apiserver.k8s.io", "v1beta3", "FlowSchema")
        .unwrap();
    assert!(flow.served_at(Minor::new(31)) && !flow.served_at(Minor::new(32)));
}

#[test]
fn every_field_of_every_type_is_in_order_and_leads_somewhere() {
    let check = |table: &Schemas| {
        for ty in table.types() {
            assert!(
                ty.fields().is_sorted_by(|a, b| a.name < b.name),
                "{}",
                ty.name
            );
            for field in ty.fields() {
                table.get(field.ty);
            }
        }
    };
    check(kubernetes());
    check(components());
}
