import {
  AttributionControl,
  GeolocateControl,
  type IControl,
  type LayerSpecification,
  Map,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type StyleSpecification,
} from 'maplibre-gl';
// MapLibre works out the address of its worker when it runs, which no bundler can follow.
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { rounded } from './address';
import type { App, Catalog } from './catalog';
import type { Speech } from './locale';
import { OPACITIES, scaleOpacity } from './paint';
import type { Shown } from './state';
import { fit } from './view';

setWorkerUrl(workerUrl);

type PaintName = Parameters<Map['setPaintProperty']>[1];

/** Where the project area is; used when neither address nor layers say anything. */
const HOME = { center: [108.9886, 11.5648] as [number, number], zoom: 12 };

/** The map, bound to the store in both directions. */
export function createMap(container: HTMLElement, style: StyleSpecification, app: App): Map {
  const { store, catalog } = app;
  const { view } = store.get();
  const map = new Map({
    container,
    style: withShown(style, catalog, catalog.shown(store.get())),
    locale: words(app.say()),
    attributionControl: false,
    maxPitch: 60,
    ...(view ? { center: [view.lon, view.lat], zoom: view.zoom } : style.center ? {} : HOME),
  });

  // Screen readers and tests alike want to know when the picture is complete.
  map.on('dataloading', () => container.setAttribute('aria-busy', 'true'));
  map.on('movestart', () => container.setAttribute('aria-busy', 'true'));
  map.on('idle', () => container.setAttribute('aria-busy', 'false'));

  map.on('moveend', () => store.set({ view: viewOf(map) }));
  // The style may place the map too, which is no move.
  map.once('load', () => store.set({ view: viewOf(map) }));
  store.on(['view'], ({ view: wanted }) => {
    if (wanted && JSON.stringify(wanted) !== JSON.stringify(viewOf(map))) {
      map.jumpTo({ center: [wanted.lon, wanted.lat], zoom: wanted.zoom });
    }
  });

  let shown = catalog.shown(store.get());
  store.on(['layers'], (state) => {
    const before = shown;
    shown = catalog.shown(state);
    for (const { layer, original } of ownLayers(map, style)) {
      const was = shownOf(before, original);
      const is = shownOf(shown, original);
      if (was?.opacity === is?.opacity) continue;
      map.setLayoutProperty(layer, 'visibility', is ? 'visible' : 'none');
      if (is) for (const [name, value] of opacities(original, is.opacity)) map.setPaintProperty(layer, name as PaintName, value as never);
    }
  });
  return map;
}

/** The controls MapLibre has of its own. They read their words when they are added, so a new language adds them anew. */
export function addMapLibreControls(map: Map, app: App): void {
  let controls: IControl[] = [];
  const add = () => {
    const say = app.say();
    for (const control of controls) map.removeControl(control);
    Object.assign(map._locale, words(say));
    map.getCanvas().setAttribute('aria-label', say('map.label'));
    const navigation = new NavigationControl({ visualizePitch: true });
    const locate = new GeolocateControl({ positionOptions: { enableHighAccuracy: true }, trackUserLocation: true });
    const scale = new ScaleControl({ unit: 'metric', maxWidth: 120 });
    const attribution = new AttributionControl({ compact: false });
    map.addControl(navigation, 'top-left').addControl(locate, 'top-left');
    map.addControl(attribution, 'bottom-left').addControl(scale, 'bottom-left');
    controls = [navigation, locate, scale, attribution];
  };
  add();
  app.store.on(['lang'], add);
}

/** The layers that a style draws as layers; what it draws as base map cannot be switched. */
export function drawnLayers(style: StyleSpecification): Set<string> {
  return new Set(style.layers.flatMap((layer) => layerOf(layer) ?? []));
}

/** The style layers of a layer. */
export function styleLayersOf(style: StyleSpecification, id: string): LayerSpecification[] {
  return style.layers.filter((layer) => layerOf(layer) === id);
}

function viewOf(map: Map) {
  const { lng, lat } = map.getCenter();
  return rounded({ zoom: map.getZoom(), lat, lon: lng });
}

/** The style as it comes follows the catalog; the address may want other layers from the first frame on. */
function withShown(style: StyleSpecification, catalog: Catalog, shown: readonly Shown[]): StyleSpecification {
  const layers = style.layers.map((layer) => {
    const id = layerOf(layer);
    if (id === undefined || !catalog.get(id)) return layer;
    const is = shownOf(shown, layer);
    const paint = is && is.opacity < 1 ? { ...layer.paint, ...Object.fromEntries(opacities(layer, is.opacity)) } : layer.paint;
    return { ...layer, layout: { ...layer.layout, visibility: is ? 'visible' : 'none' }, ...(paint && { paint }) } as LayerSpecification;
  });
  return { ...style, layers };
}

function* ownLayers(map: Map, style: StyleSpecification): Generator<{ layer: string; original: LayerSpecification }> {
  for (const original of style.layers) {
    if (layerOf(original) !== undefined && map.getLayer(original.id)) yield { layer: original.id, original };
  }
}

function opacities(layer: LayerSpecification, factor: number): [string, unknown][] {
  const paint = (layer.paint ?? {}) as Record<string, unknown>;
  return (OPACITIES[layer.type] ?? []).map((name) => [name, scaleOpacity(paint[name], factor)]);
}

function layerOf(layer: LayerSpecification): string | undefined {
  const id = (layer.metadata as Record<string, unknown> | undefined)?.['dothi:layer'];
  return typeof id === 'string' ? id : undefined;
}

function shownOf(shown: readonly Shown[], layer: LayerSpecification): Shown | undefined {
  return shown.find(({ id }) => id === layerOf(layer));
}

/**
 * Where the map opens if neither address nor style says: on the plan, if one is on; a layer of the whole country beside
 * it should not make the city a dot.
 */
export function placeOnLayers(map: Map, { store, catalog }: App): void {
  const plans = catalog.measurable(store.get());
  const ids = plans.length > 0 ? plans : catalog.shownIds(store.get());
  const boxes = ids.flatMap((id) => catalog.get(id)?.extent?.spatial?.bbox?.slice(0, 1) ?? []).filter((box) => box.length === 4);
  const edge = (place: number, pick: (...values: number[]) => number) => pick(...boxes.map((box) => box[place] as number));
  if (boxes.length > 0) fit(map, [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)], { animate: false });
}

function words(say: Speech): Record<string, string> {
  return {
    'AttributionControl.ToggleAttribution': say('map.attribution'),
    'GeolocateControl.FindMyLocation': say('map.locate'),
    'GeolocateControl.LocationNotAvailable': say('map.no-location'),
    'Map.Title': say('map.label'),
    'Marker.Title': say('map.marker'),
    'NavigationControl.ResetBearing': say('map.north'),
    'NavigationControl.ZoomIn': say('map.zoom-in'),
    'NavigationControl.ZoomOut': say('map.zoom-out'),
  };
}
