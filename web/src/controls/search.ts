import type { IControl, Map } from 'maplibre-gl';
import * as api from '../api';
import type { Position } from '../api';
import type { App } from '../catalog';
import { parseCoordinates } from '../coordinates';
import { h, icon, uid } from '../parts/dom';
import { failure } from '../parts/status';
import { close } from '../state';
import { goTo } from '../view';

/** Near enough to tell one house lot from the next. */
const CLOSE_ZOOM = 16;

/** The box that takes pasted coordinates, goes there and asks what is there. */
export class SearchControl implements IControl {
  private readonly input = h('input', { id: uid('search'), type: 'text', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'go' });
  private readonly message = h('div', { id: uid('search-message'), class: 'search-message', 'aria-live': 'polite' });
  private readonly label = h('label', { for: this.input.id, class: 'off-screen' });
  private readonly button = h('button', { type: 'submit', class: 'quiet' }, icon('search'));
  private readonly element = h(
    'form',
    { class: 'search', role: 'search', novalidate: true },
    this.label,
    this.input,
    this.button,
    this.message,
  );
  private map!: Map;
  private off = () => {};

  constructor(private readonly app: App) {}

  onAdd(map: Map): HTMLElement {
    this.map = map;
    this.input.setAttribute('aria-describedby', this.message.id);
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.go();
    });
    this.input.addEventListener('input', () => this.tell());
    this.words();
    this.off = this.app.store.on(['lang'], () => this.words());
    return this.element;
  }

  onRemove(): void {
    this.off();
    this.element.remove();
  }

  private words(): void {
    const say = this.app.say();
    this.label.textContent = say('search.label');
    this.input.placeholder = say('search.placeholder');
    this.button.setAttribute('aria-label', say('search.go'));
    this.button.title = say('search.go');
    this.tell();
  }

  private async go(): Promise<void> {
    const say = this.app.say();
    const parsed = parseCoordinates(this.input.value);
    if ('error' in parsed) return this.tell(say(parsed.error));
    if ('position' in parsed) return this.arrive(parsed.position);
    this.tell(say('search.loading'));
    try {
      // The server knows VN-2000; its answer to “what is here” names the point in degrees too.
      const { point } = await api.at(parsed.grid, { limit: 1 });
      this.tell();
      this.arrive(point);
    } catch (error) {
      this.tell(failure(error, say));
    }
  }

  private arrive({ lon, lat }: Position): void {
    const { store } = this.app;
    const at = { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
    this.input.blur();
    // “Nearby” would take the point for its own centre; here the question is what is at it.
    store.set({ panels: close(store.get().panels, 'near') });
    // Asked on arrival: how far beside the point still counts depends on the zoom.
    this.map.once('moveend', () => store.set({ at, feature: null }));
    goTo(this.map, at, Math.max(this.map.getZoom(), CLOSE_ZOOM));
  }

  private tell(message?: string | HTMLElement): void {
    this.input.setAttribute('aria-invalid', String(message !== undefined));
    this.message.replaceChildren(...(message === undefined ? [] : [message]));
  }
}
