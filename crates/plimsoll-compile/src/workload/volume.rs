//! Volumes of a pod and where its container sees them: scratch, files, disks, secrets.

use crate::cx::Cx;
use crate::names::dashed;
use crate::program::Program;
use crate::secrets::plan;
use crate::workload::{companion, config, env};
use plimsoll_source::{Node, Origin, Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_spec::app::pod::Writable;
use plimsoll_spec::types::Target;
use plimsoll_world::{Cond, Form, Scope, SeqBuilder, form};

/// Volumes of a pod, and the mounts of its own container.
pub struct Volumes {
    /// `volumes` of the pod.
    pub volumes: SeqBuilder,
    /// `volumeMounts` of the container.
    pub mounts: SeqBuilder,
    scope: Scope,
}

impl Volumes {
    /// None yet.
    pub fn new() -> Self {
        let scope = Scope::new("workload/volume");
        Self {
            volumes: SeqBuilder::new(&scope),
            mounts: SeqBuilder::new(&scope),
            scope,
        }
    }

    /// Scratch at a path.
    pub fn scratch(&mut self, path: &Sourced<Str>) {
        let s = &self.scope;
        let name = path.map(|path| volume_name("scratch", path));
        self.volumes
            .push(s, form!(s; { name: &name, emptyDir: {} }));
        self.mounts
            .push(s, form!(s; { name: &name, mountPath: path }));
    }

    /// Remembers what decides which volumes there are.
    pub fn decide(&mut self, because: &Origin) {
        let (s, no) = (&self.scope, || Cond::known(false, because));
        self.volumes.push_when(s, no(), || form!(s; {}));
        self.mounts.push_when(s, no(), || form!(s; {}));
    }

    /// Adds a volume that only companions mount.
    pub fn beside(&mut self, volume: Form) {
        self.volumes.push(&self.scope, volume);
    }

    /// Adds a volume with one mount of it.
    pub fn add(&mut self, volume: Form, mount: Form) {
        let s = &self.scope;
        self.volumes.push(s, volume);
        self.mounts.push(s, mount);
    }
}

/// A volume's name: what it is and where it is seen, at most 63 bytes.
pub fn volume_name(what: &str, path: &str) -> Str {
    let name = format!("{what}-{}", dashed(path));
    if name.len() <= 63 {
        return name.trim_end_matches('-').into();
    }
    let origin = plimsoll_source::Origin::rule("volume", []);
    let hash = plimsoll_world::content_hash(&Node::Text(origin, path.into()));
    format!("{}-{hash}", name[..54].trim_end_matches('-')).into()
}

/// The volumes of a program.
pub fn of_program(cx: &Cx, program: &Program) -> Volumes {
    let mut all = Volumes::new();
    match program.writable {
        Writable::Paths(paths) => paths.iter().for_each(|path| all.scratch(path)),
        Writable::All(because) => all.decide(because),
    }
    config::mount(cx, program, &mut all);
    secret_files(cx, program, &mut all);
    companion::secret_files(cx, program, &mut all);
    authorities(cx, program, &mut all);
    disks(program, &mut all);
    all
}

/// Secrets that the program reads as files, each at its path.
fn secret_files(cx: &Cx, program: &Program, all: &mut Volumes) {
    let s = &Scope::new("workload/volume");
    let keys = plan::keys(cx, program).values();
    for (key, path) in keys.flat_map(|key| key.files.iter().map(move |path| (key, path))) {
        let name = path.map(|path| volume_name("secret", path));
        let file = path.map(|path| Str::from(path.rsplit('/').next().unwrap_or_default()));
        all.add(
            form!(s; {
                name: &name,
                secret: {
                    secretName: env::secret_name(cx, program),
                    defaultMode: 0o440,
                    items: [{ key: s.text(key.key.clone()), path: &file }],
                },
            }),
            form!(s; { name: &name, mountPath: path, subPath: &file, readOnly: true }),
        );
    }
}

/// The authorities of the stores with TLS that the program uses.
fn authorities(cx: &Cx, program: &Program, all: &mut Volumes) {
    let s = &Scope::new("workload/volume");
    let mut seen: Vec<&Str> = Vec::new();
    for uses in program.uses.values() {
        let Target::Store { store: name, .. } = &uses.target else {
            continue;
        };
        let Some(store) = cx.app.stores.get(name).filter(|_| !seen.contains(&name)) else {
            continue;
        };
        for decides in [&store.namespace, program.namespace] {
            all.decide(decides.origin());
        }
        let Some(secret) = authority(cx, program, store) else {
            continue;
        };
        seen.push(name);
        let volume = authority_name(store);
        all.add(
            form!(s; {
                name: &volume,
                secret: {
                    secretName: secret,
                    items: [{ key: "ca.crt", path: "ca.crt" }],
                },
            }),
            form!(s; { name: &volume, mountPath: authority_folder(store), readOnly: true }),
        );
    }
}

/// The Secret with a store's authority, where the program has it mounted.
pub fn authority(cx: &Cx, program: &Program, store: &Store) -> Option<Sourced<Str>> {
    let uses = |target: &Target| matches!(target, Target::Store { store: name, .. } if *name == *store.name.peek());
    let is_used = program.uses.values().any(|edge| uses(&edge.target));
    let secret = crate::address::authority(cx, store, program.namespace.peek());
    secret.filter(|_| is_used)
}

/// The volume with a store's authority.
pub fn authority_name(store: &Store) -> Sourced<Str> {
    store.name.map(|name| Str::from(format!("ca-{name}")))
}

/// Where a store's authority is mounted.
pub fn authority_folder(store: &Store) -> Sourced<Str> {
    let folder = |name: &Str| Str::from(format!("/etc/plimsoll/ca/{name}"));
    store.name.map(folder)
}

/// Disks: in memory, of a claim, or of the pod's own claim.
fn disks(program: &Program, all: &mut Volumes) {
    let s = &Scope::new("workload/volume");
    for (path, volume) in program.volumes {
        let s = &s.because(&volume.origin).because(volume.memory.origin());
        let name = s.text(volume_name("disk", path));
        let mount = |read: bool| {
            form!(s; {
                name: name.clone(),
                mountPath: s.text(path.clone()),
                subPath: &volume.folder.clone().map_or_else(|| Sourced::new(None, volume.origin.clone()), |f| f.map(|f| Some(f.clone()))),
                readOnly: read.then(|| volume.read.clone()),
            })
        };
        if *volume.memory.peek() {
            let limit = volume.size.clone();
            all.add(
                form!(s; { name: name.clone(), emptyDir: { medium: "Memory", sizeLimit: limit.map(|size| size.map(std::string::ToString::to_string)) } }),
                mount(false),
            );
        } else if let Some(claim) = &volume.claim {
            all.add(
                form!(s; { name: name.clone(), persistentVolumeClaim: { claimName: claim } }),
                mount(*volume.read.peek()),
            );
        } else if program.own_disks {
            // The claim template of that name brings the volume.
            all.mounts.push(s, mount(false));
        } else {
            let own = own_claim(program, path);
            all.add(
                form!(s; { name: name.clone(), persistentVolumeClaim: { claimName: s.text(own) } }),
                mount(false),
            );
        }
    }
}

/// Name of the claim that a program has for itself at a path.
pub fn own_claim(program: &Program, path: &str) -> Str {
    format!("{}-{}", program.name.peek(), dashed(path)).into()
}
