import type { IControl, Map } from 'maplibre-gl';
import type { Polygon } from 'geojson';
import * as api from '../api';
import type { Feature, NearAnswer, Position } from '../api';
import type { App } from '../catalog';
import { degrees, distance } from '../format';
import { counted } from '../locale';
import { Overlay } from '../overlay';
import { h, icon, uid } from '../parts/dom';
import { featureCard, select } from '../parts/feature';
import { type Frame, frame } from '../parts/panel';
import { failure, loading, note } from '../parts/status';
import { reveal } from '../view';

const LIMIT = 100;
const FARTHEST = 50_000;

/** “What is nearby?”: everything of the visible layers within a distance of a point, nearest first. */
export class NearControl implements IControl {
  private readonly frame: Frame;
  private readonly form = h('form', { class: 'near-form', novalidate: true });
  private readonly results = h('div', { class: 'near-results' });
  private readonly input = h('input', { id: uid('near'), type: 'text', inputmode: 'numeric', value: '300', size: 8 });
  private map!: Map;
  private circle!: Overlay;
  private picked!: Overlay;
  private asking = new AbortController();
  private asked: { at: Position; metres: number; answer?: NearAnswer; error?: unknown } | null = null;
  private off: (() => void)[] = [];

  constructor(private readonly app: App) {
    this.frame = frame(app, 'near', 'near.title');
  }

  onAdd(map: Map): HTMLElement {
    const { store } = this.app;
    this.map = map;
    this.circle = new Overlay(map, 'circle', 'near');
    this.picked = new Overlay(map, 'selection', 'near');
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.search();
    });
    this.frame.body.append(this.form, this.results);
    const isOpen = () => store.get().panels.includes('near');
    this.off = [
      store.on(['at'], () => isOpen() && store.get().at && this.search()),
      store.on(['layers'], () => isOpen() && this.asked && this.search()),
      store.on(['lang'], () => this.render()),
      store.on(['panels'], () => (isOpen() ? this.opened() : this.closed())),
    ];
    this.render();
    return this.frame.element;
  }

  onRemove(): void {
    for (const off of this.off) off();
    this.frame.element.remove();
  }

  private opened(): void {
    if (!this.asked) this.render();
    // A point that was just asked about is what “here” means.
    if (!this.asked && this.app.store.get().at) this.search();
  }

  private closed(): void {
    if (!this.asked) return;
    this.asking.abort();
    this.asked = null;
    this.circle.clear();
    this.picked.clear();
  }

  private search(): void {
    const metres = Number(
      this.input.value
        .trim()
        .replace(/[\s.,](?=\d{3}\b)/g, '')
        .replace(',', '.'),
    );
    const valid = metres >= 1 && metres <= FARTHEST;
    this.input.setAttribute('aria-invalid', String(!valid));
    if (!valid) return this.results.replaceChildren(h('p', { class: 'status failure', role: 'alert' }, this.app.say()('near.invalid')));
    const { lng, lat } = this.map.getCenter();
    const at = this.app.store.get().at ?? { lon: Number(lng.toFixed(6)), lat: Number(lat.toFixed(6)) };
    void this.ask(at, metres);
  }

  private async ask(at: Position, metres: number): Promise<void> {
    const { store, catalog } = this.app;
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.asked = { at, metres };
    this.circle.show([ringAround(at, metres), { type: 'Point', coordinates: [at.lon, at.lat] }]);
    this.picked.clear();
    const layers = catalog.shownIds(store.get());
    if (layers.length === 0) return this.results.replaceChildren(note(this.app.say()('near.no-layers')));
    this.results.replaceChildren(loading(this.app.say()('near.loading')));
    try {
      this.asked = { at, metres, answer: await api.near(at, { distance: metres, layers, limit: LIMIT }, signal) };
    } catch (error) {
      if (signal.aborted) return;
      this.asked = { at, metres, error };
    }
    if (signal.aborted) return;
    this.render();
    reveal(this.map, at);
  }

  private render(): void {
    const say = this.app.say();
    const button = h('button', { type: 'submit', class: 'primary' }, icon('search'), say('near.search'));
    this.form.replaceChildren(h('p', {}, say('near.intro')), h('label', { for: this.input.id }, say('near.distance')), this.input, button);
    const { asked } = this;
    if (!asked) return this.results.replaceChildren();
    if (asked.error) return this.results.replaceChildren(failure(asked.error, say, () => this.search()));
    if (asked.answer)
      this.results.replaceChildren(
        h('p', { class: 'hint' }, degrees(asked.at.lon, asked.at.lat)),
        ...this.answered(asked.answer, asked.metres),
      );
  }

  private answered({ features }: NearAnswer, metres: number): HTMLElement[] {
    const say = this.app.say();
    const within = { distance: distance(metres, say.lang) };
    if (features.length === 0) return [note(say('near.empty', within))];
    const head =
      features.length >= LIMIT
        ? say('near.truncated', { n: features.length, ...within })
        : counted(say, 'near.found', features.length, within);
    return [h('p', { class: 'status', role: 'status' }, head), ...features.map((feature) => this.card(feature))];
  }

  private card(feature: Feature): HTMLElement {
    const say = this.app.say();
    const layer = feature.layer ?? '';
    const title = this.app.catalog.title(layer, say.lang);
    const subtitle = feature.distance ? title : `${title} · ${say('near.at-point')}`;
    const onSelect = () => {
      select(this.results, card);
      this.picked.show(feature.geometry ? [feature.geometry] : []);
    };
    const card = featureCard(feature, this.app.catalog.get(layer), this.app, { selected: false, expanded: false, subtitle, onSelect });
    return card;
  }
}

/** A circle on the ground as a polygon; for drawing only, the server measures. */
function ringAround({ lon, lat }: Position, metres: number): Polygon {
  const degree = 111_320;
  const ring = Array.from({ length: 73 }, (_, step) => {
    const angle = (step * 5 * Math.PI) / 180;
    return [lon + ((metres / degree) * Math.cos(angle)) / Math.cos((lat * Math.PI) / 180), lat + (metres / degree) * Math.sin(angle)];
  });
  return { type: 'Polygon', coordinates: [ring] };
}
