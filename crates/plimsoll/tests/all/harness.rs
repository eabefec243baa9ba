//! A folder with an application file, a state folder of its own, and the built program.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The shortest file that is fit for production.
pub const SHORTEST: &str = "\
app: shop
services:
  web: { image: ghcr.example/shop/web:1.4.2, ports: 8080, health: /ready, uses: [db] }
stores:
  db: { engine: postgres, storage: 20Gi }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
";

/// Two services, a migration, two environments, and a tag that stands once.
pub const MIGRATED: &str = "\
app: shop
images: { registry: ghcr.example/shop, tag: 1.4.2 }
services:
  web: { image: web, ports: 8080, health: /ready, uses: [db] }
  api: { image: api, ports: 8080, health: /ready, uses: [db] }
stores:
  db: { engine: postgres, storage: 20Gi }
migrations:
  schema: { store: db, service: api, command: [migrate] }
routes:
  main: { hosts: shop.example.org, paths: { /: web } }
environments:
  production: {}
  staging: { namespace: shop-staging }
";

/// Where one test works.
pub struct Bench {
    folder: TempDir,
    state: TempDir,
    kubeconfig: Option<PathBuf>,
    programs: Option<PathBuf>,
}

/// What a command came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    /// Exit code.
    pub code: i32,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

impl Bench {
    /// A folder without any file.
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            state: tempfile::tempdir().expect("a folder for state"),
            kubeconfig: None,
            programs: None,
        }
    }

    /// A folder with this application file.
    pub fn with(file: &str) -> Self {
        let bench = Self::empty();
        bench.write("plimsoll.yaml", file);
        bench
    }

    /// The same folder with an embedded cluster that nobody used yet.
    pub fn forget(&mut self) {
        self.state = tempfile::tempdir().expect("a folder for state");
    }

    /// Lets the program see this kubeconfig.
    pub fn see(&mut self, kubeconfig: PathBuf) {
        self.kubeconfig = Some(kubeconfig);
    }

    /// Lets the program find programs in the folder of this one.
    pub fn find_programs_beside(&mut self, program: &Path) {
        self.programs = program.parent().map(Path::to_path_buf);
    }

    /// Overwrites the files of all embedded clusters with something else.
    pub fn damage_clusters(&self) {
        let folder = self.state.path().join("plimsoll/embedded");
        let files: Vec<_> = fs::read_dir(folder).expect("a cluster was kept").collect();
        assert!(!files.is_empty(), "a cluster was kept");
        for file in files {
            fs::write(file.expect("an entry").path(), "of another time").expect("writes");
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder");
        fs::write(path, text).expect("writes");
    }

    /// Runs the program in the folder. It sees nothing of this machine: no home, and no kubeconfig
    /// but one of a test.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_given(args, "", &[])
    }

    /// The same with something on stdin, and variables.
    pub fn run_given(&self, args: &[&str], stdin: &str, variables: &[(&str, &str)]) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(args)
            .current_dir(self.folder())
            .env_clear()
            .env("XDG_STATE_HOME", self.state.path())
            .envs(self.kubeconfig.iter().map(|file| ("KUBECONFIG", file)))
            .env(
                "PATH",
                self.programs.as_deref().unwrap_or(self.state.path()),
            )
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        // Whoever reads nothing may be gone already.
        let _ = pipe.write_all(stdin.as_bytes());
        drop(pipe);
        let output = child.wait_with_output().expect("the program ends");
        Ran {
            code: output.status.code().expect("it ends by itself"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Runs a command with `--json`, which must end with this code.
    pub fn json(&self, args: &[&str], code: i32) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, code, "{args:?}: {}{}", ran.stderr, ran.stdout);
        assert_eq!(ran.stdout.lines().count(), 1, "one line: {}", ran.stdout);
        serde_json::from_str(&ran.stdout).expect("stdout is JSON and nothing else")
    }
}

/// `[created, changed, unchanged, pruned]` of a release.
pub fn objects(release: &Value) -> [u64; 4] {
    ["created", "changed", "unchanged", "pruned"]
        .map(|count| release["objects"][count].as_u64().expect("a count"))
}
