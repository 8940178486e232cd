import type { IControl, Map } from 'maplibre-gl';
import { ApiError, type Collection } from '../api';
import { type App, faded, type Group, switched } from '../catalog';
import { dateTime, number } from '../format';
import { counted, textOf } from '../locale';
import { h, icon, uid } from '../parts/dom';
import { type Frame, frame } from '../parts/panel';
import { note } from '../parts/status';
import { Issues } from '../quality';
import { fit } from '../view';
import { root } from '../root';

/** The list of layers: what is on, how faint, where it is, whose it is. */
export class LayersControl implements IControl {
  private readonly frame: Frame;
  private map!: Map;
  private issues!: Issues;
  private off: (() => void)[] = [];
  /** Brings the switches in line with the store, without drawing the list anew. */
  private updates: (() => void)[] = [];

  constructor(private readonly app: App) {
    this.frame = frame(app, 'layers', 'layers.title');
  }

  onAdd(map: Map): HTMLElement {
    this.map = map;
    const update = () => this.updates.forEach((run) => run());
    this.issues = new Issues(map, this.app, update);
    this.render();
    this.issues.follow();
    this.off = [
      this.app.store.on(['lang'], () => this.render()),
      this.app.store.on(['issues'], () => this.issues.follow()),
      this.app.store.on(['layers', 'view', 'issues'], update),
    ];
    return this.frame.element;
  }

  onRemove(): void {
    for (const off of this.off) off();
    this.frame.element.remove();
  }

  private render(): void {
    const say = this.app.say();
    this.updates = [];
    const groups = this.app.catalog.groups(say).map((group) => this.group(group));
    this.frame.body.replaceChildren(...(groups.length > 0 ? groups : [note(say('layers.none'))]));
    for (const run of this.updates) run();
  }

  private group({ title, layers, parts }: Group): HTMLElement {
    const id = uid('group');
    const list = (some: Collection[]) => h('ul', {}, ...some.map((layer) => this.row(layer)));
    const inside = [
      ...(layers.length > 0 ? [list(layers)] : []),
      ...parts.flatMap((part) => [h('h4', {}, part.title), list(part.layers)]),
    ];
    const heading = h('h3', { id }, title);
    // A plan has many layers: it can be folded.
    const body = parts.length > 0 ? [h('details', { open: true }, h('summary', {}, heading), ...inside)] : [heading, ...inside];
    return h('section', { class: 'group', 'aria-labelledby': id }, ...body);
  }

  private row(layer: Collection): HTMLElement {
    const { store, catalog } = this.app;
    const say = this.app.say();
    const title = textOf(layer.titles, say.lang, layer.title);
    const [box, details] = [uid('layer'), uid('details')];
    const toggle = h('input', {
      type: 'checkbox',
      id: box,
      on: { change: () => store.set({ layers: switched(catalog.shown(store.get()), layer.id, toggle.checked) }) },
    });
    const hint = h('small', { class: 'hint' });
    const more = h(
      'button',
      {
        type: 'button',
        class: 'quiet more',
        'aria-expanded': 'false',
        'aria-controls': details,
        'aria-label': say('layers.details', { title }),
        on: { click: () => unfold() },
      },
      icon('more'),
    );
    const drawer = h('div', { id: details, class: 'layer-details', hidden: true }, ...this.details(layer));
    const unfold = () => {
      drawer.hidden = !drawer.hidden;
      more.setAttribute('aria-expanded', String(!drawer.hidden));
    };
    // The switch that is on should be seen.
    if (store.get().issues.includes(layer.id)) unfold();
    this.updates.push(() => {
      toggle.checked = catalog.shown(store.get()).some(({ id }) => id === layer.id);
      const seen = catalog.seenIds(store.get()).includes(layer.id);
      hint.textContent = toggle.checked && !seen ? say('layers.zoom-in') : '';
    });
    const badge = [
      layer.geometry === 'raster' && h('span', { class: 'badge kind' }, say('layers.raster')),
      layer.illustrative && h('span', { class: 'badge' }, say('layers.illustrative')),
    ];
    return h(
      'li',
      { class: 'layer', 'data-layer': layer.id },
      h('div', { class: 'layer-head' }, toggle, h('label', { for: box }, h('span', {}, title), ...badge, hint), more),
      drawer,
    );
  }

  /** The switch that shows what is wrong in the layer. */
  private quality(layer: Collection): HTMLElement[] {
    const { store } = this.app;
    const say = this.app.say();
    const id = uid('quality');
    const hint = h('small', { class: 'hint', role: 'status' });
    const others = () => store.get().issues.filter((one) => one !== layer.id);
    const box = h('input', { type: 'checkbox', id, on: { change: () => store.set({ issues: box.checked ? [...others(), layer.id] : others() }) } });
    const told = (found: number | Error | undefined) => {
      if (found === undefined) return '';
      if (typeof found === 'number') return found === 0 ? say('quality.none') : counted(say, 'quality.count', found);
      return found instanceof ApiError && found.kind === 'not-found' ? say('quality.unchecked') : found.message;
    };
    this.updates.push(() => {
      box.checked = store.get().issues.includes(layer.id);
      const text = told(this.issues.of(layer.id));
      if (hint.textContent !== text) hint.textContent = text;
    });
    const report = `${root}/ogc/collections/${encodeURIComponent(layer.id)}/quality?f=html&lang=${say.lang}`;
    return [
      h('div', { class: 'layer-quality' }, box, h('label', { for: id }, say('quality.show')), hint, h('a', { href: report }, say('quality.report'))),
    ];
  }

  private details(layer: Collection): HTMLElement[] {
    const { store, catalog } = this.app;
    const say = this.app.say();
    const slider = uid('opacity');
    const range = h('input', {
      type: 'range',
      id: slider,
      min: 0,
      max: 100,
      step: 5,
      on: { input: () => store.set({ layers: faded(catalog.shown(store.get()), layer.id, Number(range.value) / 100) }) },
    });
    const shown = h('output', { for: slider });
    this.updates.push(() => {
      const is = catalog.shown(store.get()).find(({ id }) => id === layer.id);
      range.disabled = !is;
      range.value = String(Math.round((is?.opacity ?? 1) * 100));
      shown.textContent = `${range.value}%`;
    });
    const box = layer.extent?.spatial?.bbox?.[0];
    const { raster } = layer;
    const pixel = raster && `${number(raster.resolution, say.lang)} m · ${raster.width} × ${raster.height}`;
    const facts: [string, string | undefined][] = [
      [say('layers.pixel'), pixel],
      [say('layers.attribution'), layer.attribution],
      [say('layers.licence'), layer.licence],
      [say('layers.updated'), layer.updated && dateTime(layer.updated, say.lang)],
    ];
    return [
      h('div', { class: 'opacity' }, h('label', { for: slider }, say('layers.opacity')), range, shown),
      h(
        'div',
        { class: 'layer-actions' },
        box && h('button', { type: 'button', on: { click: () => fit(this.map, box) } }, icon('extent'), say('layers.zoom')),
        layer.itemCount !== undefined && h('span', {}, counted(say, 'layers.count', layer.itemCount)),
      ),
      ...(raster ? [] : this.quality(layer)),
      ...(layer.description ? [h('p', {}, layer.description)] : []),
      h('dl', { class: 'facts' }, ...facts.flatMap(([name, text]) => (text ? [h('dt', {}, name), h('dd', {}, text)] : []))),
    ];
  }
}
