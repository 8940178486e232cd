//! From the layer's table to its snapshot: two connections read halves of the table as of one moment, the features are put in
//! Hilbert order, and what each zoom draws is prepared on all cores.

use std::path::Path;
use std::time::Instant;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::super::coverage::Class;
use super::super::grid::{Box2, Grid, HALF, Point};
use super::super::live::marks::{Mark, Marks};
use super::super::parallel;
use super::super::slice::label;
use super::super::slice::prepare::prepare;
use super::super::slice::ring::Rings;
use super::super::wkb::{Kind, Shape};
use super::format::{Part, Writer};
use super::source::{self, Rows};
use super::values::{Finished, NULL};
use super::{CHUNK, Meta, Recipe, index, levels, low};
use crate::db::run;
use crate::error::{Error, Result};
use crate::geo::Bbox;
use crate::layer::catalog::table;
use crate::sql::{Sql, literal};

/// Connections that read at once.
const READERS: i64 = 2;
/// Line points may move by half a pixel where lines stand for others.
const LOW_TOLERANCE: i32 = 4;
/// More classes than this are no classes.
const MOST_CLASSES: usize = 4096;

/// A snapshot that lacks only its marks.
pub struct Draft {
    pub meta: Meta,
    writer: Writer,
}

impl Draft {
    /// Puts the file in its place. `marks` tell what changed when up to the draft's version; none for a layer that was not
    /// served before.
    pub fn finish(mut self, marks: Option<&Marks>) -> Result<()> {
        self.meta.epoch = marks.map_or(self.meta.version, Marks::epoch);
        self.writer.add::<u8>(Part::Meta, 0, &serde_json::to_vec(&self.meta)?)?;
        self.writer.add::<Mark>(Part::Marks, 0, &marks.map(Marks::list).unwrap_or_default())?;
        self.writer.finish()
    }
}

