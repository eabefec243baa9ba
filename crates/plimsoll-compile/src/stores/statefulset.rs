//! The pods of a store and what stands around them: StatefulSet, Services, budget, account,
//! files, Secret, certificate, policy.

use super::credentials::{self, Credentials};
use super::recipe::{self, EngineFile, EngineVariable, Recipe, Variable};
use super::{backup, exporter, on, policy, regional, several, tls};
use crate::cx::{Cx, Objects};
use crate::names;
use crate::program::Program;
use crate::secrets::plan::{self, Plan};
use crate::workload::placement::{self, Owner, Pods};
use crate::workload::pod::{self, Around};
use crate::workload::service::{self, Front};
use crate::workload::{
    account, config, container, deployment, env, probe, resources, statefulset, volume,
};
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::store::Mode;
use plimsoll_spec::app::{OrNone, Port, Store};
use plimsoll_world::{
    Cond, Expr, Form, Fragment, MapBuilder, ObjectForm, Op, Role, Scope, SeqBuilder, Unit, form,
};

/// Everything of a store that is run as a StatefulSet.
pub fn objects(cx: &Cx, store: &Store, plan: &mut Plan, out: &mut Objects) {
    let program = Program::store(store);
    let mut keys = Credentials::of(cx, store);
    let mut recipe = recipe::of(cx, store, &mut keys);
    let metrics = exporter::add(cx, store, &mut recipe, &mut keys);
    backup::add(cx, store, &mut recipe, &mut keys, plan);
    let body = stateful_set(cx, store, &program, &mut recipe);
    let mut after = deployment::stores_of(cx, &program);
    after.retain(|unit| *unit != program.unit);
    out.push(
        ObjectForm::new(program.unit.clone(), decided(store), body)
            .role(Role::Store)
            .after(after)
            .protected(*store.protect.peek()),
    );
    services(cx, store, &program, &recipe, out);
    budget(cx, store, &program, out);
    account::objects(cx, &program, out);
    config::objects(cx, &program, out);
    engine_files(cx, store, &recipe.files, out);
    regional::objects(cx, store, out);
    tls::objects(cx, store, out);
    policy::objects(cx, store, &program, &recipe, metrics, out);
    out.append(&mut recipe.objects);
    keys.plan(store, plan);
    plan::add_program(cx, &program, plan);
}

/// What lets the pods exist; what decides about those beside them is known here too.
fn decided(store: &Store) -> Cond {
    on(store).and(Cond::known(true, &crate::address::pooler(store)))
}

fn stateful_set(cx: &Cx, store: &Store, program: &Program, recipe: &mut Recipe) -> Form {
    let s = &Scope::new("stores/statefulset").because(&store.origin);
    let protect = |protect: bool| Cond::decided(&store.protect, move |is| *is == protect);
    form!(s; {
        apiVersion: "apps/v1",
        kind: "StatefulSet",
        metadata: metadata(cx, store, program),
        spec: {
            replicas: &store.instances,
            revisionHistoryLimit: 3,
            serviceName: pods_name(store),
            podManagementPolicy: "Parallel",
            when (protect(true)) persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
            when (protect(false)) persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
            selector: { matchLabels: names::selector(cx, &store.name) },
            template: template(cx, store, program, recipe),
            volumeClaimTemplates: Fragment(claims(cx, store, program)),
        },
    })
}

/// What tells other tools to keep it stands here and not at the claims: their template can never
/// be changed.
fn metadata(cx: &Cx, store: &Store, program: &Program) -> Form {
    let s = &Scope::new("stores/statefulset");
    let mut notes = MapBuilder::new(s);
    notes.splice(s, deployment::reload(cx, program));
    notes.splice(s, crate::claim::keep(&store.protect));
    form!(s; {
        name: &store.name,
        namespace: &store.namespace,
        labels: pod::pod_labels(cx, program),
        annotations: Fragment(notes.build()),
    })
}

/// `NAME-pods`, the headless Service.
pub fn pods_name(store: &Store) -> Sourced<Str> {
    store.name.map(|name| Str::from(format!("{name}-pods")))
}

