//! Names of time zones: those of the IANA database, release 2025b, aliases included.

use plimsoll_source::near::near;

const NAMES: &str = include_str!("zones.txt");

/// Whether a time zone of that name exists.
pub fn is_zone(name: &str) -> bool {
    NAMES.lines().any(|known| known == name)
}

/// A time zone with a similar name.
pub fn near_zone(name: &str) -> Option<&'static str> {
    near(name, NAMES.lines())
}
