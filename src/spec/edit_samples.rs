//! Entries of a frontmatter as people and programs write them, for the tests of what changes one.

use proptest::prelude::*;

/// Entries beside that of `key`, some of which look like it from afar.
pub(super) fn around(key: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        Just("# a comment".to_owned()),
        Just(String::new()),
        Just("run: echo 'a: b' # c".to_owned()),
        Just("owns: [a,  b]".to_owned()),
        Just("tags:\n- x\n-   y # z".to_owned()),
        Just(format!("x-a: |\n  {key}: no\n\n  more")),
        Just(format!("x-b: |+\n  {key}: no\n\n")),
        Just(format!("env:\n  {key}: inner\n  B:")),
    ]
}
