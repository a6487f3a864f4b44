//! Everything that the drawing thread waits for.

use crate::orchestrate::Signalled;
use crate::screen::Msg;

/// One thing that has happened.
#[derive(Debug)]
pub enum Happening {
    /// For the screen.
    Told(Msg),
    /// The program is asked to end.
    Signalled(Signalled),
    /// The program is asked to stop until it is continued.
    Stopped,
    /// The program goes on after it was stopped.
    Continued,
    /// There is nobody at the keyboard any more.
    Gone,
}
