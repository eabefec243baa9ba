//! Address ranges.

use std::net::IpAddr;

/// A range of addresses, such as `10.0.0.0/8` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads `ADDRESS/BITS`; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let base: IpAddr = base.parse().ok()?;
        let bits: u8 = bits.parse().ok()?;
        (bits <= width(base)).then_some(Self { base, bits })
    }

    /// Whether `address` lies in the range. Families never mix.
    pub fn contains(self, address: IpAddr) -> bool {
        if self.base.is_ipv4() != address.is_ipv4() {
            return false;
        }
        let shift = u32::from(width(self.base) - self.bits);
        let head = |ip: IpAddr| number(ip).checked_shr(shift).unwrap_or(0);
        head(self.base) == head(address)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        Cidr::parse(range)
            .expect("a range")
            .contains(address.parse().expect("an address"))
    }

    #[test]
    fn a_range_holds_the_addresses_of_its_prefix() {
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("192.168.4.7/32", "192.168.4.7"));
        assert!(holds("fd00::/8", "fdab::1"));
    }

    #[test]
    fn everything_is_a_range_of_one_family() {
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(!holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1"));
    }

    #[test]
    fn a_prefix_longer_than_the_address_is_no_range() {
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
        assert_eq!(Cidr::parse("10.0.0.0"), None);
    }
}
