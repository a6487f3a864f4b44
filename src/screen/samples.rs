//! Moments for tests.
