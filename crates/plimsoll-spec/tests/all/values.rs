//! Types of single values: what is read, what is refused, what Kubernetes is told.

use plimsoll_spec::types::{
    Bytes, Caller, Check, Cidr, Count, Cpu, Cron, Date, Duration, Latency, Leaf, Limit, Name,
    Percent, Permission, PortRef, Range, Rate, SizeRange, Step,
};

/// The message of what is refused, its bytes, and the text that mends it.
fn refused<T: Leaf>(text: &str) -> (String, std::ops::Range<usize>, Option<String>) {
    match T::parse(text) {
        Ok(_) => panic!("{text} is read"),
        Err(problem) => (problem.what, problem.at, problem.mend),
    }
}

fn read<T: Leaf>(text: &str) -> T {
    T::parse(text).unwrap_or_else(|problem| panic!("{text}: {}", problem.what))
}

#[test]
fn cpu_is_counted_in_thousandths() {
    for (text, milli) in [
        ("500m", 500),
        ("2", 2000),
        ("0.5", 500),
        ("1.25", 1250),
        ("0", 0),
    ] {
        assert_eq!(read::<Cpu>(text).millis(), milli);
        assert_eq!(read::<Cpu>(text).to_string(), text);
    }
    assert_eq!(read::<Cpu>("1000m"), read::<Cpu>("1"));
    assert_eq!(Cpu::milli(1500).to_string(), "1500m");
    assert_eq!(refused::<Cpu>("2Gi").1, 1..3);
    for text in [
        "",
        "m",
        "-1",
        "1.",
        "0.0001",
        "1..2",
        "99999999999999999999",
    ] {
        refused::<Cpu>(text);
    }
}

#[test]
fn bytes_have_the_units_of_kubernetes() {
    for (text, bytes) in [
        ("512Mi", 512 << 20),
        ("1Gi", 1 << 30),
        ("1G", 1_000_000_000),
        ("1.5Ki", 1536),
        ("7", 7),
    ] {
        assert_eq!(read::<Bytes>(text).bytes(), bytes);
    }
    assert_eq!(Bytes::of(3 << 30).to_string(), "3Gi");
    assert_eq!(Bytes::of(0).to_string(), "0");
    assert_eq!(refused::<Bytes>("512m").2.as_deref(), Some("512Mi"));
    assert_eq!(refused::<Bytes>("20GB").2.as_deref(), Some("20Gi"));
    for text in ["", "Gi", "1 Gi", "99999999999999999999Gi", "99999999Pi"] {
        refused::<Bytes>(text);
    }
}

#[test]
fn a_size_has_a_limit_as_kubernetes_wants_it() {
    assert_eq!(read::<SizeRange<Cpu>>("500m").limit, None);
    assert_eq!(
        read::<SizeRange<Cpu>>("500m..2")
            .limit
            .map(|limit| limit.millis()),
        Some(2000)
    );
    let memory = read::<SizeRange<Bytes>>("1Gi");
    assert_eq!(memory.limit, Some(memory.request));
    assert_eq!(refused::<SizeRange<Bytes>>("1Gi..2m").1, 6..7);
}

#[test]
fn ranges_stand_upright() {
    assert_eq!(read::<Range>("3..50"), Range { min: 3, max: 50 });
    assert_eq!(read::<Range>("3").to_string(), "3");
    assert_eq!(refused::<Range>("5..2").2.as_deref(), Some("2..5"));
    for text in ["..", "1..", "..2", "1...2", "-1", "+3", "4294967296"] {
        refused::<Range>(text);
    }
}

#[test]
fn ratios_are_exact() {
    assert_eq!(read::<Percent>("99.9%").milli, 99_900);
    assert_eq!(read::<Percent>("99.90%").to_string(), "99.9%");
    assert_eq!(read::<Rate>("10/m").milli_per_second(), 166);
    assert_eq!(read::<Rate>("200/s").parts(), ("200", "s"));
    assert_eq!(read::<Count>("0.5").milli, 500);
    assert_eq!(refused::<Rate>("10").2.as_deref(), Some("10/s"));
    assert_eq!(refused::<Rate>("10/x").1, 3..4);
}

