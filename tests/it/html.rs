//! Pages for people.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::Value;

use crate::support::{Reply, Server, World};

const EVIL: &str = "\"><script>alert(1)</script>&'";

async fn page(server: &Server, path: &str, language: &str) -> Reply {
    let request = Request::get(path)
        .header(header::HOST, "ban-do.test")
        .header(header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
        .header(header::ACCEPT_LANGUAGE, language);
    server.send(request.body(Body::empty()).unwrap()).await
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.bytes.clone()).unwrap()
}

/// Every page that there is of a layer.
const PAGES: [&str; 27] = [
    "",
    "/conformance",
    "/functions",
    "/api",
    "/collections",
    "/collections/thua",
    "/collections/thua/items",
    "/collections/thua/items/1",
    "/collections/thua/schema",
    "/collections/thua/queryables",
    "/collections/thua/sortables",
    "/collections/thua/api",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/tileMatrixSets",
    "/tileMatrixSets/VN2000-9217",
    "/collections/thua/tiles",
    "/collections/thua/tiles/VN2000-9217",
    "/styles",
    "/styles/thua",
    "/styles/thua/metadata",
    "/collections/thua/styles",
    "/collections/_records/items",
    "/collections/_records/items/thua",
    "/collections/thua/metadata",
    "/changes",
    "/collections/thua/changes",
];

