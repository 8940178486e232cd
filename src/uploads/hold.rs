//! One at a time writes to an upload, and the latest to come goes first: a client whose connection broke comes back
//! before the server has noticed, and whoever still waits for the rest of the broken one is asked to stop.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, Notify, OwnedMutexGuard};

use crate::error::{Error, Result};

/// How long whoever writes may take to stop.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub struct Holds(Mutex<HashMap<String, Arc<Slot>>>);

#[derive(Default)]
struct Slot {
    turn: Arc<Turn<()>>,
    asked: Notify,
}

/// The right to write to an upload.
pub struct Hold {
    slot: Arc<Slot>,
    _turn: OwnedMutexGuard<()>,
}

impl Holds {
    pub async fn take(&self, id: &str) -> Result<Hold> {
        let slot = {
            let mut slots =
                self.0.lock().map_err(|_| Error::Internal("a thread died while it held an upload".into()))?;
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
            slots.entry(id.to_string()).or_default().clone()
        };
        let turn = match slot.turn.clone().try_lock_owned() {
            Ok(turn) => turn,
            Err(_) => {
                slot.asked.notify_waiters();
                let wait = tokio::time::timeout(PATIENCE, slot.turn.clone().lock_owned());
                wait.await.map_err(|_| Error::Conflict("another request writes to this upload; try again".into()))?
            }
        };
        Ok(Hold { slot, _turn: turn })
    }

    pub fn close(&self) {
        if let Ok(slots) = self.0.lock() {
            slots.values().for_each(|slot| slot.asked.notify_waiters());
        }
    }
}

impl Hold {
    /// Waits until somebody else wants to write.
    pub fn asked(&self) -> impl Future<Output = ()> + '_ {
        self.slot.asked.notified()
    }
}