#[test]
fn durations_are_told_in_each_dialect() {
    for (text, millis) in [
        ("500ms", 500),
        ("30s", 30_000),
        ("1h30m", 5_400_000),
        ("7d", 604_800_000),
        ("1y", 31_536_000_000),
    ] {
        assert_eq!(read::<Duration>(text).millis(), millis);
    }
    assert_eq!(read::<Duration>("2d").go(), "48h");
    assert_eq!(read::<Duration>("2d").prometheus(), "2d");
    assert_eq!(read::<Duration>("90m").gateway(), "1h30m");
    assert_eq!(Duration::seconds(0).to_string(), "0s");
    assert_eq!(refused::<Duration>("30").2.as_deref(), Some("30s"));
    for text in ["", "s", "5x", "1h5", "-1s", "99999999999y"] {
        refused::<Duration>(text);
    }
}

#[test]
fn schedules_become_cron() {
    for (text, five) in [
        ("hourly", "0 * * * *"),
        ("daily 02:30", "30 2 * * *"),
        ("weekly sun 03:00", "0 3 * * 0"),
        ("monthly 1 04:00", "0 4 1 * *"),
        ("every 15m", "*/15 * * * *"),
        ("every 6h", "0 */6 * * *"),
        ("*/5 1-3 * jan,mar MON-FRI", "*/5 1-3 * jan,mar MON-FRI"),
    ] {
        assert_eq!(read::<Cron>(text).five(), five);
    }
    assert_eq!(read::<Cron>("hourly").six(), "0 0 * * * *");
    assert_eq!(refused::<Cron>("daily 25:00").1, 6..11);
    assert_eq!(refused::<Cron>("61 * * * *").1, 0..2);
    for text in [
        "",
        "daily",
        "every 7m",
        "every 5h",
        "monthly 31 00:00",
        "* * * *",
        "*/0 * * * *",
        "weekly fun 01:00",
    ] {
        refused::<Cron>(text);
    }
}

#[test]
fn names_leave_room_for_suffixes() {
    read::<Name>("a-1");
    assert_eq!(refused::<Name>("My_App").2.as_deref(), Some("my-app"));
    for text in ["", "1a", "-a", "a-", "a.b", "é", &"a".repeat(41)] {
        refused::<Name>(text);
    }
}

#[test]
fn addresses_begin_their_range() {
    assert_eq!(read::<Cidr>("10.0.0.0/8").bits(), 8);
    assert_eq!(read::<Cidr>("2001:db8::/32").to_string(), "2001:db8::/32");
    assert_eq!(
        refused::<Cidr>("10.1.2.3/8").2.as_deref(),
        Some("10.0.0.0/8")
    );
    assert_eq!(
        refused::<Cidr>("10.1.2.3").2.as_deref(),
        Some("10.1.2.3/32")
    );
    for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129"] {
        refused::<Cidr>(text);
    }
    assert_eq!(read::<Cidr>("0.0.0.0/0").bits(), 0);
}

#[test]
fn probes_have_a_form_each() {
    let check = |text: &str| Check::parse(text).expect("a probe");
    assert_eq!(
        check("/x"),
        Check::Http {
            port: PortRef::Main,
            path: "/x".into()
        }
    );
    assert_eq!(
        check("8081:/x"),
        Check::Http {
            port: PortRef::Number(8081),
            path: "/x".into()
        }
    );
    assert_eq!(
        check("tcp:admin"),
        Check::Tcp {
            port: PortRef::Named("admin".into())
        }
    );
    assert_eq!(
        check("grpc:9000/shop.Cart"),
        Check::Grpc {
            port: PortRef::Number(9000),
            service: Some("shop.Cart".into())
        }
    );
    for text in ["", "x", "tcp:", "tcp:0", "tcp:70000", "grpc:", "x:y"] {
        assert!(Check::parse(text).is_err(), "{text}");
    }
}

#[test]
fn small_languages_are_read() {
    assert_eq!(read::<Limit>("5% for 10m").to_string(), "5% for 10m");
    assert_eq!(read::<Latency>("p99.9 2s").quantile, 999);
    assert_eq!(read::<Step>("10% for 5m").to_string(), "10% for 5m");
    assert_eq!(read::<Step>("50%").pause, None);
    assert_eq!(read::<Permission>("get,list pods").verbs.len(), 2);
    assert_eq!(
        read::<Permission>("patch deployments.apps api").group,
        "apps"
    );
    assert_eq!(
        read::<Caller>("a/b"),
        Caller::Pods {
            namespace: "a".into(),
            name: "b".into()
        }
    );
    assert_eq!(read::<Date>("2028-02-29").to_string(), "2028-02-29");
    refused::<Date>("2027-02-29");
    refused::<Step>("101%");
    refused::<Limit>("x for 5m");
    refused::<Latency>("p0 1s");
    assert_eq!(refused::<Permission>("got pods").1, 0..3);
}
