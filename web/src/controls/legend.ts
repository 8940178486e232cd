import type { IControl, Map, StyleSpecification } from 'maplibre-gl';
import type { Collection } from '../api';
import type { App } from '../catalog';
import { type LandUseClass, legendOf } from '../landuse';
import { styleLayersOf } from '../map';
import { type Symbol, symbolsOf } from '../paint';
import { chip } from '../parts/chip';
import { h } from '../parts/dom';
import { type Frame, frame } from '../parts/panel';
import { note } from '../parts/status';

/** What the colours mean: for classified layers the codes that are in the view, for the others their own symbol. */
export class LegendControl implements IControl {
  private readonly frame: Frame;
  private map!: Map;
  private off: (() => void)[] = [];
  private drawn = '';
  private restOpen = false;

  constructor(
    private readonly app: App,
    private readonly style: StyleSpecification,
  ) {
    this.frame = frame(app, 'legend', 'legend.title');
  }

  onAdd(map: Map): HTMLElement {
    this.map = map;
    const render = () => this.render();
    map.on('idle', render);
    this.off = [this.app.store.on(['lang', 'layers', 'panels'], render), () => map.off('idle', render)];
    render();
    return this.frame.element;
  }

  onRemove(): void {
    for (const off of this.off) off();
    this.frame.element.remove();
  }

  private render(): void {
    const { store, catalog } = this.app;
    if (!store.get().panels.includes('legend')) return;
    const layers = catalog
      .seenIds(store.get()).flatMap((id) => catalog.get(id) ?? []);
    layers.sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    const values = new globalThis.Map(layers.filter((one) => one.classField).map((one) => [one.id, this.valuesInView(one)]));
    // `idle` comes often; the list is only drawn anew when it would look different.
    const wanted = JSON.stringify([store.get().lang, layers.map(({ id }) => [id, values.get(id)])]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    const say = this.app.say();
    if (layers.length === 0) return this.frame.body.replaceChildren(note(say('legend.empty')));
    this.frame.body.replaceChildren(
      ...layers.map((layer) => this.section(layer, values.get(layer.id))),
      ...this.rest([...values.values()].flat()),
    );
  }

  private section(layer: Collection, values: string[] | undefined): HTMLElement {
    const say = this.app.say();
    const symbols = values ? [] : symbolsOf(styleLayersOf(this.style, layer.id));
    const [only] = symbols;
    // One symbol needs no list: it stands for the layer itself.
    if (only && symbols.length === 1)
      return h(
        'ul',
        { class: 'legend single', 'data-layer': layer.id },
        this.symbol({ ...only, value: this.app.catalog.title(layer.id, say.lang) }),
      );
    const rows = values ? this.classes(values) : symbols.map((symbol) => this.symbol(symbol));
    const empty = say(values ? 'legend.not-in-view' : 'legend.no-symbol');
    return h(
      'section',
      { class: 'legend', 'data-layer': layer.id },
      h('h3', {}, this.app.catalog.title(layer.id, say.lang)),
      rows.length > 0 ? h('ul', {}, ...rows) : h('p', { class: 'status' }, empty),
    );
  }

  private classes(values: string[]): HTMLElement[] {
    return legendOf(values, this.app.catalog.landUse).present.map((one) => this.row(one));
  }

  /** The rest of the official list, folded, once for all classified layers. */
  private rest(values: string[]): HTMLElement[] {
    const say = this.app.say();
    const { rest } = legendOf(values, this.app.catalog.landUse);
    const classified = this.app.catalog.shownIds(this.app.store.get()).some((id) => this.app.catalog.get(id)?.classField);
    const coded = values.length === 0 || values.some((value) => !this.app.catalog.landUse.functionOf(value));
    if (!classified || !coded || rest.length === 0) return [];
    const details = h(
      'details',
      { class: 'legend', open: this.restOpen },
      h('summary', {}, say('legend.rest', { n: rest.length })),
      h('ul', {}, ...rest.map((one) => this.row(one))),
    );
    details.addEventListener('toggle', () => (this.restOpen = details.open));
    return [details];
  }

  private row({ value, color, official }: LandUseClass): HTMLElement {
    const say = this.app.say();
    const name = value === '' ? say('legend.no-code') : official ? this.app.catalog.landUse.name(value, say.lang) : say('legend.unknown');
    return h('li', { 'data-code': value }, chip(color), h('b', {}, value || '–'), h('span', {}, name));
  }

  private symbol({ kind, color, outline, value }: Symbol): HTMLElement {
    const say = this.app.say();
    const vars = { '--chip': color, '--edge': outline ?? 'rgb(0 0 0 / 0.35)' } as const;
    const name = value === undefined ? '' : value === null ? say('legend.else') : value;
    return h('li', {}, h('span', { class: `symbol ${kind}`, 'aria-hidden': 'true', vars }), name && h('span', {}, name));
  }

  private valuesInView(layer: Collection): string[] {
    const drawn = styleLayersOf(this.style, layer.id)
      .filter((one) => one.type !== 'symbol' && this.map.getLayer(one.id))
      .map((one) => one.id);
    if (drawn.length === 0) return [];
    const values = new Set<string>();
    for (const feature of this.map.queryRenderedFeatures({ layers: drawn, validate: false })) {
      const value: unknown = feature.properties[layer.classField ?? ''];
      values.add(value === null || value === undefined ? '' : String(value));
    }
    return [...values].sort();
  }
}
