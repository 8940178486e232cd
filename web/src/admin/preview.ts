import type { Feature, FeatureCollection } from 'geojson';
import { AttributionControl, type GeoJSONSource, type LngLatBoundsLike, Map, Marker, NavigationControl, Popup, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { h } from '../parts/dom';
import { boundsOf } from '../view';
import type { Candidate } from './api';
import type { Say } from './words';
import { root } from '../root';

setWorkerUrl(workerUrl);

const MARK = '#c2185b';
const HOME: LngLatBoundsLike = [108.75, 11.3, 109.3, 11.9];
const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] };

/** What would be imported, on the base map of the map. */
export interface Preview {
  element: HTMLElement;
  /** Features as they would lie. */
  features(all: FeatureCollection): void;
  /** Boxes where they may lie, numbered. */
  boxes(all: Candidate[]): void;
  /** The outline of a raster. */
  box(bounds: Candidate['bounds']): void;
  caption(text: string): void;
}

export function previewMap(say: Say, signal: AbortSignal): Preview {
  const caption = h('p', { class: 'caption', role: 'status' });
  const box = h('div', { class: 'preview-map' });
  const element = h('div', { class: 'preview', role: 'region', 'aria-label': say('preview.label') }, box, caption);
  const told = (text: string) => {
    caption.textContent = text;
    caption.hidden = text === '';
  };
  told('');
  if (document.createElement('canvas').getContext('webgl2') === null) {
    box.append(h('p', { class: 'status' }, say('preview.no-webgl')));
    return { element, features: () => {}, boxes: () => {}, box: () => {}, caption: told };
  }
  const ready = base(signal).then((style) => open(box, style, signal));
  const lost = (error: unknown) => signal.aborted || console.warn('nothing can be drawn', error);
  let markers: Marker[] = [];
  const draw = async (data: FeatureCollection, numbers: Candidate[]) => {
    const map = await ready;
    if (signal.aborted) return;
    map.getSource<GeoJSONSource>('new')?.setData(data);
    for (const marker of markers) marker.remove();
    markers = numbers.flatMap(({ bounds }, at) => {
      if (!bounds) return [];
      const number = h('span', { class: 'index on-map' }, at + 1);
      return new Marker({ element: number }).setLngLat([bounds[0], bounds[3]]).addTo(map);
    });
    const all = data.features.flatMap(({ geometry }) => (geometry ? [boundsOf(geometry)] : []));
    const edge = (place: number, pick: (a: number, b: number) => number) => all.map((one) => one[place] as number).reduce((a, b) => pick(a, b));
    const bounds: LngLatBoundsLike = all.length > 0 ? [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)] : HOME;
    map.fitBounds(bounds, { padding: 48, maxZoom: 17, animate: false });
  };
  return {
    element,
    caption: told,
    features: (all) => void draw(all, []).catch(lost),
    boxes: (all) => void draw({ ...NOTHING, features: all.flatMap(({ bounds }) => boxOf(bounds)) }, all).catch(lost),
    box: (bounds) => void draw({ ...NOTHING, features: boxOf(bounds) }, []).catch(lost),
  };
}

function boxOf(bounds: Candidate['bounds']): Feature[] {
  if (!bounds) return [];
  const [w, s, e, n] = bounds;
  const ring = [
    [w, s],
    [e, s],
    [e, n],
    [w, n],
    [w, s],
  ];
  return [{ type: 'Feature', properties: { _opacity: 0.03 }, geometry: { type: 'Polygon', coordinates: [ring] } }];
}

/** The style of the map without its layers. */
async function base(signal: AbortSignal): Promise<StyleSpecification> {
  const style = (await (await fetch(`${root}/styles/default`, { signal })).json()) as StyleSpecification;
  const layers = style.layers.filter(({ metadata }) => (metadata as Record<string, unknown> | undefined)?.['dothi:layer'] === undefined);
  const used = new Set(layers.flatMap((layer) => ('source' in layer ? [layer.source] : [])));
  const sources = Object.fromEntries(Object.entries(style.sources).filter(([id]) => used.has(id)));
  return { ...style, layers, sources };
}

function open(box: HTMLElement, style: StyleSpecification, signal: AbortSignal): Promise<Map> {
  const map = new Map({ container: box, style, bounds: HOME, attributionControl: false, dragRotate: false });
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right').addControl(new AttributionControl({ compact: true }), 'bottom-right');
  signal.addEventListener('abort', () => map.remove());
  map.on('click', (event) => {
    const [found] = map.queryRenderedFeatures(event.point, { layers: ['new/fill', 'new/line', 'new/point'].filter((id) => map.getLayer(id)) });
    const values = Object.entries(found?.properties ?? {}).filter(([name]) => name !== '_opacity');
    if (values.length === 0) return;
    const facts = values.slice(0, 30).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, String(value ?? '–'))]);
    new Popup({ maxWidth: '300px' }).setLngLat(event.lngLat).setDOMContent(h('dl', { class: 'facts' }, ...facts)).addTo(map);
  });
  return new Promise((resolve) =>
    map.once('load', () => {
      map.addSource('new', { type: 'geojson', data: NOTHING });
      const is = (type: string): ['==', ['geometry-type'], string] => ['==', ['geometry-type'], type];
      map.addLayer({ id: 'new/fill', type: 'fill', source: 'new', filter: is('Polygon'), paint: { 'fill-color': MARK, 'fill-opacity': ['coalesce', ['get', '_opacity'], 0.18] } });
      map.addLayer({ id: 'new/line', type: 'line', source: 'new', paint: { 'line-color': MARK, 'line-width': 1.5 } });
      map.addLayer({
        id: 'new/point',
        type: 'circle',
        source: 'new',
        filter: is('Point'),
        paint: { 'circle-color': MARK, 'circle-radius': 4, 'circle-stroke-color': '#ffffff', 'circle-stroke-width': 1.5 },
      });
      box.dataset['ready'] = 'true';
      resolve(map);
    }),
  );
}
