import type { AtAnswer, Position } from '../api';
import { degrees, metres } from '../format';
import type { Speech } from '../locale';
import { h, icon } from './dom';

/** A position in both systems, each with a button that copies it. The VN-2000 line keeps its room until it is known. */
export function pointCard(where: Position, answer: AtAnswer['point'] | undefined, say: Speech): HTMLElement {
  const crs = answer?.crs ?? 'EPSG:9217';
  return h(
    'div',
    { class: 'place' },
    line(say('here.wgs84'), degrees(where.lon, where.lat), 'WGS 84', say),
    line(`${say('here.vn2000')} · ${crs}`, answer ? metres(answer.e, answer.n) : '', 'VN-2000', say),
  );
}

function line(label: string, text: string, system: string, say: Speech): HTMLElement {
  const name = say('here.copy', { system });
  const button = h('button', { type: 'button', class: 'quiet', 'aria-label': name, title: name, disabled: text === '' }, icon('copy'));
  button.addEventListener('click', async () => {
    await copy(text);
    button.replaceChildren(icon('check'));
    button.setAttribute('aria-label', say('here.copied'));
    setTimeout(() => {
      button.replaceChildren(icon('copy'));
      button.setAttribute('aria-label', name);
    }, 1500);
  });
  return h(
    'div',
    { class: 'place-line' },
    h('span', {}, h('small', {}, label), h('output', { 'data-system': system }, text || '…')),
    button,
  );
}

/** The clipboard is only offered to secure pages; a server in an office network is often plain HTTP. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const box = h('textarea', { readonly: true, class: 'off-screen', 'aria-hidden': 'true' });
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
}
