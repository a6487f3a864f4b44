//! An amount of money, exact enough to add up.
//!
//! Knows millionths of a dollar. Does not know prices.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// US dollars in whole millionths, so that sums do not drift and events can be compared. In JSON a number of
/// dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(u64);

impl Usd {
    pub const ZERO: Self = Self(0);

    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// The nearest amount. `None`: negative, not a number, or more than there is.
    #[must_use]
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let millionths = (dollars * 1e6).round();
        // 2^53: beyond it the number is not exact any more, and no budget is that large.
        ((0.0..=9_007_199_254_740_992.0).contains(&millionths)).then_some(Self(millionths as u64))
    }

    #[must_use]
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e6
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; nothing when more is taken than there is.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// `$1.20`; with more digits only below a dollar, where they matter: `$0.0153`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 || self.0 >= 1_000_000 {
            return write!(f, "${:.2}", self.dollars());
        }
        let exact = format!("{:.4}", self.dollars());
        let short = exact.trim_end_matches('0');
        let digits = short.len() - short.find('.').map_or(short.len(), |at| at + 1);
        match digits {
            0 | 1 => write!(f, "${:.2}", self.dollars()),
            _ => write!(f, "${short}"),
        }
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Self::from_dollars(dollars)
            .ok_or_else(|| serde::de::Error::custom("an amount in dollars, not negative"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_and_survive_json() {
        for (dollars, shown) in [
            (0.0, "$0.00"),
            (0.015, "$0.015"),
            (0.5, "$0.50"),
            (0.0001, "$0.0001"),
            (1.2, "$1.20"),
            (12.345_678, "$12.35"),
        ] {
            let usd = Usd::from_dollars(dollars).unwrap();
            assert_eq!(usd.to_string(), shown);
            let json = serde_json::to_string(&usd).unwrap();
            assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), usd, "{json}");
        }
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Usd::from_dollars(bad), None, "{bad}");
        }
    }

    #[test]
    fn sums_do_not_overflow() {
        let most = Usd::from_millionths(u64::MAX);
        assert_eq!(most.plus(Usd::from_millionths(1)), most);
        assert_eq!(Usd::ZERO.minus(most), Usd::ZERO);
    }
}
