//! Bodies and methods that no operation takes.

use acceptance::app::TestApp;
use acceptance::database;
use acceptance::description::Api;
use acceptance::request::Request;
use shared::api::error::ErrorCode;

use super::Matrix;
use crate::world::World;

#[tokio::test]
async fn every_operation_with_a_body_bounds_it_and_reads_nothing_but_json_objects() {
    let app = TestApp::start().await;
    for api in Api::ALL {
        let matrix = Matrix::new(&app, api).await;
        let before = database::contents(&app).await;
        for (operation, _, _) in matrix.with_bodies().await {
            let send = async |content_type: &str, body: Vec<u8>| {
                matrix
                    .world
                    .good(&operation)
                    .bytes(content_type, body)
                    .send(api.router(&app))
                    .await
            };
            let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(70_000)).into_bytes();
            send("application/json", huge)
                .await
                .refused(ErrorCode::PayloadTooLarge);
            for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
                send(content_type, b"{}".to_vec())
                    .await
                    .refused(ErrorCode::UnsupportedMediaType);
            }
            for body in ["[]", "null", "7", "\"x\"", "{", "{}{}", "<a/>", "\0"] {
                send("application/json", body.as_bytes().to_vec())
                    .await
                    .refused(ErrorCode::InvalidRequest);
            }
            let deep = format!("{}{}", "{\"a\":".repeat(9), "1".to_owned() + &"}".repeat(9));
            send("application/json", deep.into_bytes())
                .await
                .refused(ErrorCode::InvalidRequest);
        }
        assert_eq!(database::contents(&app).await, before, "nothing was stored");
    }
}

#[tokio::test]
async fn every_route_answers_a_method_it_does_not_have_with_405() {
    let app = TestApp::start().await;
    for api in Api::ALL {
        let world = World::new(&app).await;
        let operations = api.operations(&app).await;
        for operation in &operations {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let target = operation.target(|_| "x".to_owned());
                let taken = operations
                    .iter()
                    .any(|other| other.method == method && matches(&other.path, &target));
                if !taken {
                    let request = Request::new(method.parse().unwrap(), target);
                    let answer = world.enter(api, request).send(api.router(&app)).await;
                    answer.refused(ErrorCode::MethodNotAllowed);
                }
            }
        }
    }
}

/// Whether a described path takes this target.
fn matches(path: &str, target: &str) -> bool {
    let (path, target): (Vec<_>, Vec<_>) = (path.split('/').collect(), target.split('/').collect());
    path.len() == target.len()
        && path
            .iter()
            .zip(&target)
            .all(|(name, part)| name.starts_with('{') || name == part)
}
