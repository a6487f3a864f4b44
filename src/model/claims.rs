//! When two path patterns may name the same file.

/// Do two claims overlap? They do unless the literal leading components of their patterns differ:
/// `src/net/**` and `src/ui/**` do not, `src/**` and `src/ui/a.rs` do. In doubt they overlap.
#[must_use]
pub fn overlap(a: &str, b: &str) -> bool {
    let is_literal = |part: &str| !part.contains(['*', '?', '[', '{', '!', '\\']);
    for (x, y) in parts(a).zip(parts(b)) {
        if !is_literal(x) || !is_literal(y) {
            return true;
        }
        if x != y {
            return false;
        }
    }
    true
}

fn parts(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter(|part| !matches!(*part, "" | "."))
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn only_differing_literal_components_keep_claims_apart() {
        for (a, b, expected) in [
            ("src/net/**", "src/ui/**", false),
            ("src/**", "src/ui/a.rs", true),
            ("src", "src/ui/a.rs", true),
            ("**", "anything", true),
            ("src/*.rs", "src/ui/a.rs", true),
            ("./src/a", "src/a/", true),
            ("a.txt", "b.txt", false),
            ("src/net/x", "src/network/x", false),
            ("", "src", true),
        ] {
            assert_eq!(overlap(a, b), expected, "{a} and {b}");
            assert_eq!(overlap(b, a), expected, "{b} and {a}");
        }
    }
}
