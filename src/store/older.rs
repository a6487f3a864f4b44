//! (to come)
use crate::event::Event;
use crate::store::{Layout, Notice, StoreError};

#[derive(Debug, Default)]
pub struct Older {
    pub events: Vec<Event>,
    pub unreadable: Vec<Notice>,
}
pub fn read(_layout: &Layout, _status: Option<&[u8]>) -> Result<Older, StoreError> {
    Ok(Older::default())
}
pub fn status_bytes(_layout: &Layout) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(None)
}
