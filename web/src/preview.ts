// The small map of the API's pages: `<div class="map" data-style data-bounds [data-feature]>`. Without it, or where the
// browser has no WebGL, the drawing that the page came with stays.
import { type GeoJSONSource, Map, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';

setWorkerUrl(workerUrl);

const MARK = '#c2185b';

function preview(box: HTMLElement): void {
  const { style, bounds, feature } = box.dataset;
  const [west, south, east, north] = (bounds ?? '').split(',').map(Number);
  if (!style || west === undefined || south === undefined || east === undefined || north === undefined) return;
  const map = new Map({
    container: box,
    style,
    bounds: [west, south, east, north],
    fitBoundsOptions: { padding: 36, maxZoom: 17.5 },
    attributionControl: false,
    cooperativeGestures: false,
    dragRotate: false,
  });
  map.scrollZoom.disable();
  map.on('load', () => {
    // What a page about the layer shows is the layer, whatever the map has switched off.
    for (const layer of map.getStyle().layers) map.setLayoutProperty(layer.id, 'visibility', 'visible');
    if (feature) mark(map, feature);
    box.classList.add('ready');
  });
}

function mark(map: Map, feature: string): void {
  map.addSource('feature', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
  const is = (type: string): ['==', ['geometry-type'], string] => ['==', ['geometry-type'], type];
  map.addLayer({ id: 'feature/fill', type: 'fill', source: 'feature', filter: is('Polygon'), paint: { 'fill-color': MARK, 'fill-opacity': 0.25 } });
  map.addLayer({ id: 'feature/line', type: 'line', source: 'feature', paint: { 'line-color': MARK, 'line-width': 3 } });
  map.addLayer({
    id: 'feature/point',
    type: 'circle',
    source: 'feature',
    filter: is('Point'),
    paint: { 'circle-color': MARK, 'circle-radius': 7, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 2 },
  });
  map.getSource<GeoJSONSource>('feature')?.setData(feature);
}

for (const box of document.querySelectorAll<HTMLElement>('.map[data-style]')) {
  try {
    preview(box);
  } catch (problem) {
    console.warn('no map here, the drawing stays', problem);
  }
}
