import type { IControl, Map } from 'maplibre-gl';
import * as api from '../api';
import type { AreaAnswer, AreaBody } from '../api';
import type { App } from '../catalog';
import { areaCsv } from '../csv';
import { Drawing } from '../draw';
import { hectares, squareMetres } from '../format';
import { counted } from '../locale';
import { areaTable } from '../parts/area-table';
import { h, icon } from '../parts/dom';
import { type Frame, frame } from '../parts/panel';
import { failure, loading, note } from '../parts/status';
import { freeRing } from '../view';

type Step =
  | { is: 'idle' }
  | { is: 'drawing'; corners: number }
  | { is: 'asking' }
  | { is: 'answered'; answer: AreaAnswer }
  | { is: 'failed'; error: unknown }
  | { is: 'nothing' };

/** “Area”: draws a polygon and shows how much of each class it holds. */
export class AreaControl implements IControl {
  private readonly frame: Frame;
  private map!: Map;
  private drawing!: Drawing;
  private polygon: AreaBody | null = null;
  private step: Step = { is: 'idle' };
  private asking = new AbortController();
  private off: (() => void)[] = [];

  constructor(private readonly app: App) {
    this.frame = frame(app, 'area', 'area.title');
  }

  onAdd(map: Map): HTMLElement {
    const { store } = this.app;
    this.map = map;
    this.drawing = new Drawing(map, {
      changed: (corners) => this.become({ is: 'drawing', corners }),
      finished: (polygon) => this.measure(polygon),
      cancelled: () => this.become({ is: 'idle' }),
    });
    this.off = [
      store.on(['lang'], () => this.render()),
      store.on(['layers'], () => this.polygon && this.isOpen() && this.measure(this.polygon)),
      store.on(['panels'], () => this.isOpen() || this.reset()),
    ];
    this.render();
    return this.frame.element;
  }

  onRemove(): void {
    for (const off of this.off) off();
    this.drawing.clear();
    this.frame.element.remove();
  }

  private isOpen(): boolean {
    return this.app.store.get().panels.includes('area');
  }

  private become(step: Step): void {
    this.step = step;
    this.app.store.set({ drawing: step.is === 'drawing' });
    this.render();
  }

  private reset(): void {
    if (this.step.is === 'idle' && !this.polygon) return;
    this.asking.abort();
    this.polygon = null;
    this.drawing.clear();
    this.become({ is: 'idle' });
  }

  private draw(): void {
    this.asking.abort();
    this.polygon = null;
    this.drawing.start();
  }

  private takeView(): void {
    const ring = freeRing(this.map);
    this.drawing.set(ring);
    this.measure({ type: 'Polygon', coordinates: [ring] });
  }

  private async measure(polygon: AreaBody): Promise<void> {
    const { store, catalog } = this.app;
    this.polygon = polygon;
    this.asking.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    const layers = catalog.measurable(store.get());
    if (layers.length === 0) return this.become({ is: 'nothing' });
    this.become({ is: 'asking' });
    try {
      const answer = await api.area(polygon, layers, signal);
      if (!signal.aborted) this.become({ is: 'answered', answer });
    } catch (error) {
      if (!signal.aborted) this.become({ is: 'failed', error });
    }
  }

  private render(): void {
    const say = this.app.say();
    const { step } = this;
    const start = h(
      'button',
      { type: 'button', class: 'primary', on: { click: () => this.draw() } },
      icon('area'),
      say(step.is === 'idle' ? 'area.draw' : 'area.redraw'),
    );
    const view = h('button', { type: 'button', on: { click: () => this.takeView() } }, icon('extent'), say('area.view'));
    const again = h('div', { class: 'actions' }, start, view);
    this.frame.body.replaceChildren(
      ...(step.is === 'drawing'
        ? this.corners(step.corners)
        : step.is === 'idle'
          ? [h('p', {}, say('area.intro')), again]
          : [...this.outcome(step), again]),
    );
  }

  private corners(corners: number): HTMLElement[] {
    const say = this.app.say();
    const button = (text: string, run: () => void, disabled = false, look?: string) =>
      h('button', { type: 'button', class: look, disabled, on: { click: run } }, text);
    return [
      h('p', {}, say('area.hint')),
      h('p', { class: 'status', role: 'status' }, counted(say, 'area.vertices', corners)),
      h(
        'div',
        { class: 'actions' },
        button(say('area.finish'), () => this.drawing.finish(), corners < 3, 'primary'),
        button(say('area.undo'), () => this.drawing.undo(), corners === 0),
        // For those who draw without a mouse: the arrow keys move the map, this sets the corner.
        button(say('area.add'), () => this.drawing.add(this.map.getCenter())),
        button(say('area.cancel'), () => this.drawing.cancel()),
      ),
    ];
  }

  private outcome(step: Step): HTMLElement[] {
    const say = this.app.say();
    if (step.is === 'asking') return [loading(say('area.loading'))];
    if (step.is === 'nothing') return [note(say('area.no-layers'))];
    if (step.is === 'failed') return [failure(step.error, say, () => this.polygon && this.measure(this.polygon))];
    if (step.is !== 'answered') return [];
    const { answer } = step;
    const how = answer.crs === 'geodesic' ? say('area.geodesic') : say('area.plane', { crs: answer.crs });
    const total = h(
      'div',
      { class: 'total' },
      h('small', {}, say('area.total')),
      h('strong', { 'data-area': answer.area }, hectares(answer.area, say.lang)),
      h('span', {}, squareMetres(answer.area, say.lang)),
      h('small', {}, how),
    );
    const layers = answer.layers.filter(({ classes }) => classes.length > 0);
    if (layers.length === 0) return [total, note(say('area.empty'))];
    const save = h(
      'button',
      { type: 'button', on: { click: () => download(say('area.file'), areaCsv(answer, this.app.say())) } },
      icon('download'),
      say('area.export'),
    );
    return [total, ...layers.map((layer) => areaTable(layer, answer.area, this.app)), h('div', { class: 'actions' }, save)];
  }
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
