import type { Panel } from '../state';
import type { App } from '../catalog';
import type { Key } from '../locale';
import { close } from '../state';
import { h, icon, uid } from './dom';

/** The frame all panels share: a heading, a button that closes, a body that scrolls. On a phone it is a sheet. */
export interface Frame {
  element: HTMLElement;
  body: HTMLElement;
}

export function frame(app: App, name: Panel, title: Key): Frame {
  const { store } = app;
  const id = uid('panel');
  const heading = h('h2', { id, tabindex: -1 });
  const shut = () => {
    store.set({ panels: close(store.get().panels, name) });
    document.querySelector<HTMLElement>(`[data-opens="${name}"]`)?.focus();
  };
  const button = h('button', { type: 'button', class: 'quiet', on: { click: shut } }, icon('close'));
  const body = h('div', { class: 'panel-body' });
  const element = h(
    'section',
    { class: 'panel', 'data-panel': name, 'data-covers': true, 'aria-labelledby': id, hidden: true },
    h('header', {}, heading, button),
    body,
  );
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !store.get().drawing) shut();
  });
  const words = () => {
    heading.textContent = app.say()(title);
    button.setAttribute('aria-label', app.say()('app.close'));
    button.title = app.say()('app.close');
  };
  const show = () => (element.hidden = !store.get().panels.includes(name));
  words();
  show();
  store.on(['lang'], words);
  store.on(['panels'], show);
  return { element, body };
}
