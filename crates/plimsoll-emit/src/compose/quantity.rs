//! Quantities of Kubernetes as Compose writes them.

/// `256Mi` as `256m`; nothing for what has no such unit.
pub(super) fn bytes(quantity: &str) -> Option<String> {
    let units = [("Ki", "k"), ("Mi", "m"), ("Gi", "g")];
    units.iter().find_map(|(from, to)| {
        let number = quantity.strip_suffix(from)?;
        number
            .parse::<u64>()
            .ok()
            .map(|number| format!("{number}{to}"))
    })
}

/// `500m` as 0.5.
pub(super) fn cpus(quantity: &str) -> Option<f64> {
    match quantity.strip_suffix('m') {
        Some(milli) => milli.parse::<f64>().ok().map(|milli| milli / 1000.0),
        None => quantity.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_kubernetes_are_those_of_compose() {
        assert_eq!(bytes("256Mi").as_deref(), Some("256m"));
        assert_eq!(bytes("1Gi").as_deref(), Some("1g"));
        assert_eq!(bytes("1.5Gi"), None);
        assert_eq!(cpus("500m"), Some(0.5));
        assert_eq!(cpus("2"), Some(2.0));
    }
}
