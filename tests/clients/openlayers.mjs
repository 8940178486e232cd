// What runs in the page: OpenLayers, as somebody's own application would use it. Each returns what it saw.

/** A page of features, as GeoJSON. */
export async function features({ server, layer }) {
  const { ol } = window;
  const answer = await fetch(`${server}/ogc/collections/${layer}/items?limit=10000`);
  const all = new ol.format.GeoJSON().readFeatures(await answer.json(), { featureProjection: 'EPSG:3857' });
  const source = new ol.source.Vector({ features: all });
  const vector = new ol.layer.Vector({ source });
  await draw([vector], source.getExtent());
  const names = all.map((feature) => feature.getProperties());
  return { count: all.length, properties: names.map(({ geometry, ...rest }) => rest), coloured: coloured() };
}

/** Vector tiles of OGC API – Tiles in the tile matrix set that is named. */
export async function tiles({ server, layer, set, crs, definition, extent }) {
  const { ol, proj4 } = window;
  if (definition) {
    proj4.defs(crs, definition);
    ol.proj.proj4.register(proj4);
  }
  const source = new ol.source.OGCVectorTile({
    url: `${server}/ogc/collections/${layer}/tiles/${set}`,
    format: new ol.format.MVT(),
  });
  await new Promise((resolve, reject) => {
    const look = () => {
      if (source.getState() === 'ready') resolve();
      if (source.getState() === 'error') reject(source.getError?.() ?? new Error('the source is in error'));
    };
    source.on('change', look);
    look();
    setTimeout(() => reject(new Error(`the tileset is ${source.getState()} after 15 s`)), 15_000);
  });
  const failed = [];
  const codes = new Set();
  let read = 0;
  source.on('tileloaderror', (event) => failed.push(event.tile.key ?? 'a tile'));
  source.on('tileloadend', (event) => {
    for (const feature of event.tile.getFeatures()) {
      read += 1;
      codes.add(feature.get('maDat'));
    }
  });
  await draw([new ol.layer.VectorTile({ source, style: new ol.style.Style({ fill: new ol.style.Fill({ color: '#c33' }) }) })], extent, source.getProjection());
  return { read, codes: [...codes], failed, coloured: coloured() };
}

async function draw(layers, extent, projection = 'EPSG:3857') {
  const { ol } = window;
  document.getElementById('map').replaceChildren();
  const map = new ol.Map({ target: 'map', layers, controls: [], view: new ol.View({ projection, center: ol.extent.getCenter(extent), zoom: 1 }) });
  map.getView().fit(extent, { size: map.getSize() });
  await new Promise((resolve) => map.once('rendercomplete', resolve));
}

/** How many of the canvas's sampled pixels are not blank. */
function coloured() {
  let n = 0;
  for (const canvas of document.querySelectorAll('#map canvas')) {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 3; at < data.length; at += 4 * 97) n += data[at] > 0;
  }
  return n;
}
