import { textOf } from '../locale';
import { h } from '../parts/dom';
import type { SourceLayer } from './api';
import { type Choices, keyOf, type Own } from './choices';
import { tally } from './plan';
import type { Known } from './sight';
import { count, type Say } from './words';

/** Layers that the server has: title, and the edition that is served. */
export type There = Map<string, { title: string; edition: number | undefined }>;

/** The circular's title of a class; else the source's own. */
export function titleOf({ conformance, title, name }: SourceLayer, say: Say): string {
  return textOf(conformance?.title, say.lang, title ?? name);
}

/** Whether the layer is new, takes the place of one, or adds to it. */
export function whatHappens({ id, how }: Own, there: There, say: Say): string {
  const known = there.get(id);
  if (!known) return say('as.new', { id });
  if (how === 'replace' && known.edition !== undefined) return say('as.replaces-edition', { title: known.title, id, n: known.edition });
  return say(`as.${how}s`, { title: known.title, id });
}

/** The layers of a file to choose from: whether it is wanted, what it is, what it becomes. */
export function list(say: Say, { found, choices }: Known, there: There, set: (change: Partial<Choices>) => void): HTMLElement {
  const planned = (own: Own) => (found.package ? { ...own, id: own.id.replace(found.package.id, choices.plan.id) } : own);
  const item = (layer: SourceLayer) => {
    const key = keyOf(layer, found);
    const own = choices.own.get(key) as Own;
    const title = titleOf(layer, say);
    // A class of the same name is in two themes.
    const theme = found.package?.themes.find((one) => one.theme === layer.conformance?.theme);
    const check = h('input', {
      type: 'checkbox',
      value: key,
      'aria-label': theme ? `${title} (${textOf(theme.title, say.lang, theme.theme)})` : title,
      checked: own.wanted,
      on: {
        change: () => {
          own.wanted = check.checked;
          set({});
        },
      },
    });
    const name = layer.conformance?.class ?? (title === layer.name ? undefined : layer.name);
    return h(
      'li',
      { 'aria-current': key === choices.shown && 'true', 'data-source': key },
      check,
      h(
        'button',
        { type: 'button', class: 'name', 'data-focus': `layer ${key}`, on: { click: () => set({ shown: key }) } },
        h('span', {}, title, ' ', name && h('small', {}, name)),
        h('span', {}, h('small', {}, size(layer, say)), ' ', layer.conformance && tally({ ...layer.conformance, notes: 0 }, say)),
        h('small', { class: own.wanted && there.has(planned(own).id) ? 'becomes there' : 'becomes' }, own.wanted ? whatHappens(planned(own), there, say) : say('as.left-out')),
      ),
    );
  };
  const ofTheme = (theme: string) => found.layers.filter(({ conformance }) => conformance?.theme === theme);
  const themes = found.package?.themes.map(({ theme, title }) => ({ title: textOf(title, say.lang, theme), layers: ofTheme(theme) })) ?? [];
  const rest = found.layers.filter(({ conformance }) => !conformance);
  const groups = themes.length > 0 ? [...themes, { title: say('plan.others', { n: rest.length }), layers: rest }] : [{ title: undefined, layers: rest }];
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, say('look.layers')),
    h('p', { class: 'hint' }, say('look.layers-hint')),
    all(say, choices, set),
    h(
      'div',
      { class: 'sources' },
      ...groups
        .filter(({ layers }) => layers.length > 0)
        .flatMap(({ title, layers }) => [title !== undefined && h('h3', {}, title), h('ul', { class: 'layers' }, ...layers.map(item))])
        .filter((one) => one !== false),
    ),
  );
}

function all(say: Say, { own }: Choices, set: (change: Partial<Choices>) => void): HTMLElement {
  const every = [...own.values()];
  const check = h('input', {
    type: 'checkbox',
    value: 'all',
    checked: every.every(({ wanted }) => wanted),
    on: {
      change: () => {
        for (const one of every) one.wanted = check.checked;
        set({});
      },
    },
  });
  check.indeterminate = !check.checked && every.some(({ wanted }) => wanted);
  return h('label', { class: 'check' }, check, say('look.all'));
}

function size({ count: n, geometry, raster }: SourceLayer, say: Say): string {
  if (raster) return `${say('look.raster')} · ${count(raster.width, say.lang)} × ${count(raster.height, say.lang)}`;
  const features = n === null ? say('look.unknown-count') : say('look.count', { n: count(n, say.lang) });
  return geometry ? features : `${features} · ${say('look.no-geometry')}`;
}
