//! The operator's page. It calls the API with the token that the operator enters. Without a token,
//! it shows the end of the log.

use axum::response::Response;

use super::answer;

pub(super) async fn page() -> Response {
    let mut response =
        answer::typed("text/html; charset=utf-8", include_bytes!("page/page.html").to_vec());
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(
        axum::http::header::CONTENT_SECURITY_POLICY,
        axum::http::HeaderValue::from_static(policy),
    );
    response
}

pub(super) async fn style() -> Response {
    answer::typed("text/css; charset=utf-8", include_bytes!("page/page.css").to_vec())
}

pub(super) async fn script() -> Response {
    module(include_bytes!("page/page.js"))
}

pub(super) async fn charts() -> Response {
    module(include_bytes!("page/charts.js"))
}

pub(super) async fn dom() -> Response {
    module(include_bytes!("page/dom.js"))
}

fn module(text: &[u8]) -> Response {
    answer::typed("text/javascript; charset=utf-8", text.to_vec())
}