/// The claim of the data, and those of further volumes.
fn claims(cx: &Cx, store: &Store, program: &Program) -> Form {
    let s = &Scope::new("stores/claim");
    let mut list = SeqBuilder::new(s);
    if let Some(storage) = store.storage.some() {
        let s = &s.because(&storage.origin);
        list.push(
            s,
            form!(s; {
                apiVersion: "v1",
                kind: "PersistentVolumeClaim",
                metadata: { name: "data" },
                spec: {
                    accessModes: ["ReadWriteOnce"],
                    storageClassName: regional::class(cx, store, storage),
                    resources: { requests: { storage: &storage.size } },
                },
            }),
        );
    }
    list.splice(s, statefulset::claims(cx, program));
    list.build()
}

fn template(cx: &Cx, store: &Store, program: &Program, recipe: &mut Recipe) -> Form {
    let s = &Scope::new("stores/pod").because(&store.origin);
    let mut volumes = volume::of_program(cx, program);
    data(store, &mut volumes);
    scratch(recipe, &mut volumes);
    mount_files(store, &recipe.files, &mut volumes);
    if let Some((volume, mount)) = tls::volume(cx, store) {
        volumes.add(volume, mount);
    }
    let mounts = volumes.mounts.build();
    let own = own_container(cx, store, program, recipe, mounts);
    let mut map = MapBuilder::new(s);
    map.splice(s, pod::common(cx, program));
    map.splice(s, form!(s; {
        terminationGracePeriodSeconds: store.stop.grace.map(|grace| i64::try_from(grace.secs()).unwrap_or(i64::MAX)),
        securityContext: pod::security(cx, program),
    }));
    let pods = Pods {
        fewest: Expr::from(&store.instances),
        owner: Owner::Controller,
        name: &store.name,
    };
    map.splice(s, placement::placement(cx, program.placement, &pods));
    let around = Around {
        before: std::mem::take(&mut recipe.before),
        beside: std::mem::take(&mut recipe.beside),
        plain: std::mem::take(&mut recipe.fronts),
    };
    pod::containers(cx, program, own, around, &mut map);
    map.put(s, "volumes", Fragment(volumes.volumes.build()));
    form!(s; {
        metadata: {
            labels: pod::pod_labels(cx, program),
            annotations: Fragment(pod::annotations(cx, program)),
        },
        spec: map.build(),
    })
}

fn own_container(
    cx: &Cx,
    store: &Store,
    program: &Program,
    recipe: &mut Recipe,
    mounts: Form,
) -> Form {
    let s = &Scope::new("stores/container").because(&store.origin);
    form!(s; {
        name: &store.name,
        image: container::foreign_image(&store.image),
        imagePullPolicy: Form::Expr(Expr::from(&store.image.policy)),
        command: command(cx, program, recipe),
        args: Fragment(args(cx, program, recipe)),
        env: Fragment(environment(cx, store, program, &recipe.env)),
        ports: Fragment(ports(store, recipe)),
        resources: resources::of_store(&store.size),
        securityContext: container::security(program.security, program.writable),
        ..probe::of_program(program, recipe.health.as_ref().unwrap_or(&store.health)),
        lifecycle: Fragment(lifecycle(cx, store, recipe)),
        volumeMounts: Fragment(mounts),
    })
}

/// The file's command, else the engine's, else the image's.
fn command(cx: &Cx, program: &Program, recipe: &mut Recipe) -> Option<Form> {
    let s = &Scope::new("stores/container");
    let engine = std::mem::take(&mut recipe.command);
    let own = container::words(cx, program, program.command);
    own.or_else(|| (!engine.is_empty()).then(|| form!(s; [for word in engine => word])))
}

/// The engine's arguments, then the file's.
fn args(cx: &Cx, program: &Program, recipe: &mut Recipe) -> Form {
    let s = &Scope::new("stores/container");
    let mut list = SeqBuilder::new(s);
    for (when, word) in std::mem::take(&mut recipe.args) {
        list.push_when(s, when, || word);
    }
    if let Some(own) = container::words(cx, program, program.args) {
        list.splice(s, own);
    }
    list.build()
}

