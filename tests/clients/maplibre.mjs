// What runs in the page: MapLibre GL JS on a TileJSON and on a whole style of the server.
import * as maplibre from '/web/maplibre-gl/dist/maplibre-gl.mjs';

/** A vector source by its TileJSON, drawn and asked. */
export async function tiles({ server, layer, centre, zoom }) {
  const map = start({
    version: 8,
    sources: { them: { type: 'vector', url: `${server}/tiles/${layer}` } },
    layers: [{ id: 'them', type: 'fill', source: 'them', 'source-layer': layer, paint: { 'fill-color': '#c33' } }],
  }, centre, zoom);
  const errors = await settled(map);
  const seen = map.queryRenderedFeatures({ layers: ['them'] });
  return { errors, seen: seen.length, ids: new Set(seen.map((f) => f.id)).size, codes: [...new Set(seen.map((f) => f.properties.maDat))] };
}

/** The server's own style. */
export async function style({ server, id, centre, zoom }) {
  const map = start(`${server}/styles/${id}`, centre, zoom);
  const errors = await settled(map);
  return { errors, seen: map.queryRenderedFeatures().length, layers: map.getStyle().layers.length };
}

function start(look, center, zoom) {
  document.getElementById('map').replaceChildren();
  return new maplibre.Map({ container: 'map', style: look, center, zoom, fadeDuration: 0, attributionControl: false });
}

function settled(map) {
  const errors = [];
  map.on('error', ({ error }) => errors.push(String(error?.message ?? error)));
  return new Promise((resolve) => {
    map.once('idle', () => resolve(errors));
    setTimeout(() => resolve([...errors, 'not idle after 60 s']), 60_000);
  });
}
