import type { AreaClass, AreaLayer } from '../api';
import type { App } from '../catalog';
import { hectares, percent, squareMetres } from '../format';
import { counted, textOf } from '../locale';
import { chip } from './chip';
import { h } from './dom';

/** How much of each class of one layer lies in the polygon, largest first. */
export function areaTable(layer: AreaLayer, whole: number, app: App): HTMLElement {
  const say = app.say();
  // Only land-use codes have a colour of their own; other fields are just values.
  const official = layer.by !== undefined && layer.by === app.catalog.get(layer.layer)?.classField;
  const classes = [...layer.classes].sort((a, b) => b.area - a.area);
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, say('area.class')),
    h('th', { scope: 'col', class: 'number' }, say('area.size')),
    h('th', { scope: 'col', class: 'number' }, say('area.share')),
  );
  const share = whole > 0 ? layer.covered / whole : 0;
  return h(
    'table',
    { class: 'areas', 'data-layer': layer.layer },
    h('caption', {}, textOf(layer.titles, say.lang, layer.title)),
    h('thead', {}, head),
    h('tbody', {}, ...classes.map((one) => row(one, official, app))),
    h(
      'tfoot',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, say('area.covered')),
        size(layer.covered, app),
        h('td', { class: 'number' }, percent(share, say.lang)),
      ),
    ),
  );
}

function row(one: AreaClass, official: boolean, app: App): HTMLElement {
  const say = app.say();
  const value = one.value === null || one.value === '' ? '' : String(one.value);
  // The server's title is the newer knowledge; ours stands in where it has none.
  const name = textOf(one.title, say.lang, app.catalog.landUse.name(value, say.lang));
  const color = one.color ?? (official ? app.catalog.landUse.classOf(value).color : undefined);
  return h(
    'tr',
    { 'data-code': value },
    h(
      'th',
      { scope: 'row', title: counted(say, 'area.features', one.features) },
      h(
        'span',
        { class: 'class-name' },
        color && chip(color),
        h('span', {}, h('b', {}, value || say('area.no-value')), name && name !== value && h('small', {}, name)),
      ),
    ),
    size(one.area, app),
    h(
      'td',
      { class: 'number', 'data-share': one.share, vars: { '--share': String(Math.min(1, one.share)) } },
      h('span', { class: 'share' }, percent(one.share, say.lang)),
    ),
  );
}

function size(area: number, app: App): HTMLElement {
  const { lang } = app.say();
  return h('td', { class: 'number' }, hectares(area, lang), h('small', {}, squareMetres(area, lang)));
}