/// A layer whose every name and value is hostile.
async fn hostile() -> (World, Server) {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_MakePoint(580000 + i, 1279000), 9217), E'\"><script>alert(1)</script>&''', i FROM generate_series(1, 60) i";
    world.layer("thua", "Point", 9217, &[("ten", "text"), ("so", "int4")], rows).await;
    let quoted = EVIL.replace('\'', "''");
    world
        .sql(&format!(
            "UPDATE dothi.layer SET title = '{quoted}', title_en = '{quoted}', description = '{quoted}', attribution = '{quoted}', licence = '{quoted}', \
             \"group\" = '{quoted}', label_field = 'ten', illustrative = true, fields = jsonb_set(jsonb_set(fields::jsonb, '{{0,title}}', to_jsonb('{quoted}'::text)), '{{1,name}}', to_jsonb('{quoted}'::text))"
        ))
        .await;
    let server = world.server().await;
    (world, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_hostile_gets_into_a_page_and_nothing_comes_from_elsewhere() {
    let (_world, server) = hostile().await;
    let search = "/collections/thua/items?filter=ten%20LIKE%20%27%25%3Cscript%3E%25%27&limit=5";
    for path in PAGES.iter().chain(&[search, "/collections?q=%3Cscript%3E"]) {
        for language in ["vi", "en"] {
            let reply = page(&server, &format!("/ogc{path}"), language).await;
            let body = text(&reply);
            assert_eq!(reply.status, 200, "{path}: {body}");
            assert_eq!(reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
            assert!(!body.contains("<script>alert") && !body.contains("\"><script"), "{path}: {body}");
            let policy = reply.header(header::CONTENT_SECURITY_POLICY);
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"),
                "{policy}"
            );
            for address in body.split("src=\"").skip(1).chain(body.split("<link ").skip(1)) {
                let address = address.split('"').next().unwrap();
                assert!(!address.contains("//") || address.starts_with("http://ban-do.test/"), "{path}: {address}");
            }
        }
    }
    let reply = page(&server, "/ogc/collections/thua/items/1", "vi").await;
    assert!(text(&reply).contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_vietnamese_first_english_on_request_and_say_what_is_illustrative() {
    let (_world, server) = hostile().await;
    for path in PAGES {
        let vi = page(&server, &format!("/ogc{path}"), "").await;
        assert!(text(&vi).contains("<html lang=\"vi\">") && vi.header(header::CONTENT_LANGUAGE) == "vi", "{path}");
        let en = page(&server, &format!("/ogc{path}"), "en-GB,en;q=0.9,vi;q=0.8").await;
        assert!(text(&en).contains("<html lang=\"en\">"), "{path}");
        let said = page(&server, &format!("/ogc{path}?lang=en"), "vi").await;
        assert!(text(&said).contains("<html lang=\"en\">") && text(&said).contains("lang=en"), "{path}");
        assert!(said.headers.get_all(header::VARY).iter().any(|v| v.to_str().unwrap().contains("Accept-Language")));
    }
    for path in ["", "/collections", "/collections/thua", "/collections/thua/items", "/collections/thua/items/1"] {
        assert!(text(&page(&server, &format!("/ogc{path}"), "vi").await).contains("dữ liệu minh họa"), "{path}");
    }
    assert_eq!(server.get("/ogc?lang=fr").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_every_page_answers() {
    let (_world, server) = hostile().await;
    let mut seen = std::collections::BTreeSet::new();
    for path in PAGES {
        let body = text(&page(&server, &format!("/ogc{path}"), "vi").await);
        for link in body.split("href=\"").skip(1).filter_map(|l| l.split('"').next()) {
            let link = link.replace("&amp;", "&");
            if let Some(path) = link.strip_prefix("http://ban-do.test") {
                seen.insert(path.to_string());
            } else {
                assert!(link.starts_with('#') || link == "data:,", "{path}: {link}");
            }
        }
    }
    assert!(seen.len() > 40, "{seen:?}");
    for path in seen {
        // Events as they come have no end.
        if path.contains("/stream") || path.contains("f=sse") {
            continue;
        }
        let reply = page(&server, &path, "vi").await;
        assert_eq!(reply.status, 200, "{path}: {}", text(&reply));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_searched_ordered_and_leafed_through() {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_MakePoint(580000 + i, 1279000), 9217), 'Đường Thống Nhất ' || i, i FROM generate_series(1, 60) i";
    world.layer("duong", "Point", 9217, &[("Tên đường", "text"), ("so", "int4")], rows).await;
    let server = world.server().await;
    let items = "/ogc/collections/duong/items";
    let first = text(&page(&server, items, "vi").await);
    assert_eq!(first.matches("<tr>").count(), 26);
    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = text(&page(&server, next.strip_prefix("http://ban-do.test").unwrap(), "vi").await);
    assert!(second.contains("Thống Nhất 26<") && !second.contains("Thống Nhất 25<"), "{second}");
    let found = text(
        &page(&server, &format!("{items}?_field=T%C3%AAn+%C4%91%C6%B0%E1%BB%9Dng&_word=thong+nhat+7&filter="), "vi")
            .await,
    );
    assert!(found.contains("Thống Nhất 7<") && found.matches("<tr>").count() == 2, "{found}");
    let down = text(&page(&server, &format!("{items}?sortby=-so"), "vi").await);
    assert!(down.contains("aria-sort=\"descending\"") && down.contains("Thống Nhất 60<"), "{down}");
    for wrong in ["_field=khong&_word=1", "_field=so&_word=abc", "filter=so+%3D"] {
        assert_eq!(page(&server, &format!("{items}?{wrong}"), "vi").await.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_tells_what_each_change_made_of_each_value() {
    let world = World::new().await;
    let rows = "SELECT ST_SetSRID(ST_MakePoint(580000, 1279000), 9217), 'Đường Một'";
    world.layer("duong", "Point", 9217, &[("ten", "text")], rows).await;
    world.sql("UPDATE layers.duong SET ten = 'Đường Hai'").await;
    let server = world.server().await;
    let history = text(&page(&server, "/ogc/collections/duong/items/1/history", "vi").await);
    assert!(history.contains("<del>Đường Một</del> → Đường Hai") && !history.contains("đổi hình học"), "{history}");
    world.sql("DELETE FROM layers.duong").await;
    let latest = text(&page(&server, "/ogc/collections/duong/changes", "vi").await);
    let order: Vec<usize> =
        ["xóa", "sửa", "thêm"].iter().map(|w| latest.find(&format!("<td>{w}</td>")).unwrap()).collect();
    assert!(order.is_sorted(), "{latest}");
    let start = text(&page(&server, "/ogc/collections/duong/changes?since=start&lang=en", "vi").await);
    assert!(start.contains("There are no changes.") && start.contains("The latest"), "{start}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_page_reads_on_one_what_is_wrong() {
    let (_world, server) = hostile().await;
    for (path, status, vi, en) in [
        ("/ogc/collections/khong_co", 404, "Không tìm thấy", "Not found"),
        ("/ogc/collections/thua/items/999", 404, "Không tìm thấy", "Not found"),
        ("/ogc/collections/%22%3E%3Cscript%3E/items", 404, "Không tìm thấy", "Not found"),
        ("/ogc/khong/co", 404, "Không tìm thấy", "Not found"),
        ("/ogc/collections/_records/items?limit=x", 400, "Hỏi lại từ đầu", "Ask anew"),
        ("/ogc/collections/thua/items?f=docx", 400, "Hỏi lại từ đầu", "Ask anew"),
        ("/ogc/collections/thua/items?limit=1&limit=2", 400, "Hỏi lại từ đầu", "Ask anew"),
        ("/ogc/collections/thua/items?filter=%3Cscript%3E", 400, "Hỏi lại từ đầu", "Ask anew"),
    ] {
        for (language, says) in [("vi", vi), ("en", en)] {
            let reply = page(&server, path, language).await;
            let body = text(&reply);
            assert_eq!(
                (reply.status.as_u16(), reply.header(header::CONTENT_TYPE)),
                (status, "text/html; charset=utf-8"),
                "{path}"
            );
            assert!(body.contains(says) && !body.contains("<script>"), "{path}: {body}");
        }
        let told = server.get(path).await;
        assert_eq!(
            (told.status.as_u16(), told.header(header::CONTENT_TYPE)),
            (status, "application/problem+json"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_described_in_vietnamese_too() {
    let (_world, server) = hostile().await;
    for path in ["/ogc/api", "/ogc/collections/thua/api"] {
        let doc = server.json(path).await;
        let mut texts = std::collections::BTreeSet::new();
        let resolved = |value: &Value| match value["$ref"].as_str() {
            Some(pointer) => doc.pointer(&pointer[1..]).unwrap().clone(),
            None => value.clone(),
        };
        for operation in doc["paths"].as_object().unwrap().values().flat_map(|p| p.as_object().unwrap().values()) {
            texts.extend(operation["summary"].as_str().map(str::to_string));
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let responses = operation["responses"].as_object().into_iter().flat_map(|r| r.values());
            for described in parameters.chain(responses).map(resolved) {
                texts.extend(described["description"].as_str().map(str::to_string));
            }
        }
        assert!(texts.len() > 20);
        let plain =
            |body: String| body.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        let (vi, en) = (page(&server, path, "vi").await, page(&server, path, "en").await);
        let (vi, en) = (plain(text(&vi)), plain(text(&en)));
        let own = server.json("/ogc/collections/thua").await["title"].as_str().unwrap().to_string();
        for english in texts.iter().filter(|t| **t != own && en.contains(&format!(">{t}<"))) {
            assert!(!vi.contains(&format!(">{english}<")), "{path}: `{english}`");
        }
    }
}
