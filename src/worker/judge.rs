//! What the end of an agent's program means, by its account and its exit.
//!
//! Knows that a program which gave no final word has not done its work, whatever its exit code. Does not know
//! whether the work is good: that is for the checks to say.

use crate::worker::account::{Account, Said, TroubleKind};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    pub code: Option<i32>,
    /// It had given its final word and was ended because it stayed.
    pub lingered: Lingered,
    pub needs_word: NeedsWord,
    pub resumed: Resumed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lingered {
    Yes,
    No,
}

/// Does the program give a final word?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsWord {
    Yes,
    No,
}

/// Was it to continue a session?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    Yes,
    No,
}

/// What an agent's end means for its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkEnd {
    /// It says that it is done; the checks decide.
    Done,
    Failed(String),
    Limited(String),
    LoginNeeded(String),
    BudgetReached(String),
    /// The session that it was to continue is not there.
    SessionGone,
}

/// Judges an end. `complaint` is what is to be said about the exit, when that is bad.
#[must_use]
pub fn judge(account: &Account, exit: Exit, complaint: Option<String>) -> WorkEnd {
    match &account.result {
        Some(Said::Trouble(trouble)) => {
            let message = trouble.message.clone();
            match trouble.kind {
                TroubleKind::Failed => WorkEnd::Failed(message),
                TroubleKind::Limited => WorkEnd::Limited(message),
                TroubleKind::Login => WorkEnd::LoginNeeded(message),
                TroubleKind::Budget => WorkEnd::BudgetReached(message),
                TroubleKind::SessionGone if exit.resumed == Resumed::Yes => WorkEnd::SessionGone,
                TroubleKind::SessionGone => WorkEnd::Failed(message),
            }
        }
        Some(Said::Done) => match complaint {
            Some(complaint) if exit.lingered == Lingered::No => WorkEnd::Failed(complaint),
            _ => WorkEnd::Done,
        },
        None if account.limit.is_some() => {
            WorkEnd::Limited("it reached a usage limit and left".to_owned())
        }
        // A program that cannot continue a session leaves before it has named one.
        None if exit.resumed == Resumed::Yes && account.session.is_none() => WorkEnd::SessionGone,
        None => match (complaint, exit.needs_word) {
            (Some(complaint), NeedsWord::Yes) => {
                WorkEnd::Failed(format!("{complaint}, without a result"))
            }
            (Some(complaint), NeedsWord::No) => WorkEnd::Failed(complaint),
            (None, NeedsWord::Yes) => {
                WorkEnd::Failed("it ended without a result, though with exit code 0".to_owned())
            }
            (None, NeedsWord::No) => WorkEnd::Done,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::account::Trouble;

    #[test]
    fn a_final_word_is_needed_and_the_exit_counts() {
        let said = |result| Account {
            result,
            session: Some("s".to_owned()),
            ..Account::default()
        };
        let done = said(Some(Said::Done));
        let trouble = |kind| {
            let message = "m".to_owned();
            said(Some(Said::Trouble(Trouble { kind, message })))
        };
        let exit = |lingered, needs_word| Exit {
            code: Some(0),
            lingered,
            needs_word,
            resumed: Resumed::No,
        };
        let plain = exit(Lingered::No, NeedsWord::Yes);
        let bad = || Some("it failed".to_owned());
        for (account, exit, complaint, expected) in [
            (&done, plain, None, WorkEnd::Done),
            (&done, plain, bad(), WorkEnd::Failed("it failed".into())),
            (
                &done,
                exit(Lingered::Yes, NeedsWord::Yes),
                bad(),
                WorkEnd::Done,
            ),
            (
                &said(None),
                plain,
                None,
                WorkEnd::Failed("it ended without a result, though with exit code 0".into()),
            ),
            (
                &said(None),
                plain,
                bad(),
                WorkEnd::Failed("it failed, without a result".into()),
            ),
            (
                &said(None),
                exit(Lingered::No, NeedsWord::No),
                None,
                WorkEnd::Done,
            ),
            (
                &trouble(TroubleKind::Limited),
                plain,
                bad(),
                WorkEnd::Limited("m".into()),
            ),
            (
                &trouble(TroubleKind::Login),
                plain,
                None,
                WorkEnd::LoginNeeded("m".into()),
            ),
            (
                &trouble(TroubleKind::Budget),
                plain,
                None,
                WorkEnd::BudgetReached("m".into()),
            ),
            (
                &trouble(TroubleKind::SessionGone),
                plain,
                None,
                WorkEnd::Failed("m".into()),
            ),
        ] {
            assert_eq!(judge(account, exit, complaint), expected);
        }
        let resumed = Exit {
            resumed: Resumed::Yes,
            ..plain
        };
        assert_eq!(
            judge(&Account::default(), resumed, bad()),
            WorkEnd::SessionGone
        );
        let gone = trouble(TroubleKind::SessionGone);
        assert_eq!(judge(&gone, resumed, bad()), WorkEnd::SessionGone);
        assert!(matches!(
            judge(&said(None), resumed, bad()),
            WorkEnd::Failed(_)
        ));
    }
}
