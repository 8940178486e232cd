import type { IControl } from 'maplibre-gl';
import type { App } from '../catalog';
import { h, icon } from '../parts/dom';

/** Says that the data has no legal value as long as any illustrative layer is on. It cannot be closed. */
export class NoticeControl implements IControl {
  private readonly element = h('p', { class: 'notice', role: 'note', 'data-covers': true });
  private off = () => {};

  constructor(private readonly app: App) {}

  onAdd(): HTMLElement {
    const { store, catalog } = this.app;
    const show = () => {
      this.element.hidden = !catalog.shownIds(store.get()).some((id) => catalog.get(id)?.illustrative);
      this.element.replaceChildren(icon('warning'), this.app.say()('notice'));
    };
    show();
    this.off = store.on(['layers', 'lang'], show);
    return this.element;
  }

  onRemove(): void {
    this.off();
    this.element.remove();
  }
}
