//! What is known of images: who they run as, where they listen and write, what they need.
//!
//! Rows come from the images' published Dockerfiles and entry points (official images, majors
//! current in 2026). An image without a row runs as a numbered user, writes nothing and starts in
//! three seconds.

use serde_json::Value;

use crate::controllers::read;

/// The user that an image names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum User {
    /// None, or root.
    Root,
    /// By number.
    Number(i64),
    /// By name, which a kubelet cannot check.
    Name(String),
}

/// What is known of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ImageFacts {
    /// The user it runs as unless told otherwise.
    pub user: User,
    /// Ports on which it listens whether declared or not.
    pub listens: Vec<i64>,
    /// Paths that it must be able to write.
    pub writes: Vec<String>,
    /// Seconds from start until it listens.
    pub start_seconds: u64,
    /// Memory that it needs to start, in bytes.
    pub memory: i64,
    /// Seconds until it ends, where it is something that ends.
    pub run_seconds: u64,
    /// Its exit code when it ends by itself.
    pub exit_code: i64,
    /// Environment variables of which it needs at least one; none needed if empty.
    pub needs_env: Vec<String>,
    /// Programs by which it is started; another `command` does other things.
    pub programs: Vec<String>,
}

impl Default for ImageFacts {
    fn default() -> Self {
        Self {
            user: User::Number(65532),
            listens: Vec::new(),
            writes: Vec::new(),
            start_seconds: 3,
            memory: 8 << 20,
            run_seconds: 5,
            exit_code: 0,
            needs_env: Vec::new(),
            programs: Vec::new(),
        }
    }
}

/// The table of images.
#[derive(Clone, Debug)]
pub struct Facts {
    rows: Vec<(String, ImageFacts)>,
    other: ImageFacts,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            rows: KNOWN.iter().map(Row::facts).collect(),
            other: ImageFacts::default(),
        }
    }
}

impl Facts {
    /// The known images, and before them these: each a repository (`acme/api`, with or without a
    /// registry, `*` at its end for any rest) and its facts.
    pub fn with(rows: Vec<(String, ImageFacts)>) -> Self {
        let known = Self::default();
        Self {
            rows: rows.into_iter().chain(known.rows).collect(),
            other: known.other,
        }
    }

    /// What is known of an image.
    pub fn of(&self, image: &str) -> &ImageFacts {
        let full = repository(image);
        let short = without_registry(full);
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(start) => full.starts_with(start) || short.starts_with(start),
            None => full == pattern || short == pattern,
        };
        self.rows
            .iter()
            .find(|(pattern, _)| fits(pattern))
            .map_or(&self.other, |(_, facts)| facts)
    }

    /// What a container's process does: the image's facts, unless another program is started.
    pub fn of_process(&self, container: &Value) -> ImageFacts {
        let mut facts = self.of(read::text(container, "/image")).clone();
        let program = container["command"].get(0).and_then(Value::as_str);
        let own = program.is_none_or(|path| {
            let name = path.rsplit('/').next().unwrap_or(path);
            facts.programs.iter().any(|one| one == name)
        });
        if !own {
            facts.writes.clear();
            facts.listens.clear();
            facts.needs_env.clear();
        }
        facts
    }
}

/// An image's name without tag and digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    }
}

fn without_registry(repository: &str) -> &str {
    let short = match repository.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => repository,
    };
    short.strip_prefix("library/").unwrap_or(short)
}

struct Row {
    image: &'static str,
    /// `root`, a number, or a name.
    user: &'static str,
    listens: &'static [i64],
    writes: &'static [&'static str],
    start: u64,
    mebibytes: i64,
    needs: &'static [&'static str],
    programs: &'static [&'static str],
}

impl Row {
    fn facts(&self) -> (String, ImageFacts) {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let user = match (self.user, self.user.parse()) {
            ("root", _) => User::Root,
            (_, Ok(number)) => User::Number(number),
            (name, Err(_)) => User::Name(name.to_owned()),
        };
        let facts = ImageFacts {
            user,
            listens: self.listens.to_vec(),
            writes: texts(self.writes),
            start_seconds: self.start,
            memory: self.mebibytes << 20,
            needs_env: texts(self.needs),
            programs: texts(self.programs),
            ..ImageFacts::default()
        };
        (self.image.to_owned(), facts)
    }
}

const POSTGRES_NEEDS: &[&str] = &[
    "POSTGRES_PASSWORD",
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_HOST_AUTH_METHOD",
];
const POSTGRES_PROGRAMS: &[&str] = &["postgres", "docker-entrypoint.sh"];
const MYSQL_NEEDS: &[&str] = &[
    "MYSQL_ROOT_PASSWORD",
    "MYSQL_ROOT_PASSWORD_FILE",
    "MYSQL_RANDOM_ROOT_PASSWORD",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
];
const MARIADB_NEEDS: &[&str] = &[
    "MARIADB_ROOT_PASSWORD",
    "MARIADB_ROOT_PASSWORD_FILE",
    "MARIADB_ROOT_PASSWORD_HASH",
    "MARIADB_RANDOM_ROOT_PASSWORD",
    "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
    "MYSQL_ROOT_PASSWORD",
    "MYSQL_ROOT_PASSWORD_FILE",
    "MYSQL_RANDOM_ROOT_PASSWORD",
    "MYSQL_ALLOW_EMPTY_PASSWORD",
];

const fn row(image: &'static str, user: &'static str) -> Row {
    Row {
        image,
        user,
        listens: &[],
        writes: &[],
        start: 3,
        mebibytes: 8,
        needs: &[],
        programs: &[],
    }
}

