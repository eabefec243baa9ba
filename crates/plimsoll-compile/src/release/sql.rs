//! What runs plain files of SQL: each once, by name, recorded in the database itself. By the client of the
//! store's image, and its shell. No `$(…)`: Kubernetes would read it.

/// For `psql`, whose URL is the first argument: a file and its record are one transaction.
pub const POSTGRES: &str = r#"set -eu
export LC_ALL=C
url=$1
run() { psql -qX -v ON_ERROR_STOP=1 "$url" "$@"; }
run -c "set client_min_messages = warning" -c "create table if not exists plimsoll_migrations (name text primary key, applied_at timestamptz not null default now())"
for file in /plimsoll/migrations/*.sql; do
  name=${file##*/}
  if run -tAc "select 'known' from plimsoll_migrations where name = '$name'" | grep -q known; then
    echo "$name: was there"
    continue
  fi
  run --single-transaction -f "$file" -c "insert into plimsoll_migrations (name) values ('$name')"
  echo "$name: done"
done
"#;

/// For the client of MySQL or MariaDB, which is the name of the script, with host, port, user, password and
/// database. There DDL ends a transaction: a file that fails in the middle is run whole again.
pub const MYSQL: &str = r#"set -eu
export LC_ALL=C MYSQL_PWD="$4"
host=$1 port=$2 user=$3 database=$5
run() { "$0" --host="$host" --port="$port" --user="$user" "$database" "$@"; }
run -e "create table if not exists plimsoll_migrations (name varchar(255) primary key, applied_at timestamp not null default current_timestamp)"
for file in /plimsoll/migrations/*.sql; do
  name=${file##*/}
  if run -Nse "select 'known' from plimsoll_migrations where name = '$name'" | grep -q known; then
    echo "$name: was there"
    continue
  fi
  run < "$file"
  run -e "insert into plimsoll_migrations (name) values ('$name')"
  echo "$name: done"
done
"#;

#[cfg(test)]
mod tests {
    use super::{MYSQL, POSTGRES};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::Command;

    /// A client whose database is a file beside it: it says what it ran, and fails where a file is broken.
    const CLIENT: &str = r#"#!/bin/sh
ran=$(dirname "$0")/ran
touch "$ran"
statement() {
  case $1 in
    *select*) sed -n "s/.*name = '\(.*\)'.*/\1/p" <<EOF | xargs -I{} grep -qx "recorded {}" "$ran" && echo known
$1
EOF
    ;;
    insert*) sed "s/.*values ('\(.*\)')/recorded \1/" >> "$ran" <<EOF
$1
EOF
    ;;
  esac
  return 0
}
file() { grep -q broken "$1" && exit 1; cat "$1" >> "$ran"; }
read_stdin=yes
while [ $# -gt 0 ]; do
  case $1 in
    -c | -tAc | -e | -Nse) read_stdin=; statement "$2"; shift ;;
    -f) read_stdin=; file "$2"; shift ;;
    -v) shift ;;
  esac
  shift
done
if [ -n "$read_stdin" ]; then cat > "$ran.stdin"; file "$ran.stdin"; fi
"#;

    fn runs(folder: &Path, script: &str, client: &str, arguments: &[&str]) -> (bool, String) {
        let program = folder.join(client);
        fs::write(&program, CLIENT).expect("a client");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("runnable");
        let files = folder.join("migrations");
        let script = script.replace("/plimsoll/migrations", &files.to_string_lossy());
        let script = format!("PATH={}:$PATH\n{script}", folder.display());
        let ran = Command::new("/bin/sh")
            .args(["-c", &script, client])
            .args(arguments)
            .output()
            .expect("a shell");
        (
            ran.status.success(),
            fs::read_to_string(folder.join("ran")).expect("what ran"),
        )
    }

    /// Each file is run once, in the order of names; one that fails ends the run and is run again.
    #[test]
    fn files_are_run_once_in_order() {
        let mysql = ["db", "3306", "app", "secret", "app"];
        let ways: [(&str, &str, &[&str]); 2] = [
            (POSTGRES, "psql", &["postgresql://db/app"]),
            (MYSQL, "mariadb", &mysql),
        ];
        for (script, client, arguments) in ways {
            let folder = tempfile::tempdir().expect("a folder");
            let files = folder.path().join("migrations");
            fs::create_dir(&files).expect("a folder");
            let write = |name: &str, text: &str| fs::write(files.join(name), text).expect("a file");
            write("002_b.sql", "second\n");
            write("001_a.sql", "first\n");
            write("003_c.sql", "broken\n");
            let first = "first\nrecorded 001_a.sql\nsecond\nrecorded 002_b.sql\n";
            let run = || runs(folder.path(), script, client, arguments);
            assert_eq!(run(), (false, first.to_owned()), "{client}");
            write("003_c.sql", "third\n");
            let all = format!("{first}third\nrecorded 003_c.sql\n");
            assert_eq!(run(), (true, all.clone()), "{client}");
            assert_eq!(run(), (true, all), "{client}");
        }
    }
}