/// The engine's variables, then the file's, which win by name.
fn environment(cx: &Cx, store: &Store, program: &Program, engine: &[EngineVariable]) -> Form {
    let s = &Scope::new("stores/env");
    let mut list = SeqBuilder::new(s);
    for variable in engine {
        if store.env.peek().contains_key(&variable.name) {
            continue;
        }
        list.push_when(s, variable.when.clone(), || {
            variable_form(s, store, variable)
        });
    }
    list.splice(s, env::env(cx, program));
    list.build()
}

/// A variable of an engine.
pub fn variable_form(s: &Scope, store: &Store, variable: &EngineVariable) -> Form {
    match &variable.value {
        Variable::Text(text) => form!(s; { name: s.text(variable.name.clone()), value: text }),
        Variable::Credential(key) => credentials::variable(s, store, &variable.name, key),
        Variable::Field(path) => form!(s; {
            name: s.text(variable.name.clone()),
            valueFrom: { fieldRef: { fieldPath: s.text(*path) } },
        }),
    }
}

fn ports(store: &Store, recipe: &Recipe) -> Form {
    let s = &Scope::new("stores/container").because(store.mode.origin());
    let mut list = SeqBuilder::new(s);
    if recipe.fronts.is_empty() {
        list.splice(s, container::ports(&store.ports));
    }
    for port in &recipe.inner {
        let number = Sourced::new(port.port, s.origin().clone());
        list.push(
            s,
            form!(s; { name: s.text(port.name), containerPort: &number, protocol: "TCP" }),
        );
    }
    list.build()
}

fn lifecycle(cx: &Cx, store: &Store, recipe: &mut Recipe) -> Form {
    let s = &Scope::new("stores/container");
    let mut map = MapBuilder::new(s);
    if let Some(command) = recipe.post_start.take() {
        map.put(s, "postStart", form!(s; { exec: { command: command } }));
    }
    map.splice(s, container::drain(cx, &store.stop.drain));
    map.build()
}

/// The data: its claim's volume, or scratch where nothing is kept.
fn data(store: &Store, volumes: &mut volume::Volumes) {
    let s = &Scope::new("stores/data");
    let mount = form!(s; { name: "data", mountPath: &store.data });
    match &store.storage {
        OrNone::Some(_) => volumes.mounts.push(s, mount),
        OrNone::None(because) => {
            let s = &s.because(because);
            volumes.add(form!(s; { name: "data", emptyDir: {} }), mount);
        }
    }
}

fn scratch(recipe: &Recipe, volumes: &mut volume::Volumes) {
    let s = &Scope::new("stores/scratch");
    for scratch in &recipe.scratch {
        let memory = scratch.memory.as_ref();
        let volume = form!(s; { name: s.text(scratch.name), emptyDir: {
            medium: memory.map(|_| s.text("Memory")),
            sizeLimit: memory,
        } });
        volumes.add(
            volume,
            form!(s; { name: s.text(scratch.name), mountPath: s.text(scratch.path) }),
        );
    }
}

/// Key of an engine's file in its ConfigMap.
fn file_key(path: &str) -> Str {
    path.rsplit('/').next().unwrap_or_default().into()
}

fn files_data(files: &[EngineFile]) -> Form {
    let s = &Scope::new("stores/files");
    let mut map = MapBuilder::new(s);
    for file in files {
        map.put(s, file_key(&file.path), &file.text);
    }
    map.build()
}

/// `NAME-engine-HASH`: a change of it rolls the pods.
pub fn files_name(store: &Store, files: &[EngineFile]) -> Expr {
    let base = store.name.map(|name| Str::from(format!("{name}-engine-")));
    let hash = Expr::call(Op::Hash, [Expr::tree(files_data(files))]);
    Expr::concat([Expr::from(&base), hash])
}

