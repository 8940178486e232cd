import { isLang } from './locale';
import type { FeatureRef, Shown, State, Store, View } from './state';

/** The part of the state that an address carries. */
export type Addressed = Pick<State, 'view' | 'layers' | 'issues' | 'lang' | 'at' | 'feature'>;

const KEYS = ['view', 'layers', 'issues', 'lang', 'at', 'feature'] as const;

/** `#map=z/lat/lon&layers=a,b~60&quality=a&lang=vi&at=lon,lat&feature=layer/id`; `~60` is an opacity in per cent. */
export function encode(state: Addressed): string {
  const parts = [];
  if (state.view) parts.push(`map=${encodeView(state.view)}`);
  if (state.layers) parts.push(`layers=${state.layers.map(encodeLayer).join(',')}`);
  if (state.issues.length > 0) parts.push(`quality=${state.issues.map(encodeURIComponent).join(',')}`);
  parts.push(`lang=${state.lang}`);
  if (state.at) parts.push(`at=${fixed(state.at.lon, 6)},${fixed(state.at.lat, 6)}`);
  if (state.feature) parts.push(`feature=${encodeURIComponent(state.feature.layer)}/${encodeURIComponent(state.feature.id)}`);
  return `#${parts.join('&')}`;
}

/** Reads what `encode` writes. People edit addresses, so a part that makes no sense is as good as absent. */
export function decode(hash: string): Addressed {
  const parts = new Map(
    hash
      .replace(/^#/, '')
      .split('&')
      .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const lang = parts.get('lang');
  return {
    view: decodeView(parts.get('map')),
    layers: decodeLayers(parts.get('layers')),
    issues: (parts.get('quality') ?? '').split(',').filter(Boolean).map(plain),
    lang: isLang(lang) ? lang : 'vi',
    at: decodePosition(parts.get('at')),
    feature: decodeFeature(parts.get('feature')),
  };
}

/**
 * Keeps store and address bar the same. Moving the map or a slider replaces the entry (a history of every pan is of no use);
 * everything else (a layer, a point, the language) is a step one can go back from.
 */
export function bindAddress(store: Store, page: Window): void {
  let written = stepOf(store.get());
  let restoring = false;
  page.history.replaceState(null, '', encode(store.get()));
  store.on(KEYS, (state) => {
    if (restoring) return;
    const step = stepOf(state) !== written;
    written = stepOf(state);
    if (step) page.history.pushState(null, '', encode(state));
    else page.history.replaceState(null, '', encode(state));
  });
  // Also comes when somebody edits the part after the `#` by hand.
  page.addEventListener('popstate', () => {
    const wanted = decode(page.location.hash);
    restoring = true;
    store.set({ ...wanted, view: wanted.view ?? store.get().view });
    restoring = false;
    written = stepOf(store.get());
  });
}

/** What makes a step: neither the view nor the sliders of opacity, which change many times on their way. */
function stepOf(state: Addressed): string {
  return encode({ ...state, view: null, layers: state.layers && state.layers.map(({ id }) => ({ id, opacity: 1 })) });
}

/** What is kept of a view: a tenth of a pixel would be of no use to anybody. */
export function rounded(view: View): View {
  return { zoom: Number(view.zoom.toFixed(2)), lat: Number(view.lat.toFixed(5)), lon: Number(view.lon.toFixed(5)) };
}

function encodeView({ zoom, lat, lon }: View): string {
  return `${fixed(zoom, 2)}/${fixed(lat, 5)}/${fixed(lon, 5)}`;
}

function encodeLayer({ id, opacity }: Shown): string {
  const name = encodeURIComponent(id);
  return opacity < 1 ? `${name}~${Math.round(opacity * 100)}` : name;
}

function decodeView(text: string | undefined): View | null {
  const [zoom, lat, lon] = numbers(text, '/');
  if (zoom === undefined || lat === undefined || lon === undefined) return null;
  if (zoom < 0 || zoom > 24 || Math.abs(lat) > 85 || Math.abs(lon) > 180) return null;
  return { zoom, lat, lon };
}

function decodeLayers(text: string | undefined): Shown[] | null {
  if (text === undefined) return null;
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [id = '', percent] = part.split('~');
      const opacity = percent === undefined ? 1 : Number(percent) / 100;
      return { id: plain(id), opacity: opacity >= 0 && opacity <= 1 ? opacity : 1 };
    });
}

function decodePosition(text: string | undefined): State['at'] {
  const [lon, lat] = numbers(text, ',');
  if (lon === undefined || lat === undefined || Math.abs(lon) > 180 || Math.abs(lat) > 90) return null;
  return { lon, lat };
}

function decodeFeature(text: string | undefined): FeatureRef | null {
  const [layer, id] = (text ?? '').split('/');
  return layer && id ? { layer: plain(layer), id: plain(id) } : null;
}

function numbers(text: string | undefined, between: string): number[] {
  const read = (text ?? '').split(between).map((part) => (part.trim() === '' ? NaN : Number(part)));
  return read.every(Number.isFinite) ? read : [];
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone `%`
  }
}

/** Without trailing zeros, and never in exponent form. */
function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.?0+$/, '');
}
