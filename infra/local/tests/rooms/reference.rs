//! The reference pages are whole without a network.

use std::io::Read as _;

use flate2::read::GzDecoder;
use local::serve::LoopbackServer;

use crate::clients::get;

#[tokio::test]
async fn the_page_asks_for_nothing_but_what_is_served_beside_it() {
    let document = "{\"openapi\":\"3.1.0\"}";
    let server =
        LoopbackServer::start(local::reference::router(document.to_owned()).unwrap(), 0).await.unwrap();
    let page = get(&format!("{}/reference", server.url())).await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(html.contains("接口文档"));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("\"//"), "{html}");
    let links = html.split(['"', '\'']).filter(|text| text.starts_with("/reference/"));
    let mut asked = 0;
    for link in links {
        assert_eq!(get(&format!("{}{link}", server.url())).await.status, 200, "{link}");
        asked += 1;
    }
    assert_eq!(asked, 4, "style, script, and the document twice");
    assert_eq!(get(&format!("{}/reference/openapi.json", server.url())).await.text(), document);
    assert_eq!(get(&format!("{}/reference/", server.url())).await.status, 308);
}

#[tokio::test]
async fn the_assets_are_real_gzip() {
    let server = LoopbackServer::start(local::reference::router("{}".to_owned()).unwrap(), 0).await.unwrap();
    for (name, says) in [("swagger-ui.js", "SwaggerUIBundle"), ("swagger-ui.css", ".swagger-ui")] {
        let reply = get(&format!("{}/reference/{name}", server.url())).await;
        assert_eq!(reply.header("content-encoding"), "gzip");
        // Reading to the end checks the length and the CRC that were taken from the archive.
        let mut text = String::new();
        GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
        assert!(text.contains(says), "{name}");
    }
}
