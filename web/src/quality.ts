import type { FeatureCollection, Point, Position } from 'geojson';
import { type GeoJSONSource, type Map, type MapLayerMouseEvent, Popup } from 'maplibre-gl';
import * as api from './api';
import type { Issue } from './api';
import type { App } from './catalog';
import { h } from './parts/dom';

/** No official land-use colour, and far from the blue of what is picked. */
const WARNING = '#d4006a';
const WHITE = '#ffffff';

/** What is wrong in the layers that the store names, drawn over them; a click says it and leads to the features concerned. */
export class Issues {
  /** How many there are of each layer, or why that is not known. */
  private readonly found = new globalThis.Map<string, number | Error>();
  private readonly wanted = new Set<string>();
  private readonly ready: Promise<void>;
  private popup: Popup | undefined;

  /** `told` hears whenever something is found, or cannot be. */
  constructor(
    private readonly map: Map,
    private readonly app: App,
    private readonly told: () => void,
  ) {
    this.ready = new Promise((resolve) => (map.isStyleLoaded() === true ? resolve() : map.once('style.load', () => resolve())));
  }

  /** What was found in a layer that is shown; the error of one that could not be. */
  of(layer: string): number | Error | undefined {
    return this.found.get(layer);
  }

  /** Draws the layers that the store names, and no others. */
  follow(): void {
    const { issues } = this.app.store.get();
    for (const layer of issues.filter((one) => !this.wanted.has(one))) void this.show(layer);
    for (const layer of [...this.wanted].filter((one) => !issues.includes(one))) this.hide(layer);
  }

  private async show(layer: string): Promise<void> {
    this.wanted.add(layer);
    this.found.delete(layer);
    try {
      const [found] = await Promise.all([api.issues(layer), this.ready]);
      if (!this.wanted.has(layer)) return;
      this.draw(layer, found.features);
      this.found.set(layer, found.numberMatched);
    } catch (error) {
      this.wanted.delete(layer);
      this.found.set(layer, error instanceof Error ? error : new Error(String(error)));
      const { store } = this.app;
      store.set({ issues: store.get().issues.filter((one) => one !== layer) });
    }
    this.told();
  }

  private hide(layer: string): void {
    this.wanted.delete(layer);
    this.found.delete(layer);
    this.popup?.remove();
    this.put(layer, []);
  }

  private draw(layer: string, issues: Issue[]): void {
    const source = `quality/${layer}`;
    if (!this.map.getSource(source)) {
      this.map.addSource(source, { type: 'geojson', data: nothing() });
      this.map.addSource(`${source}/places`, { type: 'geojson', data: nothing() });
      const outline = { source, type: 'line' as const, layout: { 'line-join': 'round' as const } };
      this.map.addLayer({ id: `${source}/fill`, source, type: 'fill', paint: { 'fill-color': WARNING, 'fill-opacity': 0.25 } });
      this.map.addLayer({ ...outline, id: `${source}/casing`, paint: { 'line-color': WHITE, 'line-width': 4.5 } });
      this.map.addLayer({ ...outline, id: `${source}/line`, paint: { 'line-color': WARNING, 'line-width': 2 } });
      this.map.addLayer({
        id: `${source}/point`,
        source: `${source}/places`,
        type: 'circle',
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 3, 15, 5, 18, 7],
          'circle-color': WARNING,
          'circle-stroke-color': WHITE,
          'circle-stroke-width': 1.5,
        },
      });
      for (const part of ['point', 'fill']) {
        this.map.on('click', `${source}/${part}`, (event) => this.tell(layer, event));
        this.map.on('mouseenter', `${source}/${part}`, () => (this.map.getCanvas().style.cursor = 'pointer'));
        this.map.on('mouseleave', `${source}/${part}`, () => (this.map.getCanvas().style.cursor = ''));
      }
    }
    this.put(layer, issues);
  }

  private put(layer: string, issues: Issue[]): void {
    const source = `quality/${layer}`;
    const places = issues.flatMap((issue) => {
      const at = firstOf(issue.geometry && 'coordinates' in issue.geometry ? issue.geometry.coordinates : undefined);
      return at ? [{ ...issue, geometry: { type: 'Point', coordinates: at } as Point }] : [];
    });
    this.map.getSource<GeoJSONSource>(source)?.setData(collection(issues.filter(({ geometry }) => geometry?.type.endsWith('Polygon'))));
    this.map.getSource<GeoJSONSource>(`${source}/places`)?.setData(collection(places));
  }

  private tell(layer: string, event: MapLayerMouseEvent): void {
    // Each issue once, though its area and its point may both lie under the click.
    const hit = new globalThis.Map(event.features?.map((one) => [one.id, one.properties]));
    const { store } = this.app;
    const say = this.app.say();
    const items = [...hit.values()].slice(0, 5).map((issue) => {
      const message = String(issue[say.lang === 'en' ? 'messageEn' : 'message'] ?? '');
      const fids = Array.isArray(issue['fids']) ? (issue['fids'] as number[]) : [];
      const pick = (id: string) => store.set({ feature: { layer, id }, at: null });
      const links = fids.map((fid) =>
        h('button', { type: 'button', on: { click: () => pick(String(fid)) } }, say('quality.feature', { id: fid })),
      );
      return h('li', {}, h('p', {}, message), h('div', { class: 'issue-features' }, ...links));
    });
    this.popup?.remove();
    this.popup = new Popup({ maxWidth: '340px', className: 'issue' })
      .setLngLat(event.lngLat)
      .setDOMContent(h('ul', { class: 'issue-list' }, ...items))
      .addTo(this.map);
  }
}

/** The first position of any coordinates. */
export function firstOf(coordinates: unknown): Position | undefined {
  let at = coordinates;
  while (Array.isArray(at) && Array.isArray(at[0])) at = at[0] as unknown;
  return Array.isArray(at) && typeof at[0] === 'number' ? (at as Position) : undefined;
}

function collection(features: unknown[]): FeatureCollection {
  return { type: 'FeatureCollection', features: features as FeatureCollection['features'] };
}

function nothing(): FeatureCollection {
  return collection([]);
}
