import type { IControl, Map, MapMouseEvent } from 'maplibre-gl';
import { featureOf, meant, refOf, withoutNeighbours } from '../answer';
import * as api from '../api';
import type { AtAnswer, Position } from '../api';
import type { App } from '../catalog';
import { counted, textOf } from '../locale';
import { Overlay } from '../overlay';
import { h } from '../parts/dom';
import { featureCard, select } from '../parts/feature';
import { type Frame, frame } from '../parts/panel';
import { pointCard } from '../parts/point';
import { failure, loading, note } from '../parts/status';
import { close, type FeatureRef, open } from '../state';
import { boundsOf, fit, inView, isNarrow, metresPerPixel, reveal } from '../view';

/** How far beside a line or point a click still asks about it, and how near it must be to mean it alone. */
const CLICK_PIXELS = 6;
const TOUCH_PIXELS = 3;
/** A layer: enough for areas that lie over each other, and not every road of a neighbourhood. */
const LIMIT = 5;

/** What stands in the panel: a question under way, its answer, or its failure. */
type Content = { answer?: AtAnswer; error?: unknown };

/** “What is here?”: asks at the clicked point and shows what the visible layers have there. */
export class HereControl implements IControl {
  private readonly frame: Frame;
  private map!: Map;
  private overlay!: Overlay;
  private asking = new AbortController();
  private content: Content = {};
  private off: (() => void)[] = [];

  constructor(private readonly app: App) {
    this.frame = frame(app, 'here', 'here.title');
  }

  onAdd(map: Map): HTMLElement {
    const { store } = this.app;
    this.map = map;
    this.overlay = new Overlay(map, 'selection', 'here');
    map.on('click', this.onClick);
    map.getCanvas().addEventListener('keydown', this.onKey);
    this.off = [
      store.on(['at'], () => this.follow()),
      store.on(['layers'], () => this.isOpen() && this.ask()),
      store.on(['lang'], () => this.render()),
      store.on(['feature'], ({ feature, at }) => (feature && !at ? void this.openFeature() : this.highlight())),
      store.on(['panels'], () => this.onPanels()),
    ];
    if (store.get().at) this.follow();
    else if (store.get().feature) void this.openFeature();
    return this.frame.element;
  }

  onRemove(): void {
    this.map.off('click', this.onClick);
    this.map.getCanvas().removeEventListener('keydown', this.onKey);
    for (const off of this.off) off();
    this.frame.element.remove();
  }

  private readonly onClick = (event: MapMouseEvent): void => {
    // The second click of a double-click belongs to the zoom.
    if (event.originalEvent.detail > 1) return;
    this.point({ lon: event.lngLat.lng, lat: event.lngLat.lat });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { lng, lat } = this.map.getCenter();
    if (event.key === 'Enter') this.point({ lon: lng, lat });
  };

