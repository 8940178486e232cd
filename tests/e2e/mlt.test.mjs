// MapLibre Tiles, read by the decoder that MapLibre GL JS carries: the same as the vector tile of the same address.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { get } from './api.mjs';
import { server } from './browser.mjs';

const MLT = 'application/vnd.maplibre-tile';

// The decoders are written for bundlers.
const { build } = createRequire(new URL('../../web/package.json', import.meta.url))('esbuild');
const bundle = await build({
  stdin: {
    contents: "export { decodeTile } from '@maplibre/mlt'; export { VectorTile } from '@mapbox/vector-tile'; export { PbfReader } from 'pbf';",
    resolveDir: new URL('../../web', import.meta.url).pathname,
  },
  bundle: true,
  format: 'esm',
  write: false,
  logLevel: 'error',
});
const { decodeTile, VectorTile, PbfReader } = await import(
  `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString('base64')}`
);

async function bytes(path, accept) {
  const response = await fetch(server + path, { headers: { accept } });
  assert.ok([200, 204].includes(response.status), `${path}: ${response.status}`);
  assert.match(response.headers.get('vary'), /\bAccept,/);
  if (response.status === 204) return { etag: response.headers.get('etag'), body: null };
  assert.equal(response.headers.get('content-type'), accept, path);
  return { etag: response.headers.get('etag'), body: new Uint8Array(await response.arrayBuffer()) };
}

const points = (runs) => runs.map((run) => run.map(({ x, y }) => [x, y]));

function fromMvt(body) {
  const { layers } = new VectorTile(new PbfReader(body));
  return Object.values(layers).map((layer) => ({
    name: layer.name,
    extent: layer.extent,
    features: Array.from({ length: layer.length }, (_, i) => layer.feature(i)).map((feature) => ({
      id: feature.id,
      kind: feature.type,
      geometry: points(feature.loadGeometry()),
      properties: { ...feature.properties },
    })),
  }));
}

function fromMlt(body) {
  return decodeTile(body).map((table) => ({
    name: table.name,
    extent: table.extent,
    features: table.getFeatures().map((feature) => ({
      id: feature.id,
      kind: (feature.geometry.type % 3) + 1,
      geometry: points(feature.geometry.coordinates),
      properties: Object.fromEntries(Object.entries(feature.properties).filter(([, value]) => value !== null)),
    })),
  }));
}

/** The tile that holds the middle of a box in degrees. */
function tileAt(z, [west, south, east, north]) {
  const n = 2 ** z;
  const latitude = (((south + north) / 2) * Math.PI) / 180;
  const y = ((1 - Math.asinh(Math.tan(latitude)) / Math.PI) / 2) * n;
  return `${z}/${Math.floor((((west + east) / 2 + 180) / 360) * n)}/${Math.floor(y)}`;
}

test('every layer is the same as MLT and as MVT, at every zoom', async () => {
  const { collections } = await get('/ogc/collections');
  const layers = collections.filter((one) => one.geometry !== 'none' && one.extent);
  let [features, mvtBytes, mltBytes] = [0, 0, 0];
  for (const layer of layers) {
    const box = layer.extent.spatial.bbox[0];
    for (let z = layer.minZoom; z <= Math.min(layer.maxZoom, 18); z++) {
      for (const query of ['', '?labels=true']) {
        const path = `/tiles/${layer.id}/${tileAt(z, box)}${query}`;
        const mvt = await bytes(path, 'application/vnd.mapbox-vector-tile');
        const mlt = await bytes(path, MLT);
        assert.notEqual(mvt.etag, mlt.etag, path);
        assert.equal(mvt.body === null, mlt.body === null, path);
        if (mvt.body === null) continue;
        const want = fromMvt(mvt.body);
        assert.deepEqual(fromMlt(mlt.body), want, path);
        features += want.reduce((sum, one) => sum + one.features.length, 0);
        mvtBytes += mvt.body.length;
        mltBytes += mlt.body.length;
      }
    }
  }
  assert.ok(features > 5_000, `${features} features were compared`);
  assert.ok(mltBytes < mvtBytes, `${mltBytes} bytes of MLT stand against ${mvtBytes} of MVT`);
});

test('layers of all kinds in one tile keep their order', async () => {
  const { collections } = await get('/ogc/collections');
  const here = collections.filter((one) => one.illustrative && one.geometry !== 'none');
  assert.ok(new Set(here.map((one) => one.geometry)).size >= 3, 'points, lines and polygons');
  const path = `/tiles/${here.map((one) => one.id).join(',')}/${tileAt(14, [108.98, 11.56, 109.0, 11.58])}`;
  const mvt = await bytes(path, 'application/vnd.mapbox-vector-tile');
  const mlt = await bytes(path, MLT);
  assert.deepEqual(fromMlt(mlt.body), fromMvt(mvt.body));
});
