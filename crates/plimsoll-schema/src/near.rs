//! The name somebody probably meant.

/// The candidate nearest to `name`, if one is near enough to be meant.
///
/// Near means: equal without case, or at most a third of its letters changed, added, lost or swapped.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let changes = if candidate.eq_ignore_ascii_case(name) {
                0
            } else {
                changes(name, candidate)
            };
            (changes <= limit).then_some((changes, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must change, be added, be lost or swap with their neighbour.
fn changes(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let width = to.len() + 1;
    let mut cost: Vec<usize> = (0..width).collect();
    let mut rows = vec![cost.clone()];
    for i in 1..=from.len() {
        cost[0] = i;
        for j in 1..width {
            let above = &rows[i - 1];
            let substitution = above[j - 1] + usize::from(from[i - 1] != to[j - 1]);
            cost[j] = substitution.min(above[j] + 1).min(cost[j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                cost[j] = cost[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(cost.clone());
    }
    cost[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_pair_is_near() {
        assert_eq!(
            nearest("contianers", ["containers", "initContainers", "volumes"]),
            Some("containers")
        );
    }

    #[test]
    fn wrong_case_is_near() {
        assert_eq!(nearest("hostIpc", ["hostIPC", "hostPID"]), Some("hostIPC"));
    }

    #[test]
    fn another_word_is_not_near() {
        assert_eq!(nearest("replica", ["selector", "template"]), None);
    }
}
