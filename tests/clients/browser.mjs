// OpenLayers and MapLibre GL JS in a real Chromium, on a page of another origin than the server's. Prints a line of JSON for each thing
// tried, as scripts/clients/checks.py does.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, '../../web/node_modules');
const { chromium } = createRequire(join(web, 'x.js'))('playwright-core');
const server = process.env.DOTHI_URL;
const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript', '.css': 'text/css' };

const files = createServer(async (request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
  if (path === '/favicon.ico') return response.writeHead(204).end();
  const [, root, ...rest] = path.split('/');
  const folder = { web, here: join(here, 'node_modules'), page: here }[root];
  try {
    const body = await readFile(join(folder, ...rest));
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => files.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${files.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const version = async (folder, name) => JSON.parse(await readFile(join(folder, name, 'package.json'), 'utf8')).version;
const versions = {
  openlayers: await version(join(here, 'node_modules'), 'ol'),
  maplibre: await version(web, 'maplibre-gl'),
};
const names = { openlayers: 'OpenLayers', maplibre: 'MapLibre GL JS' };

/** Runs `module`'s function in a fresh page and hands what it saw to `judge`, which throws or says what was found. */
async function tries(module, run, parameters, did, judge) {
  const line = { client: names[module], version: versions[module], did, good: true };
  const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
  const said = [];
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  try {
    await page.goto(`${origin}/page/page.html`);
    const seen = await page.evaluate(
      async ({ module, run, parameters }) => (await import(`/page/${module}.mjs`))[run](parameters),
      { module, run, parameters: { server, ...parameters } },
    );
    line.detail = judge(seen);
    if (said.length > 0) throw new Error(said.join('; '));
  } catch (error) {
    line.good = false;
    line.detail = String(error?.message ?? error).slice(0, 600) + (said.length > 0 ? ` — console: ${said.join('; ').slice(0, 300)}` : '');
  } finally {
    await page.close();
  }
  console.log(JSON.stringify(line));
}

function must(condition, what) {
  if (!condition) throw new Error(what);
}

const source = await (await fetch(`${server}/ogc/collections/qhsdd_2030/items?limit=10000`)).json();
const codes = new Set(source.features.map((feature) => feature.properties.maDat));
const centre = [108.985, 11.565];
const city = [12127000, 1293000, 12137000, 1303000];
const known = (found) => found.length > 3 && found.every((code) => codes.has(code));

await tries('openlayers', 'features', { layer: 'khu_vuc' }, 'a layer as GeoJSON', (seen) => {
  must(seen.count === 11 && seen.coloured > 50, JSON.stringify(seen).slice(0, 300));
  return `${seen.count} features drawn`;
});
const mercator = { layer: 'qhsdd_2030', set: 'WebMercatorQuad', extent: city };
const judge = (seen) => {
  must(seen.failed.length === 0, `tiles failed: ${seen.failed.slice(0, 3)}`);
  must(seen.read > 100 && known(seen.codes) && seen.coloured > 200, JSON.stringify(seen).slice(0, 300));
  return `${seen.read} features in tiles drawn, ${seen.codes.length} land-use codes, all of the source`;
};
await tries('openlayers', 'tiles', mercator, 'OGC API – Tiles (OGCVectorTile), WebMercatorQuad', judge);

// A tile matrix set of VN-2000, where the server has one.
const sets = await (await fetch(`${server}/ogc/tileMatrixSets`)).json().catch(() => ({}));
const national = (sets.tileMatrixSets ?? []).find((set) => /9217/.test(`${set.id} ${JSON.stringify(set.crs ?? '')} ${set.uri ?? ''}`));
if (national) {
  await tries('openlayers', 'tiles', {
    layer: 'qhsdd_2030', set: national.id, crs: 'http://www.opengis.net/def/crs/EPSG/0/9217', extent: [578000, 1274000, 588000, 1284000],
    definition: '+proj=tmerc +lat_0=0 +lon_0=108.25 +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84 +towgs84=-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278 +units=m +no_defs',
  }, `OGC API – Tiles, ${national.id} (VN-2000)`, judge);
}
await tries('maplibre', 'tiles', { layer: 'qhsdd_2030', centre, zoom: 14 }, 'vector tiles by TileJSON', (seen) => {
  must(seen.errors.length === 0, seen.errors.join('; '));
  must(seen.seen > 50 && seen.ids > 50 && known(seen.codes), JSON.stringify(seen).slice(0, 300));
  return `${seen.ids} features drawn, ${seen.codes.length} land-use codes, all of the source`;
});
await tries('maplibre', 'style', { id: 'default', centre, zoom: 13 }, "the server's default style, whole", (seen) => {
  must(seen.errors.length === 0, seen.errors.join('; '));
  must(seen.seen > 50, JSON.stringify(seen));
  return `${seen.layers} style layers, ${seen.seen} features drawn`;
});
await browser.close();
files.close();
