import { dateTime, percent } from '../format';
import { h } from '../parts/dom';
import * as api from './api';
import { asOne } from './pack';
import { button, card, failure, type Page, run, type View } from './page';
import { markOf, send } from './tus';
import { bytes, type Say } from './words';

/** Milliseconds between looks at the lists. */
const AGAIN = 3000;
/** Layers of an import that the list names. */
const LAYERS = 3;

type Dropped = File[] | 'folder';

/** Where a file is dropped, and what was uploaded and imported before. */
export const homeView: View = (page) => {
  const drop = h('div', {});
  const lists = h('div', { class: 'lists' });
  let largest = Infinity;
  let sending = false;
  const refresh = () =>
    run(
      page,
      async () => {
        const [{ uploads, largest: most }, { jobs }] = await Promise.all([api.uploads(), api.jobs()]);
        if (page.signal.aborted) return;
        if (largest !== most && !sending) drop.replaceChildren(dropZone(page, (largest = most), (files) => void take(files)));
        // Whoever is at a button there keeps it.
        if (!lists.contains(document.activeElement)) lists.replaceChildren(...listsOf(page, uploads, jobs, () => void refresh()));
      },
      (error) => lists.replaceChildren(failure(error, page.say, () => void refresh())),
    );
  const take = async (files: Dropped) => {
    sending = true;
    await upload(page, files, largest, drop, () => {
      sending = false;
      drop.replaceChildren(dropZone(page, largest, (again) => void take(again)));
    });
  };
  void refresh();
  const timer = setInterval(() => document.visibilityState === 'visible' && void refresh(), AGAIN);
  page.signal.addEventListener('abort', () => clearInterval(timer));
  return [h('div', { class: 'column' }, drop, lists)];
};

function dropZone({ say }: Page, largest: number, taken: (files: Dropped) => void): HTMLElement {
  const input = h('input', { type: 'file', multiple: true, class: 'off-screen', id: 'file', on: { change: () => taken([...(input.files ?? [])]) } });
  const zone = h(
    'div',
    {
      class: 'drop',
      on: {
        dragover: (event) => {
          event.preventDefault();
          zone.classList.add('over');
        },
        dragleave: () => zone.classList.remove('over'),
        drop: (event) => {
          event.preventDefault();
          zone.classList.remove('over');
          const items = [...(event.dataTransfer?.items ?? [])];
          // A file geodatabase is a folder, which no browser sends as it is.
          const folder = items.some((item) => item.webkitGetAsEntry()?.isDirectory);
          taken(folder ? 'folder' : [...(event.dataTransfer?.files ?? [])]);
        },
      },
    },
    h('p', { class: 'big' }, say('drop.title')),
    h('p', { class: 'hint' }, say('drop.or')),
    input,
    h('label', { for: 'file', class: 'button primary' }, say('drop.choose')),
    h('p', { class: 'hint' }, say('drop.formats')),
    h('p', { class: 'hint' }, say('drop.limit', { size: bytes(largest, say.lang) })),
  );
  return zone;
}

/** Sends what was dropped, and goes on to look at it. */
async function upload(page: Page, files: Dropped, largest: number, place: HTMLElement, again: () => void): Promise<void> {
  const { say } = page;
  const refuse = (text: string) => {
    again();
    place.append(h('p', { class: 'status failure', role: 'alert' }, text));
  };
  if (files === 'folder') return refuse(say('drop.folder'));
  if (files.length === 0) return again();
  const file = await asOne(files);
  if (typeof file === 'string') return refuse(say(`drop.${file}`));
  if (file.size === 0) return refuse(say('drop.empty'));
  if (file.size > largest) return refuse(say('drop.too-large', { size: bytes(file.size, say.lang), most: bytes(largest, say.lang) }));
  const stop = new AbortController();
  page.signal.addEventListener('abort', () => stop.abort());
  const bar = h('progress', { max: file.size, value: 0, 'aria-label': say('upload.sending', { name: file.name }) });
  const far = h('p', { class: 'hint' });
  const news = h('p', { class: 'hint', role: 'status' });
  const cancel = button(say('cancel'), () => {
    stop.abort();
    again();
  });
  place.replaceChildren(card(say('upload.sending', { name: file.name }), bar, far, news, h('div', { class: 'actions' }, cancel)));
  await run(
    page,
    async () => {
      const id = await send(file, file.name, markOf(file), {
        signal: stop.signal,
        told: (offset, size) => {
          bar.value = offset;
          far.textContent = say('upload.of', { done: bytes(offset, say.lang), size: bytes(size, say.lang) });
        },
        resumed: (offset) => (news.textContent = say('upload.resumed', { size: bytes(offset, say.lang) })),
        waiting: () => (news.textContent = say('upload.waiting')),
      });
      page.go({ view: 'upload', id });
    },
    (error) => {
      if (stop.signal.aborted) return;
      again();
      place.append(failure(error, say));
    },
  );
}

function listsOf(page: Page, uploads: api.Upload[], jobs: api.Job[], refresh: () => void): HTMLElement[] {
  const { say } = page;
  const files = uploads.map((one) =>
    h(
      'li',
      {},
      h(
        'div',
        { class: 'grow' },
        h('b', {}, one.name),
        ' ',
        h('small', {}, bytes(one.size, say.lang)),
        h(
          'small',
          { class: 'block' },
          one.whole
            ? say('upload.until', { date: dateTime(one.expires, say.lang) })
            : say('upload.unfinished', { percent: percent(one.offset / one.size, say.lang) }),
        ),
      ),
      h(
        'div',
        { class: 'row' },
        one.whole && button(say('upload.open'), () => page.go({ view: 'upload', id: one.id })),
        button(say('remove'), () => void run(page, async () => void (await api.remove(one.id), refresh()), page.complain), {
          'aria-label': say('upload.remove', { name: one.name }),
        }),
      ),
    ),
  );
  return [
    card(say('job.list'), jobs.length === 0 ? h('p', { class: 'status' }, say('job.none')) : table(page, jobs)),
    ...(files.length > 0 ? [card(say('upload.list'), h('ul', { class: 'files' }, ...files))] : []),
  ];
}

function table({ say }: Page, jobs: api.Job[]): HTMLElement {
  const rows = jobs.map((job) =>
    h(
      'tr',
      { 'data-job': job.id },
      h('td', {}, h('a', { href: `#job=${job.id}&lang=${say.lang}`, 'aria-label': say('job.show', { id: job.id }) }, job.source)),
      h('td', {}, badge(job, say(`job.${job.state}`))),
      h('td', {}, layersOf(job.layers, say)),
      h('td', {}, h('small', {}, job.who)),
      h('td', {}, h('small', {}, dateTime(job.created, say.lang))),
    ),
  );
  const heads = (['job.file', 'job.state', 'job.layers', 'job.who', 'job.when'] as const).map((word) => h('th', { scope: 'col' }, say(word)));
  return h('table', { class: 'jobs' }, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows));
}

/** The first of them: a planning package has many. */
function layersOf(ids: string[], say: Say): string {
  const more = ids.length - LAYERS;
  return more > 1 ? `${ids.slice(0, LAYERS).join(', ')} ${say('job.more-layers', { n: more })}` : ids.join(', ');
}

export function badge(job: api.Job, text: string): HTMLElement {
  return h('span', { class: 'state', 'data-state': job.state }, text);
}
