//! The OpenAPI documents, read as lists of operations and fields: what generated tests walk through,
//! so that a new route or a new field without a case fails.

use axum::Router;
use axum::http::Method;
use serde_json::Value;

use crate::app::TestApp;
use crate::request::Request;

/// One of the three APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Merchant.
    Merchant,
    /// Checkout.
    Checkout,
    /// Admin.
    Admin,
}

impl Api {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Merchant, Self::Checkout, Self::Admin];

    /// Where its description is.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Merchant => "/api/openapi.json",
            Self::Checkout => "/checkout/openapi.json",
            Self::Admin => "/admin/v1/openapi.json",
        }
    }

    /// The listener it is on.
    pub fn router(self, app: &TestApp) -> &Router {
        match self {
            Self::Merchant | Self::Checkout => &app.public,
            Self::Admin => &app.admin,
        }
    }

    /// Its description.
    pub async fn document(self, app: &TestApp) -> Value {
        Request::get(self.path())
            .send(self.router(app))
            .await
            .is(200)
    }

    /// Its operations.
    pub async fn operations(self, app: &TestApp) -> Vec<Operation> {
        let document = self.document(app).await;
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, described) in item.as_object().unwrap() {
                operations.push(Operation::read(self, &document, path, method, described));
            }
        }
        assert!(!operations.is_empty(), "{self:?} describes nothing");
        operations
    }
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Of which API.
    pub api: Api,
    /// Its name.
    pub id: String,
    /// Its method.
    pub method: Method,
    /// Its path with `{names}`.
    pub path: String,
    /// Whether it needs no credential.
    pub is_open: bool,
    /// Names in its path.
    pub path_names: Vec<String>,
    /// Names in its query.
    pub query_names: Vec<String>,
    /// The fields of its body, objects before what they hold; none when it takes no body.
    pub fields: Option<Vec<Field>>,
    /// The statuses it may answer.
    pub statuses: Vec<u16>,
}

/// A field of a body.
#[derive(Clone, Debug)]
pub struct Field {
    /// Names from the body inwards.
    pub path: Vec<String>,
    /// What it takes.
    pub kind: Kind,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of some words.
    Word,
    /// A whole number.
    Number,
    /// A list of words.
    List,
    /// An object of known fields.
    Object,
    /// An object of the sender's own names.
    Map,
    /// Several forms.
    Any,
}

impl Field {
    /// As errors name it.
    pub fn dotted(&self) -> String {
        self.path.join(".")
    }
}

impl Operation {
    fn read(api: Api, document: &Value, path: &str, method: &str, described: &Value) -> Self {
        let id = described["operationId"].as_str().unwrap().to_owned();
        let names = |place: &str| {
            let parameters = described["parameters"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let found = parameters
                .iter()
                .filter(|parameter| parameter["in"] == place);
            found
                .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let schema = &described["requestBody"]["content"]["application/json"]["schema"];
        let fields = (!described["requestBody"].is_null()).then(|| {
            let mut fields = Vec::new();
            read_fields(document, schema, &mut Vec::new(), &mut fields);
            assert!(
                !fields.is_empty(),
                "the body of {id} is described without fields"
            );
            fields
        });
        let statuses = described["responses"]
            .as_object()
            .unwrap()
            .keys()
            .map(|status| status.parse().unwrap())
            .collect();
        Self {
            api,
            method: method.to_uppercase().parse().unwrap(),
            path: path.to_owned(),
            is_open: described["security"].as_array().is_some_and(|schemes| {
                schemes
                    .iter()
                    .all(|scheme| scheme == &serde_json::json!({}))
            }),
            path_names: names("path"),
            query_names: names("query"),
            fields,
            statuses,
            id,
        }
    }

    /// The path with these values in the place of its names.
    pub fn target(&self, value: impl Fn(&str) -> String) -> String {
        self.path_names
            .iter()
            .fold(self.path.clone(), |path, name| {
                path.replace(&format!("{{{name}}}"), &value(name))
            })
    }
}

/// Follows references, and takes what is not null of what may be null.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolve(
            document,
            document.pointer(reference.trim_start_matches('#')).unwrap(),
        );
    }
    let real: Vec<_> = schema["oneOf"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|schema| schema["type"] != "null")
        .collect();
    match real.as_slice() {
        [one] => resolve(document, one),
        _ => schema,
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind
        || schema["type"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|known| known == kind))
}

fn read_fields(document: &Value, schema: &Value, path: &mut Vec<String>, fields: &mut Vec<Field>) {
    let schema = resolve(document, schema);
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        let schema = resolve(document, schema);
        path.push(name.clone());
        let kind = if schema["oneOf"].is_array() {
            Kind::Any
        } else if schema["enum"].is_array() {
            Kind::Word
        } else if is(schema, "string") {
            Kind::Text
        } else if is(schema, "integer") {
            Kind::Number
        } else if is(schema, "array") {
            Kind::List
        } else if schema["properties"].is_object() {
            Kind::Object
        } else if is(schema, "object") {
            Kind::Map
        } else {
            panic!(
                "{} takes something that the tests do not know: {schema}",
                path.join(".")
            )
        };
        fields.push(Field {
            path: path.clone(),
            kind,
        });
        if kind == Kind::Object {
            read_fields(document, schema, path, fields);
        }
        path.pop();
    }
}
