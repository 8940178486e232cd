import { expect, test } from 'vitest';
import { type Addressed, bindAddress, decode, encode } from '../src/address';
import { type State, Store } from '../src/state';

const full: Addressed = {
  view: { zoom: 14.25, lat: 11.5648, lon: 108.9886 },
  layers: [
    { id: 'qh_su_dung_dat_2030', opacity: 1 },
    { id: 'giao_thong', opacity: 0.6 },
  ],
  issues: ['qh_su_dung_dat_2030'],
  lang: 'en',
  at: { lon: 108.988612, lat: 11.5648 },
  feature: { layer: 'qh_su_dung_dat_2030', id: '12' },
};
const bare: Addressed = { view: null, layers: null, issues: [], lang: 'vi', at: null, feature: null };

test('a state comes back from its address', () => {
  expect(decode(encode(full))).toEqual(full);
  expect(decode(encode(bare))).toEqual(bare);
});

test('an address is short and can be read', () => {
  expect(encode(full)).toBe(
    '#map=14.25/11.5648/108.9886&layers=qh_su_dung_dat_2030,giao_thong~60&quality=qh_su_dung_dat_2030&lang=en&at=108.988612,11.5648&feature=qh_su_dung_dat_2030/12',
  );
});

test('no layer at all is something else than the layers of the catalog', () => {
  expect(decode('#layers=').layers).toEqual([]);
  expect(decode('').layers).toBeNull();
});

test('ids with signs of their own survive', () => {
  const odd = { ...bare, issues: ['a,b'], layers: [{ id: 'a,b&c=ô', opacity: 1 }], feature: { layer: 'x/y', id: '1' } };
  expect(decode(encode(odd))).toEqual(odd);
});

test.each([
  '#map=abc',
  '#map=14/11.5',
  '#map=99/11/108',
  '#map=12/95/108',
  '#at=1',
  '#at=,',
  '#lang=fr',
  '#feature=x',
  '#layers',
  '#%%%',
  '#map=//',
])('what makes no sense in an address is as good as absent: %s', (hash) => expect({ ...decode(hash), layers: null }).toEqual(bare));

test('an impossible opacity is a full one', () => {
  expect(decode('#layers=a~900,b~x').layers).toEqual([
    { id: 'a', opacity: 1 },
    { id: 'b', opacity: 1 },
  ]);
});

// A window with just as much history as the address needs.
function page(hash = '') {
  const entries = [hash];
  const listeners: (() => void)[] = [];
  const location = { hash };
  const history = {
    pushState: (_: unknown, __: string, to: string) => void (entries.push(to), (location.hash = to)),
    replaceState: (_: unknown, __: string, to: string) => void (entries.splice(-1, 1, to), (location.hash = to)),
  };
  const back = () => {
    entries.pop();
    location.hash = entries.at(-1) ?? '';
    listeners.forEach((run) => run());
  };
  const window = { location, history, addEventListener: (_: string, run: () => void) => listeners.push(run) };
  return { window: window as unknown as Window, entries, back };
}

function state(part: Partial<State>): State {
  return { ...bare, panels: [], drawing: false, ...part };
}

test('moving the map replaces the entry, a point is a step to go back from', () => {
  const store = new Store(state({ view: { zoom: 12, lat: 11.5, lon: 109 } }));
  const { window, entries, back } = page();
  bindAddress(store, window);
  store.set({ view: { zoom: 13, lat: 11.5, lon: 109 } });
  expect(entries).toHaveLength(1);
  store.set({ at: { lon: 109, lat: 11.5 } });
  store.set({ view: { zoom: 15, lat: 11.5, lon: 109 } });
  expect(entries).toHaveLength(2);
  back();
  expect(store.get().at).toBeNull();
  expect(store.get().view?.zoom).toBe(13);
  expect(entries).toHaveLength(1);
});

test('sliding the opacity is no step, switching a layer is', () => {
  const store = new Store(state({ layers: [{ id: 'a', opacity: 1 }] }));
  const { window, entries } = page();
  bindAddress(store, window);
  store.set({ layers: [{ id: 'a', opacity: 0.6 }] });
  expect(entries).toEqual(['#layers=a~60&lang=vi']);
  store.set({ layers: [] });
  expect(entries).toHaveLength(2);
});

test('panels and drawing are not part of the address', () => {
  const store = new Store(state({}));
  const { window, entries } = page();
  bindAddress(store, window);
  store.set({ panels: ['area'], drawing: true });
  expect(entries).toEqual(['#lang=vi']);
});
