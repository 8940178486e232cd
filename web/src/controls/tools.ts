import type { IControl } from 'maplibre-gl';
import type { App } from '../catalog';
import type { Key } from '../locale';
import { h, icon } from '../parts/dom';
import { close, open, type Panel } from '../state';
import { isNarrow } from '../view';

const TOOLS = [
  ['layers', 'tools.layers'],
  ['legend', 'tools.legend'],
  ['area', 'tools.area'],
  ['near', 'tools.near'],
] as const satisfies readonly (readonly [Panel, Key])[];

/** The buttons that open and close panels; on a phone the bar at the bottom. */
export class ToolsControl implements IControl {
  private readonly element = h('nav', { class: 'tools', 'data-covers': true });
  private off: (() => void)[] = [];

  constructor(private readonly app: App) {}

  onAdd(): HTMLElement {
    const { store } = this.app;
    const buttons = TOOLS.map(([panel, key]) => {
      const label = h('span');
      const toggle = () => {
        const { panels } = store.get();
        store.set({ panels: panels.includes(panel) ? close(panels, panel) : open(panels, panel, isNarrow()) });
      };
      const button = h('button', { type: 'button', 'data-opens': panel, on: { click: toggle } }, icon(panel), label);
      return { panel, key, button, label };
    });
    this.element.replaceChildren(...buttons.map(({ button }) => button));
    const words = () => {
      const say = this.app.say();
      this.element.setAttribute('aria-label', say('tools.label'));
      for (const { label, key } of buttons) label.textContent = say(key);
    };
    const show = () => {
      for (const { panel, button } of buttons) button.setAttribute('aria-expanded', String(store.get().panels.includes(panel)));
    };
    words();
    show();
    this.off = [store.on(['lang'], words), store.on(['panels'], show)];
    return this.element;
  }

  onRemove(): void {
    for (const off of this.off) off();
    this.element.remove();
  }
}