/// Reads the layer and prepares its file at `path`.
pub async fn build(options: &PgConnectOptions, recipe: Recipe, path: &Path) -> Result<Draft> {
    let started = Instant::now();
    let mut main = options.connect().await?;
    run::script(&mut main, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let sql = Sql::new("SELECT version, extent, pg_export_snapshot() AS moment, pg_relation_size(")
        .push(&literal(&table(&recipe.layer)))
        .push("::regclass) / current_setting('block_size')::bigint AS pages FROM dothi.layer WHERE id = ")
        .bind(&recipe.layer)
        .push(" AND identity::text = ")
        .bind(&recipe.identity);
    let row = run::optional(&mut main, sql).await?.ok_or_else(|| Error::NotFound("the layer is gone".into()))?;
    let (version, pages): (i64, i64) = (row.try_get("version")?, row.try_get("pages")?);
    let moment: String = row.try_get("moment")?;
    let extent: Option<Vec<f64>> = row.try_get("extent")?;
    let mut grid = grid_of(extent.as_deref());
    let mut rows = read(options, &recipe, grid, &moment, pages).await?;
    if rows.far {
        grid = Grid::fit(-HALF, -HALF, HALF, HALF);
        rows = read(options, &recipe, grid, &moment, pages).await?;
    }
    run::script(&mut main, "COMMIT").await?;
    main.close().await?;
    let read_in = started.elapsed();
    let path = path.to_path_buf();
    let layer = recipe.layer.clone();
    let draft = tokio::task::spawn_blocking(move || write(rows, recipe, grid, version, &path))
        .await
        .map_err(|e| Error::Internal(e.to_string()))??;
    tracing::debug!(layer, read = ?read_in, whole = ?started.elapsed(), "snapshot prepared");
    Ok(draft)
}

/// The grid for an extent in degrees.
fn grid_of(extent: Option<&[f64]>) -> Grid {
    let bbox = extent.and_then(|e| match e {
        [w, s, e, n] => Bbox::new(*w, *s, *e, *n).ok(),
        _ => None,
    });
    let Some(b) = bbox else { return Grid::fit(-HALF, -HALF, HALF, HALF) };
    let x = |lon: f64| lon / 180.0 * HALF;
    let y = |lat: f64| (lat.clamp(-85.06, 85.06).to_radians().tan()).asinh() / std::f64::consts::PI * HALF;
    Grid::fit(x(b.west), y(b.south), x(b.east), y(b.north))
}

async fn read(options: &PgConnectOptions, recipe: &Recipe, grid: Grid, moment: &str, pages: i64) -> Result<Rows> {
    let readers = if pages > 256 { READERS } else { 1 };
    let parts = (0..readers).map(|i| {
        let (options, recipe, moment) = (options.clone(), recipe.clone(), moment.to_string());
        tokio::spawn(async move {
            let mut on = options.connect().await?;
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT";
            run::script(&mut on, format!("{begin} {}", literal(&moment))).await?;
            let from = format!("ctid >= '({},0)'", pages * i / readers);
            let condition = match i + 1 < readers {
                true => format!("{from} AND ctid < '({},0)'", pages * (i + 1) / readers),
                false => from,
            };
            let rows = source::read(&mut on, &recipe, grid, &condition).await?;
            on.close().await?;
            Ok::<Rows, Error>(rows)
        })
    });
    let mut all: Option<Rows> = None;
    for part in futures_util::future::join_all(parts).await {
        let part = part.map_err(|e| Error::Internal(e.to_string()))??;
        all = Some(match all {
            None => part,
            Some(all) => join(all, part),
        });
    }
    Ok(all.unwrap_or_default())
}

fn join(mut a: Rows, b: Rows) -> Rows {
    let renumbered = a.values.absorb(&b.values);
    a.fids.extend(b.fids);
    a.shapes.extend(b.shapes);
    a.tags.extend(b.tags.into_iter().map(|t| if t == NULL { NULL } else { renumbered[t as usize] }));
    a.far |= b.far;
    a
}

/// The features in the order in which they are kept.
struct Features {
    fids: Vec<i64>,
    shapes: Vec<Shape>,
    tags: Vec<u32>,
    values: Finished,
}

fn put_in_order(rows: Rows, recipe: &Recipe, grid: &Grid) -> Features {
    let width = recipe.fields.len();
    let Rows { fids, shapes, tags, values, .. } = rows;
    let mut order: Vec<(u64, i64, u32)> = shapes
        .iter()
        .zip(&fids)
        .enumerate()
        .map(|(i, (shape, fid))| (index::order(shape, grid), *fid, i as u32))
        .collect();
    order.sort_unstable();
    let tags_of = |i: u32| &tags[i as usize * width..(i as usize + 1) * width];
    let classes = (0..shapes.len() as u32).filter_map(|i| Some(tags_of(i)[recipe.class_field?]));
    let (values, tags) = values.finish(classes, order.iter().flat_map(|(_, _, i)| tags_of(*i).iter().copied()));
    let mut shapes: Vec<Option<Shape>> = shapes.into_iter().map(Some).collect();
    let fids = order.iter().map(|(_, fid, _)| *fid).collect();
    let shapes = order.iter().filter_map(|(_, _, i)| shapes[*i as usize].take()).collect();
    Features { fids, shapes, tags, values }
}

fn write(rows: Rows, recipe: Recipe, grid: Grid, version: i64, path: &Path) -> Result<Draft> {
    let width = recipe.fields.len();
    let features = put_in_order(rows, &recipe, &grid);
    let Features { fids, shapes, tags, values } = &features;
    if shapes.len() >= NULL as usize || values.bytes.len() as u64 >= u64::from(u32::MAX) * 16 {
        return Err(Error::Internal(format!("layer `{}` is too large for a snapshot", recipe.layer)));
    }
    let mut writer = Writer::create(path)?;
    let mut by_fid: Vec<u32> = (0..fids.len() as u32).collect();
    by_fid.sort_unstable_by_key(|i| fids[*i as usize]);
    writer.add(Part::Fids, 0, fids)?;
    writer.add(Part::ByFid, 0, &by_fid)?;
    let boxes = write_shapes(&mut writer, shapes)?;
    writer.add(Part::Tags, 0, tags)?;
    writer.add(Part::ValueEnds, 0, &values.ends)?;
    writer.add(Part::Values, 0, &values.bytes)?;
    let labels = shapes.iter().any(|s| s.kind == Kind::Polygon);
    if labels {
        let points: Vec<Point> = shapes.iter().map(|s| label::point(s.as_ref())).collect();
        writer.add(Part::Labels, 0, &points)?;
    }
    let weights: Vec<u16> = (0..shapes.len()).map(|i| weight(&tags[i * width..(i + 1) * width], values)).collect();
    let detail = recipe.detail_zoom.unwrap_or_else(|| levels::detail(shapes, &weights, &grid));
    let deep = detail.max(18).min((grid.bits - 12) as u8);
    for z in detail..=deep {
        let all: Vec<u32> = (0..shapes.len() as u32).collect();
        write_bodies(&mut writer, z, &all, shapes, &grid, 0)?;
    }
    write_low(&mut writer, detail, &features, &recipe, &boxes, &grid)?;
    let meta = Meta {
        recipe,
        version,
        epoch: version,
        bits: grid.bits,
        origin: grid.origin,
        detail,
        deep,
        shared_values: values.shared,
    };
    Ok(Draft { meta, writer })
}

/// Bytes of a feature's attributes in a tile: a value that nothing else has comes with it.
fn weight(tags: &[u32], values: &Finished) -> u16 {
    let one = |t: &u32| match *t {
        NULL => 0,
        t if t < values.shared => 3,
        t => 4 + (values.ends[t as usize] - if t == 0 { 0 } else { values.ends[t as usize - 1] }),
    };
    tags.iter().map(one).sum::<u64>().min(u64::from(u16::MAX)) as u16
}

fn write_shapes(writer: &mut Writer, shapes: &[Shape]) -> Result<Vec<Box2>> {
    let kinds: Vec<u8> = shapes.iter().map(|s| s.kind as u8).collect();
    let boxes: Vec<Box2> = shapes.iter().map(|s| s.bounds).collect();
    let (mut first, mut ends, mut points) = (vec![0u32], Vec::new(), Vec::new());
    for shape in shapes {
        let from = points.len();
        points.extend_from_slice(&shape.points);
        ends.extend(shape.ends.iter().map(|end| from as u32 + end));
        first.push(ends.len() as u32);
    }
    if points.len() >= u32::MAX as usize {
        return Err(Error::Internal(format!("{} points are too many for a snapshot", points.len())));
    }
    writer.add(Part::Kinds, 0, &kinds)?;
    writer.add(Part::Boxes, 0, &boxes)?;
    writer.add(Part::Nodes, 0, &index::build(&boxes))?;
    writer.add(Part::FirstRun, 0, &first)?;
    writer.add(Part::RunEnds, 0, &ends)?;
    let chunks: Vec<Box2> = points.chunks(CHUNK).map(Box2::of).collect();
    writer.add(Part::Points, 0, &points)?;
    writer.add(Part::Chunks, 0, &chunks)?;
    Ok(boxes)
}

fn write_bodies(writer: &mut Writer, z: u8, ids: &[u32], shapes: &[Shape], grid: &Grid, tolerance: i32) -> Result<()> {
    const BATCH: usize = 4096;
    let scale = grid.scale(z);
    let parts = parallel::parts(ids.len(), BATCH, Rings::default, |rings, part| {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for i in &ids[part] {
            prepare(shapes[*i as usize].as_ref(), scale, tolerance, rings, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        (bytes, ends)
    });
    let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(ids.len()));
    for (part, part_ends) in parts {
        let from = bytes.len();
        if from + part.len() > u32::MAX as usize {
            return Err(Error::Internal("prepared geometry is too large for a snapshot".into()));
        }
        ends.extend(part_ends.into_iter().map(|end| from as u32 + end));
        bytes.extend(part);
    }
    writer.add(Part::BodyEnds, z, &ends)?;
    writer.add(Part::Bodies, z, &bytes)
}

/// Zooms below `detail`: polygons as cover, points and lines as subsets.
fn write_low(
    writer: &mut Writer,
    detail: u8,
    features: &Features,
    recipe: &Recipe,
    boxes: &[Box2],
    grid: &Grid,
) -> Result<()> {
    let Features { shapes, tags, .. } = features;
    let width = recipe.fields.len();
    let class_of = |i: usize| recipe.class_field.map_or(NULL, |field| tags[i * width + field]);
    let (classes, numbers) = classes(shapes.len(), class_of);
    writer.add(Part::Classes, 0, &classes)?;
    let mut kept: Vec<u32> = (0..shapes.len() as u32).collect();
    let mut truth: Option<low::Truth> = None;
    for z in (0..detail).rev() {
        let (entries, bytes, areas) = low::build(z, shapes, &numbers, grid, truth.as_ref());
        writer.add(Part::CoverIndex, z, &entries)?;
        writer.add(Part::Cover, z, &bytes)?;
        truth = (!areas.is_empty()).then_some(areas);
        kept = levels::subset(z, &kept, shapes, grid, |i| numbers[i as usize].into());
        let subset: Vec<Box2> = kept.iter().map(|i| boxes[*i as usize]).collect();
        writer.add(Part::SubsetIds, z, &kept)?;
        writer.add(Part::SubsetBoxes, z, &subset)?;
        writer.add(Part::SubsetNodes, z, &index::build(&subset))?;
        write_bodies(writer, z, &kept, shapes, grid, LOW_TOLERANCE)?;
    }
    Ok(())
}

/// The class values, and the number of each feature's class from 1 on.
fn classes(n: usize, class_of: impl Fn(usize) -> u32) -> (Vec<u32>, Vec<Class>) {
    let mut known: hashbrown::HashMap<u32, Class> = Default::default();
    let mut values = Vec::new();
    let mut numbers = Vec::with_capacity(n);
    for i in 0..n {
        let value = class_of(i);
        let next = (values.len() + 1) as Class;
        let number = *known.entry(value).or_insert_with(|| {
            values.push(value);
            next
        });
        numbers.push(number);
        if values.len() > MOST_CLASSES {
            return (vec![NULL], vec![1; n]);
        }
    }
    (values, numbers)
}