fn engine_files(cx: &Cx, store: &Store, files: &[EngineFile], out: &mut Objects) {
    if files.is_empty() {
        return;
    }
    let s = &Scope::new("stores/files").because(&store.origin);
    let body = form!(s; {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
            name: files_name(store, files),
            namespace: &store.namespace,
            labels: names::labels(cx, &store.name, "store"),
        },
        data: files_data(files),
    });
    let unit = Unit::Store(store.name.peek().clone());
    out.push(ObjectForm::new(unit, on(store), body));
}

fn mount_files(store: &Store, files: &[EngineFile], volumes: &mut volume::Volumes) {
    if files.is_empty() {
        return;
    }
    let s = &Scope::new("stores/files");
    volumes.volumes.push(
        s,
        form!(s; { name: "engine", configMap: { name: files_name(store, files) } }),
    );
    for file in files {
        volumes.mounts.push(
            s,
            form!(s; {
                name: "engine",
                mountPath: s.text(file.path.clone()),
                subPath: s.text(file_key(&file.path)),
                readOnly: true,
            }),
        );
    }
}

/// `NAME` where writes go, `NAME-ro` where reads may go, `NAME-pods` for each pod.
fn services(cx: &Cx, store: &Store, program: &Program, recipe: &Recipe, out: &mut Objects) {
    let ports = all_ports(store);
    if ports.is_empty() {
        return;
    }
    let front = |name: Sourced<Str>, when: Cond| Front {
        unit: program.unit.clone(),
        name,
        pods: &store.name,
        namespace: &store.namespace,
        component: "store",
        ports: ports.clone(),
        when,
        headless: false,
        also: Vec::new(),
    };
    let shaped = on(store).and(Cond::known(true, store.mode.origin()));
    let mut writer = front(store.name.clone(), shaped);
    if recipe.primary {
        let first = store.name.map(|name| Str::from(format!("{name}-0")));
        writer
            .also
            .push(("statefulset.kubernetes.io/pod-name", first));
    }
    out.push(service::form_of(cx, &writer));
    if let Some(when) = readers(store) {
        let name = store.name.map(|name| Str::from(format!("{name}-ro")));
        out.push(service::form_of(cx, &front(name, when)));
    }
    let mut pods = front(pods_name(store), on(store));
    pods.headless = true;
    out.push(service::form_of(cx, &pods));
}

/// What lets the Service of the readers exist. A store of one instance becomes a replicated one
/// where a chart gives it more.
fn readers(store: &Store) -> Option<Cond> {
    let can = store
        .engine
        .peek()
        .facts()
        .is_some_and(|facts| facts.modes.contains(&Mode::Replicated));
    let one = *store.instances.peek() == 1;
    match store.mode.peek() {
        Mode::Replicated | Mode::Sentinel if one => Some(on(store)),
        Mode::Replicated | Mode::Sentinel => Some(on(store).and(several(store))),
        Mode::Single if can && one => Some(on(store).and(several(store))),
        Mode::Single | Mode::Cluster => None,
    }
}

/// Ports of the engine and of the file's sidecars: all stand in the Services.
fn all_ports(store: &Store) -> Vec<(&Str, &Port)> {
    let sidecars = store
        .sidecars
        .values()
        .flat_map(|sidecar| &sidecar.ports.all);
    store.ports.all.iter().chain(sidecars).collect()
}

/// One instance may be away at once, where there are several.
fn budget(cx: &Cx, store: &Store, program: &Program, out: &mut Objects) {
    let s = &Scope::new("stores/budget").because(store.instances.origin());
    let body = form!(s; {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: {
            name: &store.name,
            namespace: &store.namespace,
            labels: names::labels(cx, &store.name, "store"),
        },
        spec: {
            maxUnavailable: 1,
            unhealthyPodEvictionPolicy: "AlwaysAllow",
            selector: { matchLabels: names::selector(cx, &store.name) },
        },
    });
    out.push(ObjectForm::new(
        program.unit.clone(),
        on(store).and(several(store)),
        body,
    ));
}
