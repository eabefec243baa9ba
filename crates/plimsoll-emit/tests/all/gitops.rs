//! Argo CD and Flux: judged by their definitions on a real API server, and row by row.

use plimsoll_emit::{Emitted, System, argocd, flux};
use serde_json::{Value, json};

use crate::project::{Project, control_plane, document, documents, objects, objects_of, write};

const ARGOCD: &str = "argocd.argoproj.io";

/// Holds T2, T5, P1: a real API server takes every object, strictly, by the definitions of both.
#[test]
fn every_object_is_taken_by_the_definitions_of_argo_cd_and_flux() {
    let Some(plane) = control_plane() else {
        return;
    };
    for namespace in ["argocd", "argo", "flux-system"] {
        let made = plane.run(&["create", "namespace", namespace]);
        made.expect("a namespace");
    }
    let mut refused = Vec::new();
    let outputs: [fn(&System<'_>) -> Emitted; 2] = [argocd::files, flux::files];
    for text in every_kind() {
        let project = Project::of(&text);
        for output in outputs {
            let files = output(&project.system()).files;
            assert!(files.iter().next().is_some(), "something is written");
            let folder = tempfile::tempdir().expect("a folder");
            write(&files, folder.path());
            // One run for all: objects of controllers, not those that they will apply.
            let applied = |path: &str| path.contains("rendered/") || path.contains("flux/helm/");
            // No module that can be fetched holds the definition of a HelmRelease.
            let own = files.iter().filter(|(path, _)| !applied(path));
            let mut arguments = vec![
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
            ];
            let paths: Vec<String> = own
                .map(|(path, _)| folder.path().join(path).to_string_lossy().into_owned())
                .collect();
            arguments.extend(paths.iter().flat_map(|path| ["-f", path.as_str()]));
            if let Err(error) = plane.run(&arguments) {
                refused.push(format!("{error:#}"));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The examples, and one of them in every way that Applications can be made.
fn every_kind() -> Vec<String> {
    let read = |name: &str| {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
        std::fs::read_to_string(format!("{root}/{name}/plimsoll.yaml")).expect("an example")
    };
    let identity = read("identity-platform");
    let mut all = vec![identity.clone(), read("tartware")];
    for kind in ["list", "clusters"] {
        all.push(identity.replace("applications: each", &format!("applications: {kind}")));
    }
    all
}

/// Holds P1: each environment follows its branch, and only development by itself.
#[test]
fn environments_of_the_identity_platform_follow_their_branches() {
    let project = Project::example("identity-platform");
    let files = argocd::files(&project.system()).files;
    for (environment, branch, automatic) in [
        ("development", "develop", true),
        ("staging", "release", false),
        ("production", "main", false),
    ] {
        let path = format!("k8s/argocd/applications/{environment}/auth-service.yaml");
        let application = document(&files, &path);
        let spec = &application["spec"];
        assert_eq!(spec["source"]["targetRevision"], branch);
        assert_eq!(
            spec["source"]["path"],
            format!("k8s/argocd/rendered/{environment}/auth-service")
        );
        assert_eq!(spec["syncPolicy"]["automated"].is_object(), automatic);
        assert_eq!(spec["project"], "identity-platform");
    }
    let local = files.iter().find(|(path, _)| path.contains("local"));
    assert!(local.is_none(), "one machine is not for Argo CD: {local:?}");
}

/// Holds P6: migrations are `PreSync` hooks in the order of the document, and nothing that they need
/// comes later.
#[test]
fn migrations_are_hooks_in_waves_and_what_they_need_comes_before() {
    let project = Project::example("identity-platform");
    let files = argocd::files(&project.system()).files;
    let folder = "k8s/argocd/rendered/production";
    let jobs = files
        .iter()
        .filter(|(path, _)| path.starts_with(&format!("{folder}/migrations/")))
        .map(|(path, _)| document(&files, path))
        .filter(|object| object["kind"] == "Job");
    let mut waves: Vec<(String, String)> = Vec::new();
    for job in jobs {
        let annotations = &job["metadata"]["annotations"];
        assert_eq!(annotations[format!("{ARGOCD}/hook")], "PreSync");
        assert_eq!(
            annotations[format!("{ARGOCD}/hook-delete-policy")],
            "BeforeHookCreation"
        );
        assert_eq!(job["spec"]["backoffLimit"], 1);
        // A hook that vanishes before its end is seen would run for ever.
        assert!(job["spec"]["ttlSecondsAfterFinished"].is_null());
        let label = &job["metadata"]["labels"]["app.kubernetes.io/name"];
        let wave = annotations[format!("{ARGOCD}/sync-wave")].clone();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        waves.push((text(label), text(&wave)));
    }
    waves.sort();
    let expected = [
        ("auth-db-migrate", "-4"),
        ("identity-db-migrate", "-5"),
        ("legal-db-migrate", "-3"),
    ];
    let expected = expected.map(|(name, wave)| (name.to_owned(), wave.to_owned()));
    assert_eq!(waves, expected);
    // The Secrets and accounts that their pods name belong to the Application before.
    let before: Vec<&str> = files
        .iter()
        .map(|(path, _)| path)
        .filter(|path| path.starts_with(&format!("{folder}/foundation/")))
        .collect();
    assert!(
        before
            .iter()
            .any(|path| path.contains("auth-db-migrate-serviceaccount")),
        "{before:#?}"
    );
    let wave = |part: &str| {
        let path = format!("k8s/argocd/applications/production/{part}.yaml");
        document(&files, &path)["metadata"]["annotations"][format!("{ARGOCD}/sync-wave")].clone()
    };
    let waves = ["foundation", "migrations", "auth-service"].map(wave);
    assert_eq!(waves, [json!("-3"), json!("-1"), json!("0")]);
    let marker = document(
        &files,
        &format!("{folder}/migrations/90-migrated-configmap.yaml"),
    );
    let jobs = marker["data"]["jobs"].as_str().expect("names");
    assert_eq!(jobs.lines().count(), 3, "{jobs}");
}

/// What Argo CD applies are the plain objects, apart from its own annotations and its marker.
#[test]
fn applications_hold_the_plain_objects() {
    let project = Project::example("identity-platform");
    let system = project.system();
    let files = argocd::files(&system).files;
    for env in system
        .environments
        .iter()
        .filter(|env| env.name() != "local")
    {
        let folder = format!("k8s/argocd/rendered/{}/", env.name());
        let mut found = crate::project::Objects::new();
        for (path, bytes) in files.iter().filter(|(path, _)| path.starts_with(&folder)) {
            if path.ends_with("90-migrated-configmap.yaml") {
                continue;
            }
            for (key, mut object) in objects(bytes) {
                forget_annotations(&mut object);
                assert!(found.insert(key.clone(), object).is_none(), "{key} twice");
            }
        }
        let mut expected = objects_of(env.world);
        expected.values_mut().for_each(forget_annotations);
        let wrong = crate::project::differences(&expected, &found);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn forget_annotations(object: &mut Value) {
    let metadata = object["metadata"].as_object_mut().expect("metadata");
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.retain(|key, _| !key.starts_with(ARGOCD));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}

/// Holds T5: one set finds every chart in Git, for every environment; repository, revision and
/// value files are parameters of it.
#[test]
fn a_set_registers_every_chart_of_tartware_for_every_environment() {
    let project = Project::example("tartware");
    let files = argocd::files(&project.system()).files;
    let set = document(
        &files,
        "platform/argocd/applications/tartware-services.yaml",
    );
    assert_eq!(set["metadata"]["namespace"], "argo");
    let generators = &set["spec"]["generators"][0]["matrix"]["generators"];
    assert_eq!(
        generators[0]["git"]["repoURL"],
        "https://github.com/tartware/platform"
    );
    assert_eq!(
        generators[0]["git"]["directories"][0]["path"],
        "platform/charts/*"
    );
    let elements = generators[1]["list"]["elements"]
        .as_array()
        .expect("elements");
    let environments: Vec<&str> = elements
        .iter()
        .filter_map(|env| env["env"].as_str())
        .collect();
    assert_eq!(environments, ["dev", "staging", "prod"]);
    let source = &set["spec"]["template"]["spec"]["source"];
    assert_eq!(source["targetRevision"], "{{ .revision }}");
    assert_eq!(source["helm"]["valueFiles"][0], "values-{{ .short }}.yaml");
    // Weights that a canary moves are not put back.
    let ignored = set["spec"]["template"]["spec"]["ignoreDifferences"].to_string();
    assert!(ignored.contains("weight"), "{ignored}");
}

/// An application in two environments: one goes by itself, the other waits for a person.
fn two_environments(deliver: &str) -> Project {
    Project::of(&format!(
        "\
app: shop
services:
  web: {{ image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready }}
platform: {{ gitops: argocd }}
deliver: {{ by: argocd, repo: https://git.example.org/shop, {deliver} }}
environments:
  dev: {{ namespace: shop-dev, deliver: {{ sync: auto, branch: develop }} }}
  prod: {{ default: true }}
"
    ))
}

/// Holds P1: in a set, too, development is synced by itself, stage by stage, and production by a person
/// alone; neither waits for the other.
#[test]
fn sets_sync_only_the_environments_that_go_by_themselves() {
    for applications in ["list", "clusters", "git"] {
        let project = two_environments(&format!("applications: {applications}"));
        let files = argocd::files(&project.system()).files;
        let spec = |name: &str| {
            let set = document(&files, &format!("argocd/{name}.yaml"));
            assert_eq!(set["metadata"]["name"], format!("shop-{name}"));
            set["spec"].clone()
        };
        let (dev, prod) = (spec("dev"), spec("prod"));
        assert_eq!(dev["strategy"]["type"], "RollingSync");
        let steps = dev["strategy"]["rollingSync"]["steps"].as_array();
        let stages: Vec<&Value> = steps
            .expect("steps")
            .iter()
            .map(|step| &step["matchExpressions"][0]["values"][0])
            .collect();
        assert_eq!(stages, ["foundation", "claims", "migrations", "service"]);
        // What the controller of the set reads for `prune`, and what holds where it has no strategies.
        let automated = &dev["template"]["spec"]["syncPolicy"]["automated"];
        assert_eq!(automated["prune"], true);
        assert!(prod["strategy"].is_null(), "{prod:#}");
        assert!(prod["template"]["spec"]["syncPolicy"]["automated"].is_null());
        assert!(prod["templatePatch"].is_null());
        let revision = |spec: &Value| spec["template"]["spec"]["source"]["targetRevision"].clone();
        assert_eq!([revision(&dev), revision(&prod)], ["develop", "main"]);
        let parameters = document(&files, "argocd/config/argocd-cmd-params-cm.yaml");
        let key = "applicationsetcontroller.enable.progressive.syncs";
        assert_eq!(parameters["data"][key], "true");
    }
}

/// A set of charts makes Applications of charts alone; namespaces, which are in no chart, have one of
/// their own that comes before.
#[test]
fn a_set_of_charts_leaves_namespaces_to_an_application_before_it() {
    let project = two_environments("applications: git, chart: { per: service }");
    let system = project.system();
    let files = argocd::files(&system).files;
    let mut repository = plimsoll_emit::helm::files(&system).files;
    repository.extend(plimsoll_emit::releases::files(&system).files);
    let set = document(&files, "argocd/applications/shop-services.yaml");
    let git = &set["spec"]["generators"][0]["matrix"]["generators"][0]["git"];
    let directories = git["directories"].as_array().expect("directories");
    let excluded: Vec<&Value> = directories
        .iter()
        .filter(|one| one["exclude"] == true)
        .map(|one| &one["path"])
        .collect();
    assert_eq!(directories[0]["path"], "helm/*");
    for (path, _) in repository.iter() {
        let folder: Vec<&str> = path.splitn(3, '/').collect();
        let &["helm", chart, _] = folder.as_slice() else {
            continue;
        };
        let is_chart = repository
            .get(&format!("helm/{chart}/Chart.yaml"))
            .is_some();
        let is_excluded = excluded.contains(&&json!(format!("helm/{chart}")));
        assert_ne!(is_chart, is_excluded, "helm/{chart}");
    }
    for (environment, namespace) in [("dev", "shop-dev"), ("prod", "shop")] {
        let path = format!("argocd/applications/{environment}-namespaces.yaml");
        let application = document(&files, &path);
        let wave = &application["metadata"]["annotations"][format!("{ARGOCD}/sync-wave")];
        assert_eq!(wave, "-3");
        let automated = &application["spec"]["syncPolicy"]["automated"];
        assert_eq!(automated.is_object(), environment == "dev");
        let folder = application["spec"]["source"]["path"].as_str();
        let folder = folder.expect("a folder");
        let own = files.iter().filter(|(path, _)| path.starts_with(folder));
        let objects: Vec<Value> = own.map(|(path, _)| document(&files, path)).collect();
        assert_eq!(objects.len(), 1, "{objects:#?}");
        assert_eq!(objects[0]["kind"], "Namespace");
        assert_eq!(objects[0]["metadata"]["name"], namespace);
        let label = "pod-security.kubernetes.io/enforce";
        assert_eq!(objects[0]["metadata"]["labels"][label], "restricted");
    }
}

/// Holds T2: the project allows one repository, our namespaces and kinds, and its role.
#[test]
fn the_project_of_tartware_allows_what_it_needs_and_no_more() {
    let project = Project::example("tartware");
    let files = argocd::files(&project.system()).files;
    let spec = &document(&files, "platform/argocd/project.yaml")["spec"];
    assert_eq!(
        spec["sourceRepos"],
        json!(["https://github.com/tartware/platform"])
    );
    let namespaces: Vec<&str> = spec["destinations"]
        .as_array()
        .expect("destinations")
        .iter()
        .filter_map(|destination| destination["namespace"].as_str())
        .collect();
    assert!(
        namespaces.contains(&"tartware") && namespaces.contains(&"argo"),
        "{namespaces:?}"
    );
    assert!(!namespaces.contains(&"*"));
    let kinds = spec["clusterResourceWhitelist"].as_array().expect("kinds");
    assert!(
        kinds.contains(&json!({ "group": "", "kind": "Namespace" })),
        "{kinds:?}"
    );
    let role = &spec["roles"][0];
    assert_eq!(role["name"], "premium-ops");
    assert_eq!(
        role["policies"][0],
        "p, proj:tartware:premium-ops, applications, sync, tartware/*, allow"
    );
}

/// Holds T2: people come by single sign-on, nobody may anything without a role.
#[test]
fn people_come_by_single_sign_on_and_may_only_what_a_role_says() {
    let text = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready }
secrets: { ARGOCD_OIDC: {} }
platform:
  gitops:
    use: argocd
    sso: { issuer: \"https://login.example.org\", client: argocd, secret: ARGOCD_OIDC }
    roles: { ops: \"applications, sync, shop/*, allow\" }
    accounts: { ci: ops }
deliver: { repo: https://git.example.org/shop }
";
    let project = Project::of(text);
    let files = argocd::files(&project.system()).files;
    let cm = &document(&files, "argocd/config/argocd-cm.yaml")["data"];
    let oidc = cm["oidc.config"].as_str().expect("a config");
    assert!(oidc.contains("issuer: https://login.example.org"), "{oidc}");
    assert!(
        oidc.contains("clientSecret: $argocd-oidc:clientSecret"),
        "{oidc}"
    );
    assert_eq!(cm["admin.enabled"], "false");
    assert_eq!(cm["accounts.ci"], "apiKey");
    let rbac = &document(&files, "argocd/config/argocd-rbac-cm.yaml")["data"];
    assert_eq!(rbac["policy.default"], "");
    let policy = rbac["policy.csv"].as_str().expect("a policy");
    let lines: Vec<&str> = policy.lines().collect();
    assert_eq!(
        lines,
        [
            "p, role:ops, applications, sync, shop/*, allow",
            "g, ops, role:ops",
            "g, ci, role:ops"
        ]
    );
}

/// Without a repository there is nothing that a controller could read.
#[test]
fn delivery_from_git_without_a_repository_is_a_finding() {
    let text = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready }
deliver: { by: argocd }
";
    let project = Project::of(text);
    let emitted = argocd::files(&project.system());
    assert!(emitted.files.is_empty());
    let shown = project.text_of(&emitted.findings);
    assert!(
        shown.starts_with("plimsoll.yaml:4:16: error[PL0611]"),
        "{shown}"
    );
}

/// Holds S9: Flux applies the same objects, each stage after the one before.
#[test]
fn flux_applies_what_is_needed_then_migrations_then_services() {
    let project = Project::example("identity-platform");
    let files = flux::files(&project.system()).files;
    let all = documents(
        files
            .get("k8s/flux/development.yaml")
            .expect("an environment"),
    );
    assert_eq!(all[0]["kind"], "GitRepository");
    assert_eq!(all[0]["spec"]["ref"]["branch"], "develop");
    let names: Vec<&str> = all
        .iter()
        .skip(1)
        .filter_map(|one| one["metadata"]["name"].as_str())
        .collect();
    let name = |stage: &str| format!("identity-platform-development-{stage}");
    assert_eq!(
        names,
        [name("foundation"), name("migrations"), name("services")]
    );
    assert!(all[1]["spec"]["dependsOn"].is_null());
    assert_eq!(all[2]["spec"]["dependsOn"][0]["name"], name("foundation"));
    assert_eq!(all[3]["spec"]["dependsOn"][0]["name"], name("migrations"));
    assert!(
        all.iter()
            .skip(1)
            .all(|one| one["spec"]["wait"] == true && one["spec"]["suspend"].is_null())
    );
    let staging = documents(files.get("k8s/flux/staging.yaml").expect("an environment"));
    assert_eq!(staging[1]["spec"]["suspend"], true, "a person resumes it");
}

/// Holds S9: the charts as releases, each after those that it needs, of the same branch and into the same
/// namespace, with values that stand in Git.
#[test]
fn flux_releases_charts_in_the_order_that_they_need() {
    let project = Project::example("identity-platform");
    let system = project.system();
    let files = flux::files(&system).files;
    let charts = plimsoll_emit::helm::files(&system).files;
    let all = documents(
        files
            .get("k8s/flux/helm/production.yaml")
            .expect("an environment"),
    );
    let kinds: Vec<&str> = all.iter().filter_map(|one| one["kind"].as_str()).collect();
    let source = kinds
        .iter()
        .position(|kind| *kind == "GitRepository")
        .expect("a source");
    assert!(
        kinds[..source].iter().all(|kind| *kind == "Namespace"),
        "{kinds:?}"
    );
    assert!(
        kinds[source + 1..]
            .iter()
            .all(|kind| *kind == "HelmRelease"),
        "{kinds:?}"
    );
    let mut before = Vec::new();
    for release in &all[source + 1..] {
        let spec = &release["spec"];
        assert_eq!(spec["targetNamespace"], "services");
        assert_eq!(spec["suspend"], true, "production is applied by hand");
        let needs = spec["dependsOn"].as_array().cloned().unwrap_or_default();
        assert!(
            needs.iter().all(|need| before.contains(&need["name"])),
            "{release}"
        );
        before.push(release["metadata"]["name"].clone());
        let own = &spec["chart"]["spec"];
        let folder = own["chart"]
            .as_str()
            .expect("a folder")
            .trim_start_matches("./");
        assert!(
            charts.get(&format!("{folder}/Chart.yaml")).is_some(),
            "{folder}"
        );
        for values in own["valuesFiles"].as_array().expect("files") {
            assert!(
                charts.get(values.as_str().expect("a path")).is_some(),
                "{values}"
            );
        }
    }
    let stores = "identity-platform-production-identity-platform-stores";
    assert_eq!(before[0], stores);
    let auth = all
        .iter()
        .find(|one| one["spec"]["releaseName"] == "auth-service");
    let needs = auth.expect("a release")["spec"]["dependsOn"]
        .as_array()
        .expect("it needs stores");
    assert!(needs.iter().any(|need| need["name"] == stores), "{needs:?}");
}
