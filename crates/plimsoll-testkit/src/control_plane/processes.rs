//! The processes of one control plane: started with a log each, ended together.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// Kills what the `.pid` files of the folder name, then removes the folder, as soon as stdin is
/// closed; a line on stdin sends it home with nothing done.
const WATCH: &str = r#"
if read -r _; then exit 0; fi
for file in "$1"/*.pid; do [ -f "$file" ] && kill -9 "$(cat "$file")" 2>/dev/null; done
sleep 0.2
rm -rf "$1"
"#;

/// Cleans up once this process is gone, whether it ended well, panicked or was killed.
#[derive(Debug)]
pub struct Watchdog {
    shell: Child,
    leash: Option<ChildStdin>,
}

impl Watchdog {
    /// Watches over the processes whose pids will be in `folder`.
    pub fn over(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", WATCH, "watchdog"]).arg(folder);
        // Its own group: an interrupt at the terminal must not take it before its work is done.
        shell
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let mut shell = shell.spawn().context("starting sh")?;
        let leash = shell.stdin.take();
        Ok(Self { shell, leash })
    }

    /// Lets it clean up now, and waits for it.
    pub fn end(&mut self) {
        self.leash = None;
        // It was spawned by us and nobody else waits for it, so there is nothing to report.
        let _ = self.shell.wait();
    }

    /// Sends it home: the processes go on without it.
    pub fn dismiss(mut self) -> Result<()> {
        use std::io::Write as _;
        let leash = self
            .leash
            .as_mut()
            .context("a watchdog that was not ended")?;
        leash.write_all(b"\n").context("dismissing the watchdog")?;
        self.shell.wait().context("waiting for the watchdog")?;
        Ok(())
    }
}

/// Processes in the order of their start.
#[derive(Debug)]
pub struct Processes {
    folder: PathBuf,
    children: Vec<(&'static str, Child)>,
}

impl Processes {
    /// None yet; pids and logs will be in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            children: Vec::new(),
        }
    }

    /// Starts a program in the folder, in a group of its own, with all it says in `NAME.log`.
    pub fn spawn(&mut self, name: &'static str, mut command: Command) -> Result<()> {
        let log = File::create(self.folder.join(format!("{name}.log")))?;
        command.current_dir(&self.folder).process_group(0);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let pid = self.folder.join(format!("{name}.pid"));
        let written = fs::write(&pid, child.id().to_string());
        await_arguments(child.id());
        self.children.push((name, child));
        written.with_context(|| format!("writing {}", pid.display()))
    }

    /// An error if one of them has ended, with the last lines of its log.
    pub fn check(&mut self) -> Result<()> {
        for (name, child) in &mut self.children {
            if let Some(status) = child.try_wait()? {
                let log = fs::read_to_string(self.folder.join(format!("{name}.log")))?;
                let lines: Vec<&str> = log.lines().collect();
                let last = &lines[lines.len().saturating_sub(5)..];
                bail!("{name} ended: {status}\n{}", last.join("\n"));
            }
        }
        Ok(())
    }

    /// Waits for all of them, which the watchdog has killed.
    pub fn reap(&mut self) {
        for (_, child) in &mut self.children {
            // Both fail only for a process that is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until a process that was just spawned shows its arguments, by which [`running`] knows it.
///
/// Linux lets the parent go on as soon as the child has its new memory, a moment before the
/// arguments are laid out in it. One that has ended meanwhile has none, hence the bound.
fn await_arguments(pid: u32) {
    for _ in 0..200 {
        match fs::read(format!("/proc/{pid}/cmdline")) {
            Ok(arguments) if arguments.is_empty() => thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
}

/// Pids in the folder whose process still runs, and is ours: its arguments name the folder or a
/// file in it.
pub fn running(folder: &Path) -> Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let pid: u32 = text
            .trim()
            .parse()
            .with_context(|| format!("in {}", path.display()))?;
        let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&arguments).contains(&*folder.to_string_lossy()) {
            pids.push(pid);
        }
    }
    pids.sort_unstable();
    Ok(pids)
}

/// Kills the processes that run in the folder.
pub fn kill_running(folder: &Path) -> Result<()> {
    let pids: Vec<String> = running(folder)?.iter().map(u32::to_string).collect();
    if pids.is_empty() {
        return Ok(());
    }
    // The shell's own `kill`: the program of that name is not everywhere.
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -9 \"$@\"", "kill"]).args(&pids);
    let status = shell.status().context("starting sh")?;
    ensure!(status.success(), "kill {}: {status}", pids.join(" "));
    Ok(())
}

/// Three ports that nobody listens on at the moment.
pub fn free_ports() -> Result<[u16; 3]> {
    let listen = || TcpListener::bind(("127.0.0.1", 0)).context("looking for a free port");
    // All are held until the last is found, so that they differ.
    let listeners = [listen()?, listen()?, listen()?];
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one process that would run for ever, and the folder's watchdog.
    fn sleeping() -> (PathBuf, Processes, Watchdog) {
        let folder = tempfile::tempdir().unwrap().keep();
        let watchdog = Watchdog::over(&folder).unwrap();
        let mut processes = Processes::in_folder(&folder);
        let mut sleep = Command::new("sh");
        // Its arguments name the folder, as those of a control plane do.
        sleep
            .args(["-c", "while :; do sleep 1; done"])
            .arg(folder.join("name"));
        processes.spawn("sleep", sleep).unwrap();
        (folder, processes, watchdog)
    }

    #[test]
    fn a_watchdog_whose_leash_is_let_go_ends_processes_and_removes_their_folder() {
        let (folder, mut processes, mut watchdog) = sleeping();
        assert_eq!(running(&folder).unwrap().len(), 1);
        watchdog.end();
        assert!(!folder.exists());
        processes.reap();
    }

    #[test]
    fn processes_outlive_a_watchdog_that_is_sent_home_until_they_are_killed() {
        let (folder, mut processes, watchdog) = sleeping();
        watchdog.dismiss().unwrap();
        processes.check().unwrap();
        kill_running(&folder).unwrap();
        processes.reap();
        assert_eq!(running(&folder).unwrap(), Vec::<u32>::new());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_end_of_a_process_is_told_with_the_end_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut processes = Processes::in_folder(folder.path());
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo the port is taken >&2; exit 3"]);
        processes.spawn("shell", shell).unwrap();
        processes.children[0].1.wait().unwrap();
        let error = processes.check().unwrap_err().to_string();
        assert!(
            error.contains("shell ended") && error.contains("the port is taken"),
            "{error}"
        );
    }
}
