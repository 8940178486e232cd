// What the tests compare the page with: the API itself, asked directly.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { server } from './browser.mjs';

export async function get(path) {
  const response = await fetch(server + path);
  assert.equal(response.status, 200, path);
  return response.json();
}

export async function post(path, body) {
  const response = await fetch(server + path, { method: 'POST', headers: { 'content-type': 'application/geo+json' }, body });
  assert.equal(response.status, 200, path);
  return response.json();
}

/** Edits as an administrator would, beside the server; gives the time at which it was done. */
export async function sql(text) {
  const bin = process.env.DOTHI_BIN ?? 'target/debug/dothi';
  await promisify(execFile)(bin, ['--data-dir', process.env.DOTHI_DATA_DIR, 'db', 'psql', '--', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-c', text]);
  return Date.now();
}

/** The first layer of areas with official codes, whatever it is called. */
export async function classifiedLayer() {
  const { collections } = await get('/ogc/collections');
  const layer = collections
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
    .find((one) => one.geometry === 'polygon' && one.classField && (one.itemCount ?? 1) > 0);
  assert.ok(layer, 'the server has a polygon layer with a classField');
  return layer;
}

/** A feature of the layer, and a point (to five decimals, as in an address) at which the API finds nothing else of that layer. */
export async function featureWithPoint(layer) {
  const { features } = await get(`/ogc/collections/${layer.id}/items?limit=100`);
  for (const feature of features.sort((a, b) => size(b) - size(a))) {
    const [lon, lat] = middle(feature).map((degrees) => Number(degrees.toFixed(5)));
    const { layers, point } = await get(`/query/at?lon=${lon}&lat=${lat}&layers=${layer.id}`);
    const found = layers[0]?.features ?? [];
    if (found.length === 1 && String(found[0].id) === String(feature.id)) return { id: feature.id, lon, lat, point };
  }
  throw new Error(`no feature of ${layer.id} holds its own middle`);
}

function ring(feature) {
  const { type, coordinates } = feature.geometry;
  return type === 'MultiPolygon' ? coordinates[0][0] : coordinates[0];
}

function box(feature) {
  const [xs, ys] = [0, 1].map((axis) => ring(feature).map((corner) => corner[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function size(feature) {
  const [west, south, east, north] = box(feature);
  return (east - west) * (north - south);
}

function middle(feature) {
  const [west, south, east, north] = box(feature);
  return [(west + east) / 2, (south + north) / 2];
}
