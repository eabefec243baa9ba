//! Files of a program, in `ConfigMaps`, or in a Secret where they hold secrets. A change rolls the pods: the
//! ConfigMap is named by its content.

use crate::cx::{Cx, Objects};
use crate::names::{self, dashed};
use crate::program::Program;
use crate::secrets::composed;
use crate::text;
use crate::workload::volume::{Volumes, volume_name};
use indexmap::IndexMap;
use plimsoll_source::{Node, Origin, Str};
use plimsoll_spec::app::ConfigFile;
use plimsoll_world::{Cond, Expr, Form, MapBuilder, ObjectForm, Op, Scope, form};

/// The two `ConfigMaps` that a program may have.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Named by content; a change rolls the pods.
    Rolled,
    /// Of a fixed name; the program reads it again by itself.
    Live,
}

fn files<'a>(program: &Program<'a>, part: Part) -> Vec<(&'a Str, &'a ConfigFile)> {
    let wanted = |file: &ConfigFile| {
        *file.roll.peek() == (part == Part::Rolled) && !composed::holds_secret(file)
    };
    program
        .config
        .iter()
        .filter(|(_, file)| wanted(file))
        .collect()
}

/// Key of a file in its ConfigMap or Secret: its path. What reads the same without its signs is numbered.
pub fn key(program: &Program, path: &str) -> Str {
    let plain = dashed(path);
    let mut same = program.config.keys().filter(|other| dashed(other) == plain);
    match same.position(|other| other == path) {
        None | Some(0) => plain.into(),
        Some(number) => format!("{plain}-{number}").into(),
    }
}

/// Name of the volume of a single file.
fn volume_of(program: &Program, path: &str) -> Str {
    volume_name("config", &key(program, path))
}

/// What decides which file is in which ConfigMap.
fn sorted(program: &Program) -> Origin {
    Origin::all(
        program
            .config
            .values()
            .map(|file| file.roll.origin().clone()),
    )
}

fn data(cx: &Cx, program: &Program, part: Part) -> Form {
    let s = &Scope::new("workload/config").because(&sorted(program));
    let mut map = MapBuilder::new(s);
    for (path, file) in files(program, part) {
        if let Some(text) = text::resolve(cx, program, &file.text) {
            map.put(s, key(program, path), text.expr);
        }
    }
    map.build()
}

/// Name of a ConfigMap: `NAME-config-HASH`, or `NAME-config`.
fn name(cx: &Cx, program: &Program, part: Part) -> Expr {
    let s = Scope::new("workload/config");
    let base = program.name.map(|name| Str::from(format!("{name}-config")));
    let base = base.because(&sorted(program));
    if part == Part::Live {
        return Expr::from(&base.map(|base| Str::from(format!("{base}-live"))));
    }
    let hash = Expr::call(Op::Hash, [Expr::tree(data(cx, program, part))]);
    Expr::concat([Expr::from(&base), Expr::text(s.origin(), "-"), hash])
}

/// Name of the ConfigMap that is named by its content, where there is one.
pub fn name_by_content(cx: &Cx, program: &Program) -> Option<Expr> {
    let is_there = !files(program, Part::Rolled).is_empty();
    is_there.then(|| name(cx, program, Part::Rolled))
}

/// The `ConfigMaps` of a program.
pub fn objects(cx: &Cx, program: &Program, out: &mut Objects) {
    let s = &Scope::new("workload/config");
    for part in [Part::Rolled, Part::Live] {
        if files(program, part).is_empty() {
            continue;
        }
        let body = form!(s; {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: {
                name: name(cx, program, part),
                namespace: program.namespace,
                labels: names::labels(cx, &program.name, program.component),
            },
            data: data(cx, program, part),
        });
        let when = program.on().and(Cond::known(true, &sorted(program)));
        out.push(ObjectForm::new(program.unit.clone(), when, body));
    }
}

/// Folder of files that we bring: no image has it, so that nothing is hidden where it is mounted whole.
const OURS: &str = "/plimsoll/";

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("/", |(folder, _)| folder)
}

fn file_name(path: &str) -> Str {
    path.rsplit('/').next().unwrap_or_default().into()
}

