//! Who may have how many sockets at once.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::application::caller::Caller;
use crate::application::error::Error;

/// A socket's place: given back when it is dropped.
pub type Place = Box<dyn Debug + Send + Sync>;

/// Gives out places.
#[async_trait]
pub trait Places: Debug + Send + Sync {
    /// A place for one more socket of the caller.
    ///
    /// # Errors
    ///
    /// Fails if the caller has as many as it may have.
    async fn take(&self, caller: &Caller) -> Result<Place, Error>;
}

/// A tenant, and a principal of it.
type Holder = (String, String);

/// Counts the sockets of this instance.
#[derive(Debug)]
pub struct Local {
    /// How many a principal may have, from 1.
    most: usize,
    /// How many each has: nobody has none. A std mutex: never held across an await.
    taken: Arc<Mutex<HashMap<Holder, usize>>>,
}

impl Local {
    /// With so many places for each principal.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }
}

#[async_trait]
impl Places for Local {
    async fn take(&self, caller: &Caller) -> Result<Place, Error> {
        let holder = (caller.tenant.clone(), caller.principal.clone());
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(holder.clone()).or_insert(0);
        if *count >= self.most {
            return Err(Error::TooManySockets { most: self.most });
        }
        *count += 1;
        Ok(Box::new(Held {
            holder,
            taken: Arc::clone(&self.taken),
        }))
    }
}

/// A place that is held.
#[derive(Debug)]
struct Held {
    holder: Holder,
    taken: Arc<Mutex<HashMap<Holder, usize>>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Local, Places};
    use crate::application::caller::Caller;

    #[tokio::test]
    async fn a_place_is_free_again_once_it_is_dropped() {
        let places = Local::new(2);
        let (one, other) = (Caller::anonymous(), Caller::of_tenant("default"));
        let first = places.take(&one).await.unwrap();
        let second = places.take(&one).await.unwrap();
        assert!(places.take(&one).await.is_err());
        let others = places.take(&other).await.unwrap();
        drop(first);
        let third = places.take(&one).await.unwrap();
        assert!(places.take(&one).await.is_err());
        drop((second, third, others));
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
