//! Checks the part of a journal that was taken on trust from the status cache.
//!
//! A reader may trust the cache: what it shows was true. A writer must not add to a damaged journal.

use crate::store::journal::{CHUNK, Journal};
use crate::store::{StoreError, line};

impl Journal {
    /// Checks the checksums and sequence numbers of all lines before the position, which were taken on
    /// trust from the status cache.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify_before(&self) -> Result<(), StoreError> {
        let mut other = Self::open(&self.path)?.ok_or_else(|| StoreError::Lost {
            path: self.path.clone(),
        })?;
        let mut buffer = Vec::new();
        let mut read = 0;
        while read < self.position.offset {
            let kept = buffer.len();
            buffer.resize(kept + CHUNK, 0);
            let n = other.read_at(&mut buffer[kept..], read)?;
            let n = usize::try_from(self.position.offset - read).map_or(n, |left| n.min(left));
            buffer.truncate(kept + n);
            read += n as u64;
            if n == 0 {
                return Err(StoreError::Lost {
                    path: self.path.clone(),
                });
            }
            let mut used = 0;
            while let Some(found) = buffer[used..].iter().position(|b| *b == b'\n') {
                let text = &buffer[used..used + found];
                used += found + 1;
                if other.position.lines == 0 {
                    other.take_header(text)?;
                    continue;
                }
                match line::sequence(text) {
                    Ok((seq, crc)) if seq == other.position.seq + 1 => {
                        other.advance(text.len() as u64 + 1, seq, crc);
                    }
                    Ok(_) => return Err(other.corrupt("its sequence number is out of order")),
                    Err(what) => return Err(other.corrupt(what)),
                }
            }
            buffer.drain(..used);
        }
        if other.position == self.position {
            Ok(())
        } else {
            Err(StoreError::Lost {
                path: self.path.clone(),
            })
        }
    }
}
