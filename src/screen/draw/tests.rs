//! Screens, as they look.
