//! What a layer was: nothing is lost by an import, and it comes back in a moment.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use dothi::error::{Error, Result};
use dothi::import::child::Limits;
use dothi::import::report::Report;
use dothi::import::{self, How, Options};
use dothi::layer::editions;

use crate::support::{BIN, World};

/// Parcels as GeoJSON: number, code, eastings of a square of 10 m.
fn parcels(world: &World, name: &str, rows: &[(i64, &str, i64)]) -> PathBuf {
    let features: Vec<Value> = rows
        .iter()
        .map(|(so, ma, e)| {
            let (w, s) = (108.98 + *e as f64 * 1e-4, 11.56);
            let ring = [[w, s], [w + 1e-4, s], [w + 1e-4, s + 1e-4], [w, s + 1e-4], [w, s]];
            json!({"type": "Feature", "properties": {"soThua": so, "maDat": ma}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
        })
        .collect();
    let path = world.dir.path().join(name);
    std::fs::write(&path, json!({"type": "FeatureCollection", "features": features}).to_string()).unwrap();
    path
}

async fn import(world: &World, file: &Path, how: How) -> Result<Report> {
    let limits = Limits { program: Some(BIN.into()), ..Limits::default() };
    let options = Options { layer: Some("thua".into()), how, who: Some("an".into()), ..Options::default() };
    Ok(import::run(&world.options, file, &options, &limits, |_| {}).await?.remove(0))
}

/// Everything that the layer's table holds, geometry bit for bit.
async fn content(world: &World) -> Vec<String> {
    let sql = "SELECT ROW(t.*)::text FROM layers.thua t ORDER BY fid";
    sqlx::query_scalar(sql).fetch_all(&world.pool).await.unwrap()
}

const FIRST: &[(i64, &str, i64)] = &[(1, "ONT", 0), (2, "CLN", 1), (3, "DGT", 2)];

#[tokio::test(flavor = "multi_thread")]
async fn a_layer_goes_back_and_forward_with_what_was_edited_in_each_edition() {
    let world = World::new().await;
    let first = import(&world, &parcels(&world, "a.geojson", FIRST), How::Replace).await.unwrap();
    world.sql("UPDATE layers.thua SET \"maDat\" = 'ODT' WHERE \"soThua\" = 2").await;
    let edited = content(&world).await;
    let server = world.server().await;
    let second = import(&world, &parcels(&world, "b.geojson", &[(7, "LUC", 5)]), How::Replace).await.unwrap();
    assert_eq!((first.edition, second.edition), (1, 2));
    let replaced = content(&world).await;
    let served =
        |n: i64| server.eventually(move |s| async move { s.app.catalog.get("thua").unwrap().feature_count == n });
    served(1).await;

    let list = editions::list(&world.pool, "thua").await.unwrap();
    assert_eq!(
        list.iter().map(|e| (e.number, e.served, e.kept, e.features)).collect::<Vec<_>>(),
        [(2, true, true, Some(1)), (1, false, true, Some(3))]
    );
    let sum = std::process::Command::new("sha256sum").arg(world.dir.path().join("a.geojson")).output().unwrap();
    assert_eq!(list[1].sha256.as_deref(), String::from_utf8_lossy(&sum.stdout).split(' ').next());
    assert_eq!((list[1].source.as_deref(), list[1].who.as_str()), (Some("a.geojson: a"), "an"));
    assert!(list.iter().all(|e| e.bytes.unwrap() > 0 && e.how == "replace"));

    let version = editions::restore(&world.pool, "thua", 1).await.unwrap();
    assert!(version > second.version);
    assert_eq!(content(&world).await, edited);
    // The account of the import goes back too.
    let from: String =
        sqlx::query_scalar("SELECT source FROM dothi.served_import").fetch_one(&world.pool).await.unwrap();
    assert_eq!(from, "a.geojson: a");
    served(3).await;
    let items = server.json("/ogc/collections/thua/items?soThua=2").await;
    assert_eq!(items["features"][0]["properties"]["maDat"], "ODT");
    // The journal follows the table that is served, and only that.
    world.sql("DELETE FROM layers.thua WHERE \"soThua\" = 1").await;
    served(2).await;
    assert_eq!(world.number("SELECT count(*) FROM dothi.change WHERE op = 'r'").await, 3);
    let shorter = content(&world).await;

    editions::restore(&world.pool, "thua", 2).await.unwrap();
    assert_eq!(content(&world).await, replaced);
    served(1).await;
    editions::restore(&world.pool, "thua", 1).await.unwrap();
    assert_eq!(content(&world).await, shorter);
    let missing = editions::restore(&world.pool, "thua", 9).await.unwrap_err();
    assert!(matches!(&missing, Error::NotFound(m) if m.contains("`9`")), "{missing}");
    // An import after going back makes an edition of its own; both are kept.
    let third = import(&world, &parcels(&world, "a.geojson", FIRST), How::Replace).await.unwrap();
    assert_eq!(third.edition, 3);
    let list = editions::list(&world.pool, "thua").await.unwrap();
    assert!(list.iter().all(|e| e.kept) && list.len() == 3, "{list:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn editions_beyond_those_kept_lose_their_table_and_stay_in_the_list() {
    let world = World::new().await;
    let file = parcels(&world, "a.geojson", FIRST);
    import(&world, &file, How::Replace).await.unwrap();
    world.sql("UPDATE dothi.layer SET keep_editions = 2").await;
    for _ in 0..4 {
        import(&world, &file, How::Replace).await.unwrap();
    }
    let list = editions::list(&world.pool, "thua").await.unwrap();
    let kept: Vec<(i32, bool, bool)> = list.iter().map(|e| (e.number, e.kept, e.bytes.is_some())).collect();
    assert_eq!(kept, [(5, true, true), (4, true, true), (3, true, true), (2, false, false), (1, false, false)]);
    let tables = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'editions'::regnamespace";
    assert_eq!(world.number(tables).await, 2);
    assert!(editions::restore(&world.pool, "thua", 2).await.is_err());
    let catalog = dothi::layer::Catalog::load(&world.pool).await.unwrap();
    dothi::layer::edit::drop(&world.pool, &catalog.named("thua").unwrap()).await.unwrap();
    assert_eq!(world.number(tables).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editions_are_compared_by_key_or_by_content() {
    let world = World::new().await;
    import(&world, &parcels(&world, "a.geojson", FIRST), How::Replace).await.unwrap();
    // 1 is as it was but for its place in the file, 2 has another code, 3 is gone, 4 and 5 are new.
    let later = [(4, "LUC", 3), (2, "ODT", 1), (1, "ONT", 0), (5, "LUC", 4)];
    import(&world, &parcels(&world, "b.geojson", &later), How::Replace).await.unwrap();
    let by_key = editions::compare(&world.pool, "thua", 1, 2, Some("soThua"), 10).await.unwrap();
    assert_eq!((by_key.added, by_key.removed, by_key.changed, by_key.same), (2, 1, 1, 1));
    let keys: Vec<(&str, Option<&str>)> =
        by_key.differences.iter().map(|d| (d.what.as_str(), d.key.as_deref())).collect();
    assert_eq!(keys, [("added", Some("4")), ("added", Some("5")), ("changed", Some("2")), ("removed", Some("3"))]);
    // Without a key the same content is the same feature; what is left is told apart by id.
    let plain = editions::compare(&world.pool, "thua", 1, 2, None, 1).await.unwrap();
    assert_eq!((plain.same, plain.added - plain.removed), (1, 1));
    assert_eq!(plain.added + plain.changed + plain.same, 4);
    let none = editions::compare(&world.pool, "thua", 2, 2, None, 10).await.unwrap();
    assert_eq!((none.same, none.added, none.removed, none.changed, none.differences.len()), (4, 0, 0, 0, 0));
    let wrong = editions::compare(&world.pool, "thua", 1, 2, Some("khong"), 1).await.unwrap_err();
    assert!(wrong.to_string().contains("`khong`"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_appended_or_set_by_key_and_the_journal_tells_each() {
    let world = World::new().await;
    import(&world, &parcels(&world, "a.geojson", FIRST), How::Replace).await.unwrap();
    let appended = import(&world, &parcels(&world, "b.geojson", &[(4, "LUC", 3)]), How::Append).await.unwrap();
    let m = appended.merged.unwrap();
    assert_eq!((m.inserted, m.updated, m.unchanged, appended.edition), (1, 0, 0, 2));
    let four = content(&world).await;

    let file = parcels(&world, "c.geojson", &[(3, "DGT", 2), (2, "ODT", 1), (9, "CLN", 8)]);
    let set = import(&world, &file, How::Upsert("soThua".into())).await.unwrap();
    let m = set.merged.unwrap();
    assert_eq!((m.inserted, m.updated, m.unchanged), (1, 1, 1));
    let codes: Vec<(i32, String)> = sqlx::query_as("SELECT \"soThua\", \"maDat\" FROM layers.thua ORDER BY fid")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    let codes: Vec<(i32, &str)> = codes.iter().map(|(n, c)| (*n, c.as_str())).collect();
    assert_eq!(codes, [(1, "ONT"), (2, "ODT"), (3, "DGT"), (4, "LUC"), (9, "CLN")]);
    let journal: Vec<(String, i64)> =
        sqlx::query_as("SELECT op::text, fid FROM dothi.change WHERE op <> 'r' ORDER BY version")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let known: Vec<(&str, bool)> = journal.iter().map(|(op, fid)| (op.as_str(), *fid <= 3)).collect();
    assert_eq!(known, [("i", false), ("u", true), ("i", false)]);
    // The next feature that somebody adds has an id of its own.
    world.sql("INSERT INTO layers.thua (\"soThua\") VALUES (10)").await;
    assert_eq!(world.number("SELECT count(DISTINCT fid) FROM layers.thua").await, 6);
    // And back to before the key was used.
    editions::restore(&world.pool, "thua", 2).await.unwrap();
    assert_eq!(content(&world).await, four);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_layer_cannot_take_is_refused_and_leaves_it_as_it_was() {
    let world = World::new().await;
    import(&world, &parcels(&world, "a.geojson", FIRST), How::Replace).await.unwrap();
    let before = content(&world).await;
    let file = |name: &str, properties: Value, geometry: Value| {
        let path = world.dir.path().join(name);
        let feature = json!({"type": "Feature", "properties": properties, "geometry": geometry});
        std::fs::write(&path, json!({"type": "FeatureCollection", "features": [feature, feature]}).to_string())
            .unwrap();
        path
    };
    let point = json!({"type": "Point", "coordinates": [108.98, 11.56]});
    let cases = [
        (file("d.geojson", json!({"soThua": 1, "la": "x"}), Value::Null), How::Append, "`la`"),
        (file("e.geojson", json!({"soThua": "một"}), Value::Null), How::Append, "`soThua` is text"),
        (file("f.geojson", json!({"soThua": 5}), point), How::Append, "holds Polygon"),
        (file("g.geojson", json!({"soThua": 6}), Value::Null), How::Upsert("soThua".into()), "`6`"),
        (
            file("h.geojson", json!({"maDat": "ONT"}), Value::Null),
            How::Upsert("soThua".into()),
            "the file has no field",
        ),
    ];
    for (path, how, say) in cases {
        let refused = import(&world, &path, how).await.unwrap_err();
        assert!(refused.to_string().contains(say), "{}: {refused}", path.display());
    }
    assert_eq!(content(&world).await, before);
    assert_eq!(editions::list(&world.pool, "thua").await.unwrap().len(), 1);
    assert_eq!(world.number("SELECT count(*) FROM pg_class WHERE relnamespace = 'staging'::regnamespace").await, 0);
}
