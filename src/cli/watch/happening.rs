//! Everything that the drawing thread waits for.

use crate::orchestrate::Signalled;
use crate::screen::Msg;
use crate::store::Places;

/// One thing that has happened.
#[derive(Debug)]
pub enum Happening {
    /// For the screen.
    Told(Msg),
    /// Repositories came or went: their files are here now.
    Placed(Places),
    /// The program is asked to end.
    Signalled(Signalled),
    /// The program is asked to stop until it is continued.
    Stopped,
    /// The program goes on after it was stopped.
    Continued,
    /// There is nobody at the keyboard any more.
    Gone,
}
