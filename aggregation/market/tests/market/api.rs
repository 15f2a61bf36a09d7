//! The description of the API in `docs/market-api.yaml`, compared with the node. `./x market-api`
//! checks against a running node what requests and answers look like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;
use velum_market::Code;
use velum_market::http::Api;
use velum_market_sql::Kind;

use crate::world::World;

/// The methods that a path can have in a description.
const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];

fn description() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/market-api.yaml");
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn members(value: &Value) -> BTreeMap<&str, &Value> {
    value.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect()
}

fn texts(list: &Value) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The value that a reference points to, or the value itself if it is not a reference.
fn pointed_to<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref") {
        Some(reference) => {
            description.pointer(reference.as_str().unwrap().trim_start_matches('#')).unwrap()
        }
        None => value,
    }
}

/// The status and the problem of the answer to a request without a body.
async fn ask(router: &Router, method: &Method, path: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    let (status, is_problem) =
        (answer.status(), answer.headers()[header::CONTENT_TYPE] == "application/problem+json");
    let body = if is_problem {
        to_bytes(answer.into_body(), 1 << 16).await.unwrap()
    } else {
        "null".into()
    };
    (status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn every_path_is_described() {
    let description = description();
    let described: BTreeSet<_> = members(&description["paths"]).into_keys().collect();
    assert_eq!(described, Api::paths().collect());
}

stories!(every_method_is_described);

async fn every_method_is_described(database: Kind) {
    let world = World::new(database, |_| ()).await;
    let (description, router) = (description(), Api::new(world.market.clone(), None).router());
    for (path, described) in members(&description["paths"]) {
        // The id cannot exist, so whatever is there refuses it.
        let asked = path.split('/').map(|part| if part.starts_with('{') { "none" } else { part });
        let asked = asked.collect::<Vec<_>>().join("/");
        for method in METHODS {
            let (status, problem) = ask(&router, &method, &asked).await;
            let described = described.get(method.as_str().to_lowercase());
            assert_eq!(
                status != StatusCode::METHOD_NOT_ALLOWED,
                described.is_some(),
                "{method} {path}"
            );
            let expected = described.map(|operation| &operation["responses"]);
            if let Some(expected) = expected {
                assert!(
                    expected.get(status.as_str()).is_some(),
                    "{method} {path} answers {status}: {problem}"
                );
            }
        }
    }
    let (status, problem) = ask(&router, &Method::GET, "/v1/nothing").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &Value::from("unknown")));
}

#[test]
fn every_code_is_described_with_its_status() {
    let description = description();
    let schemas = &description["components"]["schemas"];
    let codes: BTreeSet<_> = Code::all().map(Code::as_str).collect();
    assert_eq!(texts(&schemas["Code"]["enum"]), codes);

    let mut described = BTreeMap::new();
    for response in members(&description["components"]["responses"]).into_values() {
        let schema =
            pointed_to(&description, &response["content"]["application/problem+json"]["schema"]);
        let members = &schema["allOf"][1]["properties"];
        for code in texts(&members["code"]["enum"]) {
            described.insert(code, members["status"]["const"].as_u64().unwrap());
        }
    }
    // The answer to an unknown path or a wrong method is in the description of problems.
    described.insert(Code::WrongMethod.as_str(), 405);
    let statuses = Code::all().map(|code| (code.as_str(), u64::from(code.status()))).collect();
    assert_eq!(described, statuses);
}

#[test]
fn responses_stand_under_their_status() {
    let description = description();
    for (path, methods) in members(&description["paths"]) {
        for (method, operation) in members(methods) {
            for (status, response) in members(&operation["responses"]) {
                let response = pointed_to(&description, response);
                let Some(problem) = response["content"].get("application/problem+json") else {
                    continue;
                };
                let schema = pointed_to(&description, &problem["schema"]);
                let of_schema = &schema["allOf"][1]["properties"]["status"]["const"];
                assert_eq!(of_schema.to_string(), status, "{method} {path}");
            }
        }
    }
}
