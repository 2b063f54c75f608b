//! Bad input, field by field. The fields come from the OpenAPI documents, so a new one is tested the
//! day it is described. Whatever is sent: no fault of ours, the field named, nothing stored.

mod bounds;
mod cards;
mod malformed;
mod naughty;

use std::collections::BTreeMap;

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::description::{Api, Field, Operation};
use acceptance::request::Answer;
use serde_json::{Value, json};

use crate::world::World;

/// A body with one field set, the objects around it made where they are missing.
fn with(mut body: Value, path: &[String], value: Value) -> Value {
    let mut place = &mut body;
    for name in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
    body
}

struct Matrix<'a> {
    app: &'a TestApp,
    world: World<'a>,
    api: Api,
}

impl<'a> Matrix<'a> {
    async fn new(app: &'a TestApp, api: Api) -> Self {
        Self {
            app,
            world: World::new(app).await,
            api,
        }
    }

    async fn with_bodies(&self) -> Vec<(Operation, Vec<Field>, Value)> {
        let operations = self.api.operations(self.app).await.into_iter();
        let with_bodies = operations.filter_map(|operation| {
            let (fields, body) = (operation.fields.clone()?, self.world.body(&operation)?);
            Some((operation, fields, body))
        });
        with_bodies.collect()
    }

    async fn send(&self, operation: &Operation, body: &Value) -> Answer {
        self.world
            .good(operation)
            .json(body)
            .send(self.api.router(self.app))
            .await
    }

    /// What is kept, except what counts wrong passwords.
    async fn kept(&self) -> BTreeMap<String, Vec<String>> {
        let mut kept = database::contents(self.app).await;
        kept.remove("limit_events");
        kept
    }
}
