//! Files built into the binary: hashed names, compressed when they were built, immutable.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use rust_embed::{EmbeddedFile, RustEmbed};
use shared::api::error::ErrorCode;
use shared::text::Language;

use super::error::ApiError;

/// What `scripts/frontend.sh` built: `widget/`, `admin/` and `loader/`, each file with its `.br` and
/// `.gz` beside it.
#[derive(RustEmbed)]
#[folder = "../dist"]
#[exclude = "*/.stage/*"]
struct Dist;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// The loader's address never changes, so browsers look again every five minutes.
const LOADER: &str = "public, max-age=300";
const PAGE: &str = "no-cache";

const ADMIN_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Where the files of the frame's page are.
pub struct WidgetFiles {
    /// Style sheet.
    pub style: String,
    /// The frame's own script.
    pub frame: String,
    /// The JavaScript of wasm-bindgen.
    pub glue: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The table of texts.
    pub texts: String,
}

const WIDGET_ASSETS: &str = "/widget/v1/assets/";

/// The served names of the widget's files, each with its name in [`Dist`].
fn widget_names() -> &'static HashMap<String, String> {
    static NAMES: OnceLock<HashMap<String, String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names = HashMap::new();
        for path in Dist::iter().filter(|path| !is_compressed(path)) {
            if let Some(name) = path
                .strip_prefix("widget/")
                .filter(|name| *name != "index.html")
            {
                names.insert(name.to_owned(), path.clone().into_owned());
            }
            if let Some(name) = path
                .strip_prefix("loader/")
                .filter(|name| *name != "onfile.js")
                && let (Some(file), Some((stem, extension))) =
                    (Dist::get(&path), name.rsplit_once('.'))
            {
                names.insert(
                    format!("{stem}-{}.{extension}", tag(&file)),
                    path.clone().into_owned(),
                );
            }
        }
        names
    })
}

fn is_compressed(path: &str) -> bool {
    [".br", ".gz"].iter().any(|ending| path.ends_with(ending))
}

fn tag(file: &EmbeddedFile) -> String {
    hex::encode(file.metadata.sha256_hash().get(..8).unwrap_or_default())
}

/// The addresses of the widget's files in a language; none when the widget was not built.
#[must_use]
pub fn widget_files(language: Language) -> Option<WidgetFiles> {
    let find = |starts: &str, ends: &str| {
        let name = widget_names()
            .keys()
            .find(|name| name.starts_with(starts) && name.ends_with(ends))?;
        Some(format!("{WIDGET_ASSETS}{name}"))
    };
    Some(WidgetFiles {
        style: find("widget-", ".css")?,
        frame: find("frame-", ".js")?,
        glue: find("widget-", ".js")?,
        wasm: find("widget-", "_bg.wasm")?,
        texts: find(&format!("text-{}-", language.tag()), ".json")?,
    })
}

/// The widget's files and its loader.
pub fn widget() -> Router {
    Router::new()
        .route(
            "/widget/v1/onfile.js",
            get(async |headers: HeaderMap| serve("loader/onfile.js", &headers, LOADER)),
        )
        .route(
            "/widget/v1/assets/{name}",
            get(async |Path(name): Path<String>, headers: HeaderMap| {
                match widget_names().get(&name) {
                    Some(path) => serve(path, &headers, IMMUTABLE),
                    None => ApiError::of(ErrorCode::RouteNotFound).into_response(),
                }
            }),
        )
}

/// The admin page and its files.
pub fn admin() -> Router {
    Router::new()
        .route("/", get(admin_page))
        .route("/customers/{customer_id}", get(admin_page))
        .route(
            "/assets/text-en.json",
            get(async |headers: HeaderMap| serve("loader/text-en.json", &headers, PAGE)),
        )
        .route(
            "/{name}",
            get(async |Path(name): Path<String>, headers: HeaderMap| {
                let path = format!("admin/{name}");
                if name == "index.html" || is_compressed(&name) {
                    return ApiError::of(ErrorCode::RouteNotFound).into_response();
                }
                // Only the boot script keeps its name from build to build.
                serve(
                    &path,
                    &headers,
                    if name == "admin.js" { PAGE } else { IMMUTABLE },
                )
            }),
        )
}

async fn admin_page(headers: HeaderMap) -> Response {
    let mut response = serve("admin/index.html", &headers, PAGE);
    if response.status() == StatusCode::NOT_FOUND
        || response.extensions().get::<ApiError>().is_some()
    {
        return ApiError::of(ErrorCode::ServiceUnavailable)
            .because(
                "assets",
                "the admin page was not built into this binary: run make build",
            )
            .into_response();
    }
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(ADMIN_POLICY),
    );
    response
}

fn serve(path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
    let Some(file) = Dist::get(path) else {
        return ApiError::of(ErrorCode::RouteNotFound).into_response();
    };
    let etag = format!("\"{}\"", tag(&file));
    let mut response = if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let accepts = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let compressed = [("br", ".br"), ("gzip", ".gz")]
            .into_iter()
            .filter(|(coding, _)| {
                accepts.split(',').any(|item| {
                    item.split(';')
                        .next()
                        .is_some_and(|name| name.trim() == *coding)
                })
            })
            .find_map(|(coding, ending)| {
                Dist::get(&format!("{path}{ending}")).map(|file| (coding, file))
            });
        let (coding, file) = compressed.map_or((None, file), |(coding, file)| (Some(coding), file));
        let body = match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        };
        let mut response = Response::new(body);
        if let Some(coding) = coding {
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(path)),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    // The loader and the inline widget are fetched by pages of other origins.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// An OpenAPI document, as a route.
pub fn description<S: Clone + Send + Sync + 'static>(
    document: utoipa::openapi::OpenApi,
) -> MethodRouter<S> {
    get(async move || axum::Json(document))
}
