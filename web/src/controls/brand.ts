import type { IControl } from 'maplibre-gl';
import type { App } from '../catalog';
import { h } from '../parts/dom';

/** The name of the page, on the page and on its tab. */
export class BrandControl implements IControl {
  private readonly element = h('div', { class: 'brand' });
  private off = () => {};

  constructor(private readonly app: App) {}

  onAdd(): HTMLElement {
    this.render();
    this.off = this.app.store.on(['lang'], () => this.render());
    return this.element;
  }

  onRemove(): void {
    this.off();
    this.element.remove();
  }

  private render(): void {
    const say = this.app.say();
    document.title = `${say('app.name')} · ${say('app.place')}`;
    this.element.replaceChildren(
      h('span', { class: 'mark', 'aria-hidden': 'true' }),
      h('h1', {}, h('span', {}, say('app.name')), ' ', h('small', {}, say('app.place'))),
    );
  }
}