  private point({ lon, lat }: Position): void {
    const { store } = this.app;
    if (store.get().drawing) return;
    const at = { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
    // While “nearby” is open a click moves its centre; that panel answers itself.
    const panels = store.get().panels.includes('near') ? store.get().panels : open(store.get().panels, 'here', isNarrow());
    store.set({ at, feature: null, panels });
  }

  private isOpen(): boolean {
    return this.app.store.get().panels.includes('here');
  }

  private follow(): void {
    const { store } = this.app;
    const { at, panels } = store.get();
    if (panels.includes('near')) return;
    if (!at) return store.set({ panels: close(panels, 'here') });
    store.set({ panels: open(panels, 'here', isNarrow()) });
    void this.ask();
  }

  /** A closed panel leaves nothing on the map, and nothing in the address. */
  private onPanels(): void {
    if (this.isOpen()) return;
    this.asking.abort();
    this.overlay.clear();
    if (!this.app.store.get().panels.includes('near')) this.app.store.set({ at: null, feature: null });
  }

  private async ask(): Promise<void> {
    const { store, catalog } = this.app;
    const { at, view } = store.get();
    if (!at) return;
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.content = {};
    this.render();
    try {
      const layers = catalog.seenIds(store.get());
      const tolerance = Math.min(1000, Number((CLICK_PIXELS * metresPerPixel(view?.zoom ?? 12, at.lat)).toFixed(1)));
      // Without a layer there is nothing to ask, but the position in VN-2000 is still wanted.
      const answer = await api.at(at, layers.length > 0 ? { layers, tolerance, limit: LIMIT } : { limit: 1 }, signal);
      this.content = { answer: { ...answer, layers: layers.length > 0 ? withoutNeighbours(answer.layers) : [] } };
    } catch (error) {
      if (signal.aborted) return;
      this.content = { error };
    }
    if (signal.aborted) return;
    this.render();
    // Only now is the panel as tall as it will be.
    reveal(this.map, at);
  }

  /** An address may name a feature and no point. */
  private async openFeature(): Promise<void> {
    const { store } = this.app;
    const { feature, panels } = store.get();
    if (!feature) return;
    store.set({ panels: open(panels, 'here', isNarrow()) });
    this.frame.body.replaceChildren(loading(this.app.say()('here.loading')));
    try {
      const found = await api.item(feature.layer, feature.id);
      const card = featureCard(found, this.app.catalog.get(feature.layer), this.app, {
        selected: true,
        expanded: true,
        onSelect: () => {},
      });
      this.frame.body.replaceChildren(h('h3', {}, this.app.catalog.title(feature.layer, this.app.say().lang)), card);
      if (!found.geometry) return;
      this.overlay.show([found.geometry]);
      if (!inView(this.map, found.geometry)) fit(this.map, boundsOf(found.geometry));
    } catch (error) {
      const gone = error instanceof api.ApiError && error.kind === 'not-found';
      this.frame.body.replaceChildren(
        gone ? note(this.app.say()('here.gone')) : failure(error, this.app.say(), () => void this.openFeature()),
      );
    }
  }

  private render(): void {
    const say = this.app.say();
    const { at, feature } = this.app.store.get();
    if (!at) return feature && this.isOpen() ? void this.openFeature() : undefined;
    const { answer, error } = this.content;
    const parts: HTMLElement[] = [pointCard(at, answer?.point, say)];
    if (error) parts.push(failure(error, say, () => void this.ask()));
    else if (!answer) parts.push(loading(say('here.loading')));
    else parts.push(...this.answered(answer));
    this.frame.body.replaceChildren(...parts);
    this.highlight();
  }

  private answered(answer: AtAnswer): HTMLElement[] {
    const say = this.app.say();
    const { store, catalog } = this.app;
    if (catalog.shownIds(store.get()).length === 0) return [note(say('here.no-layers'))];
    const { layers } = answer;
    const count = layers.reduce((sum, { features }) => sum + features.length, 0);
    if (count === 0) return [note(say('here.empty'))];
    const picked = this.picked();
    const sections = layers.map(({ layer, title, titles, features, truncated }) => {
      const collection = catalog.get(layer);
      const cards = features.map((feature, row) => {
        const selected = picked?.layer === layer && picked.id === String(feature.id);
        const onSelect = () => {
          select(this.frame.body, card);
          store.set({ feature: refOf(layer, feature) });
        };
        const card = featureCard(feature, collection, this.app, { selected, expanded: selected || (row === 0 && !feature.distance), onSelect });
        return card;
      });
      return h(
        'section',
        { class: 'answers', 'data-layer': layer },
        h('h3', {}, textOf(titles, say.lang, title), collection?.illustrative && h('span', { class: 'badge' }, say('layers.illustrative'))),
        ...cards,
        truncated && h('p', { class: 'hint' }, say('here.truncated', { n: features.length })),
      );
    });
    return [h('p', { class: 'off-screen', role: 'status' }, counted(say, 'here.found', count)), ...sections];
  }

  /** What was picked in the list, or what the click most likely meant. */
  private picked(): FeatureRef | null {
    const { feature, at, view } = this.app.store.get();
    if (feature || !at || !this.content.answer) return feature;
    return meant(this.content.answer.layers, TOUCH_PIXELS * metresPerPixel(view?.zoom ?? 12, at.lat));
  }

  private highlight(): void {
    if (!this.isOpen()) return;
    const feature = this.content.answer && featureOf(this.content.answer.layers, this.picked());
    const { at } = this.app.store.get();
    if (!at) return;
    this.overlay.show([...(feature?.geometry ? [feature.geometry] : []), { type: 'Point', coordinates: [at.lon, at.lat] }]);
  }
}
