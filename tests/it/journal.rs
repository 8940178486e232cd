//! Whoever edits, the journal has it and the server shows it.

use crate::support::{World, tile_at};

const POINTS: &str =
    "VALUES (ST_SetSRID(ST_Point(108.98, 11.56), 4326), 'một'), (ST_SetSRID(ST_Point(108.99, 11.57), 4326), 'hai')";

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_by_sql_shows_in_items_and_in_tiles_without_anything_else() {
    let world = World::new().await;
    world.layer("diem", "Point", 4326, &[("ten", "text")], POINTS).await;
    let server = world.server().await;
    let path = format!("/tiles/diem/{}", tile_at(12, 108.985, 11.565));
    let before = server.get(&path).await;
    assert_eq!(before.status, 200);
    assert_eq!(server.json("/ogc/collections/diem/items").await["numberMatched"], 2);

    world.sql("INSERT INTO layers.diem (geom, ten) VALUES (ST_SetSRID(ST_Point(108.985, 11.565), 4326), 'ba')").await;
    server.eventually(|s| async move { s.app.catalog.get("diem").unwrap().version == 2 }).await;
    let items = server.json("/ogc/collections/diem/items").await;
    assert_eq!((items["numberMatched"].as_i64(), items["features"].as_array().unwrap().len()), (Some(3), 3));
    let after = server.get(&path).await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_ne!(before.bytes, after.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_changed_feature_is_in_the_journal_with_its_box() {
    let world = World::new().await;
    world.layer("diem", "Point", 4326, &[("ten", "text")], POINTS).await;
    world.sql("UPDATE layers.diem SET geom = ST_SetSRID(ST_Point(109, 11.5), 4326) WHERE fid = 1").await;
    world.sql("DELETE FROM layers.diem WHERE fid = 2").await;
    world.sql("UPDATE layers.diem SET ten = ten WHERE false").await;
    let rows: Vec<(i64, String, i64, String)> =
        sqlx::query_as("SELECT version, op::text, fid, box::text FROM dothi.change ORDER BY version, fid")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let short: Vec<(i64, &str, i64)> = rows.iter().map(|r| (r.0, r.1.as_str(), r.2)).collect();
    assert_eq!(short, [(1, "i", 1), (1, "i", 2), (2, "u", 1), (3, "d", 2)]);
    assert_eq!(rows[2].3, "BOX(108.98 11.5,109 11.56)", "an update's box is around before and after");
    assert_eq!(world.number("SELECT feature_count FROM dothi.layer WHERE id = 'diem'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_have_no_gaps_and_are_in_commit_order_with_many_writers_at_once() {
    let world = World::new().await;
    world.layer("diem", "Point", 4326, &[("ten", "text")], POINTS).await;
    let writers = (0..8).map(|w| {
        let pool = world.pool.clone();
        tokio::spawn(async move {
            for i in 0..10 {
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("INSERT INTO layers.diem (ten) VALUES ($1)")
                    .bind(format!("{w}-{i}"))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                if i % 3 == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let inserted = 8 * 6;
    assert_eq!(world.number("SELECT version FROM dothi.layer WHERE id = 'diem'").await, 1 + inserted);
    assert_eq!(world.number("SELECT count(DISTINCT version) FROM dothi.change").await, 1 + inserted);
    assert_eq!(world.number("SELECT feature_count FROM dothi.layer WHERE id = 'diem'").await, 2 + inserted);
    assert_eq!(world.number("SELECT count(*) FROM layers.diem").await, 2 + inserted);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_outside_the_layer_widens_its_extent_and_an_impossible_place_is_no_reason_to_refuse_it() {
    let world = World::new().await;
    let rows = "VALUES (ST_SetSRID(ST_Point(580000, 1279000), 9217), 'a')";
    world.layer("diem", "Point", 9217, &[("ten", "text")], rows).await;
    let server = world.server().await;
    let before = server.app.catalog.get("diem").unwrap().extent.unwrap();
    world.sql("INSERT INTO layers.diem (geom) VALUES (ST_SetSRID(ST_Point(600000, 1300000), 9217))").await;
    world.sql("INSERT INTO layers.diem (geom) VALUES (ST_SetSRID(ST_Point(1e300, 1e300), 9217))").await;
    world.sql("INSERT INTO layers.diem (geom) VALUES (NULL), (ST_SetSRID('POINT EMPTY'::geometry, 9217))").await;
    server.eventually(|s| async move { s.app.catalog.get("diem").unwrap().version == 4 }).await;
    let after = server.app.catalog.get("diem").unwrap().extent.unwrap();
    assert_eq!((after.west, after.south), (before.west, before.south));
    assert!(after.east > 109.1 && after.east < 109.3 && after.north > 11.7 && after.north < 11.8, "{after:?}");
    let items = server.json("/ogc/collections/diem/items?bbox=109.1,11.7,109.3,11.8").await;
    assert_eq!(items["numberMatched"], 1);
}

#[tokio::test]
async fn tables_of_earlier_versions_are_numbered_by_a_default() {
    let world = World::new().await;
    let rows = "SELECT ST_Point(109, 11 + i * 0.1, 4326), i FROM generate_series(1, 3) i";
    world.layer("cu", "Point", 4326, &[("so", "int4")], rows).await;
    world.layer("rong", "Point", 4326, &[("so", "int4")], "SELECT NULL::geometry, 1 WHERE false").await;
    world.layer("cuoi", "Point", 4326, &[("so", "int4")], "SELECT ST_Point(109, 11, 4326), 1").await;
    // The last id that there is, and one that was given out and is gone.
    world.sql("UPDATE layers.cuoi SET fid = 9223372036854775807; DELETE FROM layers.cu WHERE fid = 3").await;
    let migration = include_str!("../../migrations/0015_fid_default.sql");
    for _ in 0..2 {
        world.sql(migration).await;
    }
    for table in ["cu", "rong", "cuoi"] {
        let default = format!(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'layers' AND table_name = '{table}' AND column_name = 'fid' AND column_default LIKE 'nextval(%' AND is_identity = 'NO'"
        );
        assert_eq!(world.number(&default).await, 1, "{table}");
    }
    let versions = "SELECT sum(version)::bigint FROM dothi.layer";
    let before = world.number(versions).await;
    assert_eq!(world.number("INSERT INTO layers.cu (so) VALUES (9) RETURNING fid").await, 4);
    assert_eq!(world.number("INSERT INTO layers.rong (so) VALUES (9) RETURNING fid").await, 1);
    assert_eq!(world.number(versions).await, before + 2);
}
