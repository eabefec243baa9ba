//! Ranges of addresses.

use super::leaf::{Leaf, Problem};
use plimsoll_source::Str;
use std::fmt;
use std::net::IpAddr;

/// A range of addresses, `203.0.113.0/24`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
    text: Str,
}

impl Cidr {
    /// The first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Leading bits that all of its addresses share.
    pub fn bits(&self) -> u8 {
        self.bits
    }
}

impl Leaf for Cidr {
    const WHAT: &'static str = "a range of addresses";
    const WRITTEN: &'static str = "`203.0.113.0/24`, `2001:db8::/32`";

    fn parse(text: &str) -> Result<Self, Problem> {
        let (address, bits) = text.split_once('/').unwrap_or((text, ""));
        let Ok(ip) = address.parse::<IpAddr>() else {
            return Err(Problem::new(
                0..address.len(),
                format!("`{address}` is no address"),
            ));
        };
        let most: u8 = if ip.is_ipv4() { 32 } else { 128 };
        if bits.is_empty() {
            let problem = Problem::new(text.len()..text.len(), "the length is missing");
            return Err(problem.mend(format!("{address}/{most}")));
        }
        let Some(bits) = bits.parse::<u8>().ok().filter(|bits| *bits <= most) else {
            let at = address.len() + 1..text.len();
            return Err(Problem::new(at, format!("the length is 0 to {most}")));
        };
        let first = first_of(ip, bits);
        if first != ip {
            let what = format!("{ip} is inside the range, which starts at {first}");
            return Err(Problem::new(0..address.len(), what).mend(format!("{first}/{bits}")));
        }
        Ok(Self {
            address: ip,
            bits,
            text: text.into(),
        })
    }
}

/// The first address of the range that `ip` is in.
fn first_of(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(u32::from(32 - bits)).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(u32::from(128 - bits)).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & mask).into())
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
