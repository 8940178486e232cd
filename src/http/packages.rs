//! Planning packages (Circular 16/2025/TT-BXD): `/packages`, and the account of one.

use axum::extract::{Path, State};
use serde_json::json;

use super::Shared;
use super::params::Params;
use super::respond::{self, Answer};
use crate::layer::{function, package};

const JSON: &str = "application/json";

/// `GET /packages`: without their reports.
pub async fn list(State(app): Shared, params: Params) -> Answer {
    params.end("none")?;
    let packages = package::list(&app.db.pool).await?;
    let short = packages.iter().map(|p| {
        let count = |key: &str| p.report[key].clone();
        json!({"id": p.id, "title": p.title, "at": p.at, "layers": p.layers, "circular": p.report["circular"],
               "conforms": count("conforms"), "errors": count("errors"), "warnings": count("warnings"), "notes": count("notes")})
    });
    let all: Vec<_> = short.collect();
    Ok(respond::json(JSON, json!({"packages": all}).to_string()))
}

/// `GET /planning-functions`: what planned land is for, with the colours of the circular.
pub async fn functions(params: Params) -> Answer {
    params.end("none")?;
    Ok(respond::json(JSON, serde_json::to_string(function::all())?))
}

/// `GET /packages/{id}`: what it held of the circular and what it lacked, and for each layer how it stands to its class.
pub async fn one(State(app): Shared, Path(id): Path<String>, params: Params) -> Answer {
    params.end("none")?;
    let found = package::named(&app.db.pool, &id).await?;
    let mut layers = Vec::new();
    for layer in &found.layers {
        layers.push(json!({"id": layer, "conformance": package::conformance(&app.db.pool, layer).await?}));
    }
    let body = json!({"id": found.id, "title": found.title, "at": found.at, "report": found.report, "layers": layers});
    Ok(respond::json(JSON, body.to_string()))
}
