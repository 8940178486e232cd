import type { IControl } from 'maplibre-gl';
import type { App } from '../catalog';
import type { Lang } from '../locale';
import { h } from '../parts/dom';

const NAMES: Record<Lang, string> = { vi: 'Tiếng Việt', en: 'English' };

/** Two buttons, each in its own language. */
export class LanguageControl implements IControl {
  private readonly element = h('div', { class: 'language', role: 'group' });
  private off = () => {};

  constructor(private readonly app: App) {}

  onAdd(): HTMLElement {
    const { store } = this.app;
    const buttons = (Object.keys(NAMES) as Lang[]).map((lang) =>
      h(
        'button',
        { type: 'button', lang, title: NAMES[lang], 'aria-label': NAMES[lang], on: { click: () => store.set({ lang }) } },
        lang.toUpperCase(),
      ),
    );
    this.element.replaceChildren(...buttons);
    const show = () => {
      const { lang } = store.get();
      document.documentElement.lang = lang;
      this.element.setAttribute('aria-label', this.app.say()('app.language'));
      for (const button of buttons) button.setAttribute('aria-pressed', String(button.lang === lang));
    };
    show();
    this.off = store.on(['lang'], show);
    return this.element;
  }

  onRemove(): void {
    this.off();
    this.element.remove();
  }
}
