//! The same scheduler under a virtual clock. (Skeleton.)
