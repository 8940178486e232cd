import type { Collection, Feature } from '../api';
import type { App } from '../catalog';
import { attribute, distance } from '../format';
import type { Speech } from '../locale';
import { chip } from './chip';
import { h, icon, uid } from './dom';

interface Options {
  selected: boolean;
  expanded: boolean;
  /** Shown below the title: which layer it is of, where a list mixes layers. */
  subtitle?: string;
  onSelect: () => void;
}

/** One feature: a button that picks it and opens its attributes. */
export function featureCard(feature: Feature, layer: Collection | undefined, app: App, options: Options): HTMLElement {
  const say = app.say();
  const id = uid('feature');
  const away = feature.distance ? say('feature.distance', { distance: distance(feature.distance, say.lang) }) : '';
  const under = [options.subtitle, away].filter(Boolean).join(' · ');
  const value = classValue(feature, layer);
  const attributes = h('div', { id, hidden: !options.expanded }, fields(feature, layer, app));
  const button = h(
    'button',
    {
      type: 'button',
      class: 'feature-head',
      'aria-pressed': String(options.selected),
      'aria-expanded': String(options.expanded),
      'aria-controls': id,
      on: {
        click: () => {
          // A second press on the picked one folds it.
          const fold = card.classList.contains('selected') && !attributes.hidden;
          attributes.hidden = fold;
          button.setAttribute('aria-expanded', String(!fold));
          options.onSelect();
        },
      },
    },
    value !== undefined && chip(app.catalog.landUse.classOf(value).color),
    h('span', { class: 'feature-title' }, titleOf(feature, layer, app), under && h('small', {}, under)),
    icon('more'),
  );
  const card = h('article', { class: options.selected ? 'feature selected' : 'feature', 'data-feature': feature.id }, button, attributes);
  return card;
}

/** Marks another card as the picked one, without drawing the list anew (the focus would be lost). */
export function select(list: HTMLElement, card: HTMLElement): void {
  for (const other of list.querySelectorAll('.feature')) {
    other.classList.toggle('selected', other === card);
    other.querySelector('.feature-head')?.setAttribute('aria-pressed', String(other === card));
  }
}

export function titleOf(feature: Feature, layer: Collection | undefined, app: App): string {
  const say = app.say();
  const label = layer?.labelField ? feature.properties?.[layer.labelField] : undefined;
  const value = classValue(feature, layer);
  if (label !== null && label !== undefined && label !== '' && label !== value) return String(label);
  if (value !== undefined) return className(value, app, say);
  return say('feature.number', { id: feature.id ?? '?' });
}

/** `ODT – Đất ở tại đô thị`. */
export function className(value: string, app: App, say: Speech): string {
  const name = app.catalog.landUse.name(value, say.lang);
  return name ? `${value} – ${name}` : value;
}

function classValue(feature: Feature, layer: Collection | undefined): string | undefined {
  const value = layer?.classField ? feature.properties?.[layer.classField] : undefined;
  return value === null || value === undefined || value === '' ? undefined : String(value);
}

function fields(feature: Feature, layer: Collection | undefined, app: App): HTMLElement {
  const say = app.say();
  const properties = feature.properties ?? {};
  const described = layer?.fields ?? [];
  // In the order of the layer; what the layer does not describe comes after.
  const names = [
    ...described.map((field) => field.name).filter((name) => name in properties),
    ...Object.keys(properties).filter((name) => !described.some((field) => field.name === name)),
  ];
  if (names.length === 0) return h('p', { class: 'status' }, say('feature.no-fields'));
  const list = h('dl', { class: 'fields' });
  for (const name of names) {
    const field = described.find((one) => one.name === name);
    if (field?.format === 'binary') continue;
    const value = properties[name];
    const isClass = name === layer?.classField && value !== null && value !== undefined && value !== '';
    list.append(
      h('dt', {}, field?.title || name),
      h(
        'dd',
        { 'data-field': name },
        isClass && chip(app.catalog.landUse.classOf(String(value)).color),
        isClass ? className(String(value), app, say) : attribute(value, field, say),
      ),
    );
  }
  return list;
}