/// `PGDATA` and `--dir` may move data; then the mounted path is what counts, so only paths that
/// cannot be moved are listed for databases, besides the default data path of each.
const KNOWN: &[Row] = &[
    Row {
        listens: &[5432],
        writes: &["/var/lib/postgresql", "/var/run/postgresql"],
        start: 4,
        mebibytes: 64,
        needs: POSTGRES_NEEDS,
        programs: POSTGRES_PROGRAMS,
        ..row("postgres", "root")
    },
    Row {
        listens: &[5432],
        writes: &["/var/lib/postgresql", "/var/run/postgresql"],
        start: 5,
        mebibytes: 96,
        needs: POSTGRES_NEEDS,
        programs: POSTGRES_PROGRAMS,
        ..row("timescale/timescaledb", "root")
    },
    Row {
        listens: &[5432],
        writes: &["/home/postgres/pgdata"],
        start: 5,
        mebibytes: 96,
        needs: POSTGRES_NEEDS,
        programs: POSTGRES_PROGRAMS,
        ..row("timescale/timescaledb-ha", "postgres")
    },
    Row {
        listens: &[5432],
        start: 4,
        mebibytes: 64,
        programs: &["postgres"],
        ..row("cloudnative-pg/*", "26")
    },
    Row {
        listens: &[6379],
        writes: &["/data"],
        start: 2,
        mebibytes: 8,
        programs: &["redis-server", "docker-entrypoint.sh"],
        ..row("redis", "root")
    },
    Row {
        listens: &[6379],
        writes: &["/data"],
        start: 2,
        mebibytes: 8,
        programs: &["valkey-server", "docker-entrypoint.sh"],
        ..row("valkey/valkey", "root")
    },
    Row {
        listens: &[8123, 9000, 9009],
        writes: &["/var/lib/clickhouse", "/var/log/clickhouse-server"],
        start: 6,
        mebibytes: 256,
        programs: &["clickhouse-server", "entrypoint.sh"],
        ..row("clickhouse/clickhouse-server", "root")
    },
    Row {
        listens: &[3306, 33060],
        writes: &["/var/lib/mysql", "/var/run/mysqld", "/tmp"],
        start: 8,
        mebibytes: 256,
        needs: MYSQL_NEEDS,
        programs: &["mysqld", "docker-entrypoint.sh"],
        ..row("mysql", "root")
    },
    Row {
        listens: &[3306],
        writes: &["/var/lib/mysql", "/run/mysqld", "/tmp"],
        start: 5,
        mebibytes: 128,
        needs: MARIADB_NEEDS,
        programs: &["mariadbd", "mysqld", "docker-entrypoint.sh"],
        ..row("mariadb", "root")
    },
    Row {
        listens: &[27017],
        writes: &["/data/db", "/tmp"],
        start: 4,
        mebibytes: 128,
        programs: &["mongod", "docker-entrypoint.sh"],
        ..row("mongo", "root")
    },
    Row {
        listens: &[4369, 5672, 15672, 15692, 25672],
        writes: &["/var/lib/rabbitmq"],
        start: 10,
        mebibytes: 128,
        programs: &["rabbitmq-server", "docker-entrypoint.sh"],
        ..row("rabbitmq", "root")
    },
    Row {
        listens: &[9092, 9093],
        start: 8,
        mebibytes: 256,
        ..row("apache/kafka", "appuser")
    },
    Row {
        listens: &[4222, 6222, 8222],
        start: 2,
        programs: &["nats-server"],
        ..row("nats", "root")
    },
    Row {
        listens: &[9200, 9300],
        writes: &["/usr/share/opensearch/data", "/usr/share/opensearch/logs"],
        start: 20,
        mebibytes: 512,
        ..row("opensearchproject/opensearch", "1000")
    },
    Row {
        listens: &[11211],
        start: 1,
        ..row("memcached", "memcache")
    },
    Row {
        listens: &[9000],
        writes: &["/data"],
        programs: &["minio"],
        ..row("minio/minio", "root")
    },
    Row {
        listens: &[80],
        writes: &["/var/cache/nginx", "/var/run"],
        start: 1,
        programs: &["nginx"],
        ..row("nginx", "root")
    },
    Row {
        listens: &[8080],
        writes: &["/tmp"],
        start: 1,
        programs: &["nginx"],
        ..row("nginxinc/nginx-unprivileged", "101")
    },
    Row {
        listens: &[9187],
        start: 1,
        ..row("prometheuscommunity/postgres-exporter", "nobody")
    },
    Row {
        listens: &[9121],
        start: 1,
        ..row("oliver006/redis_exporter", "59000")
    },
    row("busybox", "root"),
    row("alpine", "root"),
    row("debian", "root"),
    row("ubuntu", "root"),
    row("curlimages/curl", "curl_user"),
];

#[cfg(test)]
mod tests {
    use super::{Facts, ImageFacts, User};

    #[test]
    fn images_are_found_by_repository_whatever_registry_and_tag() {
        let facts = Facts::default();
        for image in [
            "postgres:18",
            "docker.io/library/postgres@sha256:00",
            "mirror.example.com:5000/postgres:18.4",
        ] {
            assert_eq!(facts.of(image).listens, [5432], "{image}");
        }
        assert_eq!(facts.of("ghcr.io/acme/postgres:1"), &ImageFacts::default());
        assert_eq!(
            facts.of("ghcr.io/cloudnative-pg/postgresql:18").user,
            User::Number(26)
        );
    }

    #[test]
    fn rows_of_a_user_come_first() {
        let mine = ImageFacts {
            start_seconds: 40,
            ..ImageFacts::default()
        };
        let facts = Facts::with(vec![("acme/*".to_owned(), mine)]);
        assert_eq!(facts.of("ghcr.io/acme/api:1").start_seconds, 40);
    }
}