/// Mounts the files: each at its path; the folder of those that are read again, and of ours.
pub fn mount(cx: &Cx, program: &Program, all: &mut Volumes) {
    mount_composed(program, all);
    let rolled = files(program, Part::Rolled).into_iter();
    let (ours, rolled) = rolled.partition(|(path, _)| path.starts_with(OURS));
    mount_files(cx, program, rolled, all);
    mount_folders(cx, program, (Part::Rolled, "config"), ours, all);
    let live = files(program, Part::Live);
    mount_folders(cx, program, (Part::Live, "live"), live, all);
}

/// A file as a container beside the program mounts it.
pub struct Mounted {
    /// Name of the volume.
    pub volume: Str,
    /// Path in the container.
    pub at: Str,
    /// The file of the volume that is seen there; its whole folder where there is none, so that what is read
    /// again changes there too.
    pub file: Option<Str>,
}

/// How a file of the program is mounted at a path of another container; `None` where it is none.
pub fn mounted(program: &Program, path: &str, own: &str) -> Option<Mounted> {
    let file = program.config.get(path)?;
    let single = |volume| Mounted {
        volume,
        at: own.into(),
        file: Some(file_name(path)),
    };
    if composed::holds_secret(file) || *file.roll.peek() {
        return Some(single(volume_of(program, path)));
    }
    let volume = volume_name("live", folder(path));
    if file_name(own) != file_name(path) {
        return Some(single(volume));
    }
    Some(Mounted {
        volume,
        at: folder(own).into(),
        file: None,
    })
}

fn mount_files(cx: &Cx, program: &Program, files: Vec<(&Str, &ConfigFile)>, all: &mut Volumes) {
    let s = &Scope::new("workload/config");
    for (path, file) in files {
        let s = &s.because(&file.origin).because(file.roll.origin());
        let volume = s.text(volume_of(program, path));
        let name_in_folder = file_name(path);
        all.add(
            form!(s; { name: volume.clone(), configMap: {
                name: name(cx, program, Part::Rolled),
                defaultMode: mode(file),
                items: [{ key: s.text(key(program, path)), path: s.text(name_in_folder.clone()) }],
            } }),
            form!(s; {
                name: volume,
                mountPath: s.text(path.clone()),
                subPath: s.text(name_in_folder),
                readOnly: true,
            }),
        );
    }
}

fn mount_folders(
    cx: &Cx,
    program: &Program,
    (part, word): (Part, &str),
    files: Vec<(&Str, &ConfigFile)>,
    all: &mut Volumes,
) {
    let s = &Scope::new("workload/config");
    let mut folders: IndexMap<&str, Vec<(&Str, &ConfigFile)>> = IndexMap::new();
    for (path, file) in files {
        folders.entry(folder(path)).or_default().push((path, file));
    }
    for (folder, inside) in folders {
        let Some((_, first)) = inside.first() else {
            continue;
        };
        let s = &s.because(&first.origin).because(first.roll.origin());
        let volume = s.text(volume_name(word, folder));
        all.add(
            form!(s; { name: volume.clone(), configMap: {
                name: name(cx, program, part),
                defaultMode: mode(first),
                items: [for (path, _) in inside => {
                    key: s.text(key(program, path)),
                    path: s.text(file_name(path)),
                }],
            } }),
            form!(s; { name: volume, mountPath: s.text(folder), readOnly: true }),
        );
    }
}

/// Mounts the files that hold secrets.
fn mount_composed(program: &Program, all: &mut Volumes) {
    let Some(secret) = composed::name(program) else {
        return;
    };
    let s = &Scope::new("workload/config");
    for (path, file) in composed::files(program) {
        let s = &s.because(&file.origin);
        let volume = s.text(volume_of(program, path));
        let name_in_folder = file_name(path);
        all.add(
            form!(s; { name: volume.clone(), secret: {
                secretName: &secret,
                defaultMode: mode(file),
                items: [{ key: s.text(key(program, path)), path: s.text(name_in_folder.clone()) }],
            } }),
            form!(s; {
                name: volume,
                mountPath: s.text(path.clone()),
                subPath: s.text(name_in_folder),
                readOnly: true,
            }),
        );
    }
}

/// The mode as the number that the API wants.
fn mode(file: &ConfigFile) -> Node {
    let number = i64::from_str_radix(file.mode.peek(), 8).unwrap_or(0o644);
    Node::Int(file.mode.origin().clone(), number)
}
