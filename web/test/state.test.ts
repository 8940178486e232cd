import { expect, test } from 'vitest';
import { close, open, type State, Store } from '../src/state';

const start: State = { view: null, layers: null, issues: [], lang: 'vi', at: null, feature: null, panels: [], drawing: false };

test('a listener hears only of the keys it named', () => {
  const store = new Store(start);
  let heard = 0;
  store.on(['lang'], () => (heard += 1));
  store.set({ panels: ['layers'] });
  store.set({ lang: 'en' });
  expect(heard).toBe(1);
});

test('setting an equal value tells nobody', () => {
  const store = new Store({ ...start, at: { lon: 108.9, lat: 11.5 } });
  let heard = 0;
  store.on(['at'], () => (heard += 1));
  store.set({ at: { lon: 108.9, lat: 11.5 } });
  expect(heard).toBe(0);
});

test('a listener that ended hears nothing more', () => {
  const store = new Store(start);
  let heard = 0;
  store.on(['lang'], () => (heard += 1))();
  store.set({ lang: 'en' });
  expect(heard).toBe(0);
});

test('on a wide screen an answer takes the place of another and leaves layers and legend', () => {
  expect(open(['layers', 'legend', 'here'], 'area', false)).toEqual(['layers', 'legend', 'area']);
  expect(open(['area'], 'layers', false)).toEqual(['area', 'layers']);
});

test('on a narrow screen one sheet is open at a time', () => {
  expect(open(['layers'], 'here', true)).toEqual(['here']);
});

test('closing a panel leaves the others', () => {
  expect(close(['layers', 'here'], 'here')).toEqual(['layers']);
});
