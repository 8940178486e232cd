//! What is in an upload, before it is imported: its layers, and the first features of one. Reading a large file takes
//! minutes, so that looking goes on whether or not somebody waits, and what was seen is kept for a while.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::import::child::{self, Inspection, Limits};
use crate::import::frames::{Action, Request};
use crate::import::{self, Called, package, preview};
use crate::layer::edit::layer_id;
use crate::uploads::Upload;

/// Files that are looked into at once.
const AT_ONCE: usize = 2;
/// What was seen and is kept, in bytes.
const KEPT: u64 = 32 << 20;
/// How long whoever asks waits.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is looked at, and how the file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Look {
    /// Only this layer, named as in [`crate::import::each::ByLayer`].
    pub layer: Option<String>,
    /// Its first features, and how many; none: what layers there are.
    pub most: Option<u32>,
    pub srs: Option<String>,
    pub encoding: Option<String>,
    pub swap_xy: bool,
}

pub struct Looks {
    to: PgConnectOptions,
    turns: Arc<Semaphore>,
    seen: Cache<(String, Look), Arc<str>>,
}

impl Looks {
    pub fn new(to: PgConnectOptions) -> Looks {
        let weigh = |_: &(String, Look), text: &Arc<str>| u32::try_from(text.len() + 200).unwrap_or(u32::MAX);
        let seen = Cache::builder().max_capacity(KEPT).weigher(weigh).time_to_live(Duration::from_secs(1800)).build();
        Looks { to, turns: Arc::new(Semaphore::new(AT_ONCE)), seen }
    }

    /// What there is to see, as JSON text; none while the file is still being read.
    ///
    /// Errors: [`Error::Unreadable`] for a file that cannot be read so, or not without an answer.
    pub async fn get(&self, upload: &Upload, look: Look) -> Result<Option<Arc<str>>> {
        let (to, turns, upload) = (self.to.clone(), self.turns.clone(), upload.clone());
        let (seen, key) = (self.seen.clone(), (upload.id.clone(), look.clone()));
        // The reader ends with the thread that starts it, so it is started on one of the runtime's own.
        let looking = tokio::spawn(async move {
            seen.try_get_with(key, async move {
                let _turn = turns.acquire_owned().await.map_err(|e| Error::Internal(e.to_string()))?;
                see(&to, &upload, &look).await
            })
            .await
        });
        match tokio::time::timeout(PATIENCE, looking).await {
            Err(_) => Ok(None),
            Ok(Ok(Ok(text))) => Ok(Some(text)),
            Ok(Ok(Err(e))) => Err(again(&e)),
            Ok(Err(e)) => Err(Error::Internal(e.to_string())),
        }
    }
}

async fn see(to: &PgConnectOptions, upload: &Upload, look: &Look) -> Result<Arc<str>> {
    let path = import::absolute(&upload.path())?;
    let called = Called::new(&path, Some(&upload.name));
    let mut request = Request::new(Action::Inspect, path.to_string_lossy());
    request.name = Some(upload.name.clone());
    request.srs.clone_from(&look.srs);
    request.encoding.clone_from(&look.encoding);
    request.swap_xy = look.swap_xy;
    let told = |e: Error| match e {
        Error::Unreadable(text) => Error::Unreadable(called.say(&text)),
        Error::NotFound(text) => Error::NotFound(called.say(&text)),
        other => other,
    };
    request.layers = look.layer.clone().map(|layer| vec![layer]);
    let Some(most) = look.most else {
        let found = child::inspect(&request, &Limits::default()).await.map_err(told)?;
        return Ok(described(&found, &called)?.to_string().into());
    };
    let features = preview::features(to, &request, &Limits::default(), most.into()).await.map_err(told)?;
    let collection = Features { r#type: "FeatureCollection", features };
    Ok(serde_json::to_string(&collection)?.into())
}

/// What is in a file, with the id that each layer would get, and what a planning package is and lacks.
fn described(found: &Inspection, called: &Called) -> Result<Value> {
    let mut value = serde_json::to_value(found)?;
    if let Some(members) = value.as_object_mut() {
        members.remove("path");
    }
    called.say_all(&mut value);
    let package = package::outlook(&called.place(), &found.layers, &found.unread)?;
    for (at, layer) in found.layers.iter().enumerate() {
        let member = package.as_ref().and_then(|p| Some(p.package.layer_id(p.package.member(layer.index)?)));
        value["layers"][at]["id"] = member.unwrap_or_else(|| layer_id(&layer.name)).into();
    }
    if let Some(package) = package {
        for (index, class) in &package.classes {
            let at = found.layers.iter().position(|layer| layer.index == *index);
            if let Some(at) = at {
                value["layers"][at]["conformance"] = serde_json::to_value(class)?;
            }
        }
        value["package"] = serde_json::to_value(&package.account)?;
    }
    Ok(value)
}

#[derive(Serialize)]
struct Features {
    r#type: &'static str,
    features: Vec<Box<RawValue>>,
}

/// The error that several wait for, for one of them.
fn again(error: &Error) -> Error {
    match error {
        Error::Unreadable(text) => Error::Unreadable(text.clone()),
        Error::NotFound(text) => Error::NotFound(text.clone()),
        Error::Invalid { parameter, detail, at } => {
            Error::Invalid { parameter: parameter.clone(), detail: detail.clone(), at: at.clone() }
        }
        other => Error::Internal(format!("{other:?}")),
    }
}
