//! The known word that an unknown one was probably meant to be.

/// The candidate that is nearest to a word, if one is near: the same but for case, `-` and `_`,
/// or for a plural; else with at most a third of its letters wrong (swapped neighbours count
/// once). Among equals the first.
pub fn near<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain_word = plain(word);
    let allowed = plain_word.len() / 3;
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.filter(|candidate| *candidate != word) {
        let plain_candidate = plain(candidate);
        let distance = if plain_candidate == plain_word {
            0
        } else if singular(&plain_candidate) == singular(&plain_word) {
            1
        } else {
            // One more than a plural, so that a plural wins over a letter that differs.
            1 + distance(&plain_word, &plain_candidate)
        };
        let is_near = distance <= 1 || distance - 1 <= allowed.max(1).min(plain_word.len() / 2);
        if is_near && best.is_none_or(|(known, _)| distance < known) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The letters that count.
fn plain(word: &str) -> Vec<char> {
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

/// Without the ending of a plural.
fn singular(word: &[char]) -> Vec<char> {
    match word {
        [stem @ .., 'i', 'e', 's'] if stem.len() > 1 => [stem, &['y']].concat(),
        [stem @ .., 's' | 'x' | 'h', 'e', 's'] => word[..=stem.len()].to_vec(),
        [stem @ .., 's'] if stem.len() > 1 && !stem.ends_with(&['s']) => stem.to_vec(),
        _ => word.to_vec(),
    }
}

/// How many letters to insert, remove, replace or swap with their neighbour (Damerau and
/// Levenshtein, no letter touched twice).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let replaced = above[column] + usize::from(a != b);
            let mut least = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let is_swapped = row > 0 && column > 0 && *a == to[column - 1] && from[row - 1] == *b;
            if is_swapped {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::near;

    const KEYS: &[&str] = &[
        "image",
        "images",
        "ports",
        "port",
        "replicas",
        "readiness",
        "minAvailable",
        "env",
        "uses",
        "like",
        "policy",
        "command",
        "args",
        "cpu",
        "memory",
    ];

    fn of(word: &str) -> Option<&'static str> {
        near(word, KEYS.iter().copied())
    }

    #[test]
    fn typing_mistakes_find_the_word() {
        for (word, meant) in [
            ("replcias", "replicas"),
            ("repicas", "replicas"),
            ("Replicas", "replicas"),
            ("min_available", "minAvailable"),
            ("min-avaliable", "minAvailable"),
            ("replica", "replicas"),
            ("policies", "policy"),
            ("comand", "command"),
            ("commands", "command"),
            ("imgae", "image"),
            ("lik", "like"),
            ("evn", "env"),
            ("redainess", "readiness"),
            ("use", "uses"),
            ("arg", "args"),
        ] {
            assert_eq!(of(word), Some(meant), "of {word:?}");
        }
    }

    #[test]
    fn words_that_are_far_find_nothing() {
        for word in ["", "x", "volumes", "zone", "kubernetes", "gpu-count", "ab"] {
            assert_eq!(of(word), None, "of {word:?}");
        }
    }

    #[test]
    fn the_nearer_word_wins_and_then_the_first() {
        assert_eq!(of("imges"), Some("images"));
        assert_eq!(near("cat", ["bat", "rat"].into_iter()), Some("bat"));
        assert_eq!(near("db", ["DB", "db"].into_iter()), Some("DB"));
    }
}
