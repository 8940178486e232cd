import { expect, test } from 'vitest';
import type { Collection } from '../src/api';
import { Catalog, faded, switched } from '../src/catalog';
import { LandUse } from '../src/landuse';
import { speech } from '../src/locale';

const layer = (id: string, more: Partial<Collection> = {}): Collection => ({ id, title: id, geometry: 'polygon', ...more });
const catalog = new Catalog(
  [
    layer('plan', { position: 20, classField: 'maDat', visible: true, group: { vi: 'Quy hoạch', en: 'Planning' } }),
    layer('wards', { position: 30, group: { vi: 'Hành chính', en: 'Administrative' } }),
    layer('roads', { position: 10, geometry: 'line', visible: true, group: { vi: 'Quy hoạch', en: 'Planning' } }),
    layer('land', { position: 900 }),
    layer('prices', { geometry: 'none' }),
  ],
  new LandUse([]),
  new Set(['plan', 'wards', 'roads']),
);

test('layers are in map order, and only those that can be switched', () => {
  expect(catalog.layers.map(({ id }) => id)).toEqual(['roads', 'plan', 'wards']);
});

test('groups come in the order of their first layer', () => {
  expect(catalog.groups(speech('en')).map(({ title, layers }) => [title, layers.length])).toEqual([
    ['Planning', 2],
    ['Administrative', 1],
  ]);
});

test('the layers of a package stand under their plan, dataset by dataset', () => {
  const of = (id: string, dataset: string, position: number) =>
    layer(id, { group: { vi: `Phân khu 1: 2: ${dataset}` }, package: { id: 'pk1', dataset }, position });
  const plan = new Catalog([of('a', 'Giao thông', 1), of('b', 'Cấp nước', 2), of('c', 'Giao thông', 3)], new LandUse([]), new Set(['a', 'b', 'c']));
  const [group, ...others] = plan.groups(speech('vi'));
  expect(others).toEqual([]);
  expect(group?.title).toBe('Phân khu 1: 2');
  expect(group?.parts.map(({ title, layers }) => [title, layers.map(({ id }) => id)])).toEqual([
    ['Giao thông', ['a', 'c']],
    ['Cấp nước', ['b']],
  ]);
});

test('without layers in the address those of the catalog are on', () => {
  expect(catalog.shownIds({ layers: null })).toEqual(['roads', 'plan']);
  expect(catalog.shownIds({ layers: [] })).toEqual([]);
});

test('an address may name a layer that is no more', () => {
  expect(catalog.shownIds({ layers: [{ id: 'gone', opacity: 1 }, { id: 'wards', opacity: 1 }] })).toEqual(['wards']);
});

test('an area asks the classified layers, and plain ones only when there are no others', () => {
  expect(catalog.measurable({ layers: ['plan', 'wards', 'roads'].map((id) => ({ id, opacity: 1 })) })).toEqual(['plan']);
  expect(catalog.measurable({ layers: ['wards', 'roads'].map((id) => ({ id, opacity: 1 })) })).toEqual(['wards']);
  expect(catalog.measurable({ layers: [{ id: 'roads', opacity: 1 }] })).toEqual([]);
});

test('switching and fading change one layer', () => {
  const shown = switched([{ id: 'a', opacity: 0.5 }], 'b', true);
  expect(faded(shown, 'b', 0.2)).toEqual([{ id: 'a', opacity: 0.5 }, { id: 'b', opacity: 0.2 }]);
  expect(switched(shown, 'a', false)).toEqual([{ id: 'b', opacity: 1 }]);
});

test('a layer that is only drawn closer up is not asked about from afar', () => {
  const deep = new Catalog([layer('a', { minZoom: 12 }), layer('b')], new LandUse([]), new Set(['a', 'b']));
  const layers = ['a', 'b'].map((id) => ({ id, opacity: 1 }));
  expect(deep.seenIds({ layers, view: { zoom: 11.9, lat: 0, lon: 0 } })).toEqual(['b']);
  expect(deep.seenIds({ layers, view: { zoom: 12, lat: 0, lon: 0 } })).toEqual(['a', 'b']);
});
