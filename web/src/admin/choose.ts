import { h, uid } from '../parts/dom';
import type { Candidate, Reading } from './api';
import type { Say } from './words';

// What the server is not sure of, to choose from: the same before an import and in the middle of one.

export const ENCODINGS = ['UTF-8', 'TCVN3', 'VNI', 'VISCII', 'WINDOWS-1258', 'WINDOWS-1252'];

/** Ways to read the text, each with the values as it reads them. */
export function readings(all: Reading[], chosen: string | undefined, say: Say, choose: (encoding: string) => void): HTMLElement {
  const name = uid('encoding');
  const options = all.map(({ encoding, sample }) =>
    h(
      'label',
      { class: 'option' },
      h('input', { type: 'radio', name, value: encoding, checked: encoding === chosen, on: { change: () => choose(encoding) } }),
      h(
        'span',
        {},
        h('b', {}, encoding),
        sample.length === 0
          ? h('small', { class: 'block' }, say('text.no-values'))
          : h('span', { class: 'values' }, ...sample.map((value) => h('span', {}, value))),
      ),
    ),
  );
  return h('fieldset', {}, h('legend', {}, say('text.ask')), ...options);
}

/** A place to choose, as one value. */
export function placeKey(candidate: Pick<Candidate, 'srid' | 'swap_xy'>): string {
  return `EPSG:${candidate.srid}${candidate.swap_xy ? '/swap' : ''}`;
}

/** Systems that the coordinates may be in; the numbers are those of the boxes on the map. */
export function places(all: Candidate[], chosen: string | undefined, say: Say, choose: (candidate: Candidate) => void): HTMLElement {
  const name = uid('place');
  const options = all.map((candidate, at) =>
    h(
      'label',
      { class: 'option' },
      h('input', {
        type: 'radio',
        name,
        value: placeKey(candidate),
        checked: placeKey(candidate) === chosen,
        on: { change: () => choose(candidate) },
      }),
      h(
        'span',
        {},
        h('span', { class: 'index', 'aria-hidden': 'true' }, at + 1),
        h('b', {}, candidate.name),
        ' ',
        h('small', {}, `EPSG:${candidate.srid}`),
        h(
          'small',
          { class: 'block' },
          candidate.near ? near(candidate.near, say) : shares(candidate.place, say),
          candidate.swap_xy && ` · ${say('place.swap')}`,
        ),
      ),
    ),
  );
  return h('fieldset', {}, h('legend', {}, all.length > 0 ? say('place.ask') : say('place.none')), ...options);
}

function near([town, km]: [string, number], say: Say): string {
  return km === 0 ? say('place.at', { town }) : say('place.near', { town, km });
}

/** `37 % in the project area, 100 % in Vietnam`, in the reader's language. */
function shares(place: string, say: Say): string {
  return place
    .replace(/(\d+) % in the project area/, (_, n: string) => say('place.in-area', { n }))
    .replace(/(\d+) % in Vietnam/, (_, n: string) => say('place.in-vietnam', { n }));
}

/** Any other system, by its number. */
export function otherPlace(value: string | undefined, say: Say, choose: (srs: string | undefined) => void): HTMLElement {
  const id = uid('srs');
  const wrong = h('small', { class: 'wrong', role: 'alert' });
  const change = () => {
    const text = input.value.trim().replace(/^epsg:/i, '');
    const right = text === '' || /^\d{4,6}$/.test(text);
    wrong.textContent = right ? '' : say('place.wrong');
    input.setAttribute('aria-invalid', String(!right));
    if (right) choose(text === '' ? undefined : `EPSG:${text}`);
  };
  const input = h('input', { id, inputmode: 'numeric', size: 10, value: value?.replace(/^EPSG:/, '') ?? '', placeholder: '9217', on: { change } });
  return h('div', { class: 'field inline' }, h('label', { for: id }, say('place.other')), input, wrong);
}

export function otherEncoding(value: string | undefined, say: Say, choose: (encoding: string | undefined) => void): HTMLElement {
  const id = uid('other');
  const select = h(
    'select',
    { id, on: { change: () => choose(select.value || undefined) } },
    h('option', { value: '' }, say('text.auto')),
    ...ENCODINGS.map((encoding) => h('option', { value: encoding, selected: encoding === value }, encoding)),
  );
  return h('div', { class: 'field inline' }, h('label', { for: id }, say('text.other')), select);
}
