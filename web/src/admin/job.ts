import { dateTime } from '../format';
import { h } from '../parts/dom';
import * as api from './api';
import { otherEncoding, otherPlace, placeKey, places, readings } from './choose';
import { badge } from './home';
import { button, card, failure, type Page, run, type View } from './page';
import { type Preview, previewMap } from './preview';
import { count, type Say, sayOr } from './words';

/** One import: how far it is, what it asks, what became of it. */
export function jobView(id: number): View {
  return (page) => {
    const column = h('div', { class: 'column' });
    const whole = h('div', {}, column);
    let preview: Preview | undefined;
    let shown = '';
    const show = (job: api.Job) => {
      // Progress comes often; whoever is answering is not disturbed by what is the same.
      const same = job.state === 'asking' && shown === JSON.stringify(job.questions);
      if (same) return;
      shown = job.state === 'asking' ? JSON.stringify(job.questions) : '';
      const questions = job.state === 'asking' ? (job.questions ?? []) : [];
      const where = questions.find((one) => one.ask === 'srs');
      if (where && !preview) whole.append((preview = previewMap(page.say, page.signal)).element);
      if (!where) {
        preview?.element.remove();
        preview = undefined;
      }
      whole.className = where ? 'two' : '';
      if (where) preview?.boxes(where.candidates);
      if (job.state === 'running' && update(column, job, page.say)) return;
      column.replaceChildren(...view(page, job, questions));
    };
    void run(
      page,
      () => api.follow(id, show, page.signal),
      (error) => column.replaceChildren(failure(error, page.say), button(page.say('back'), () => page.go({ view: 'home' }))),
    );
    return [whole];
  };
}

/** Moves the bar that is there, so that what has the keyboard keeps it. */
function update(column: HTMLElement, job: api.Job, say: Say): boolean {
  const bar = column.querySelector('progress');
  const step = column.querySelector('[data-step]');
  if (!bar || !step) return false;
  fill(bar, job);
  step.textContent = stepOf(job, say);
  return true;
}

function view(page: Page, job: api.Job, questions: api.Question[]): HTMLElement[] {
  const { say } = page;
  const hint = `job.${job.state}-hint`;
  const running = job.state === 'running' || job.state === 'queued';
  const bar = h('progress', { 'aria-label': say('job.running') });
  fill(bar, job);
  const cancel = button(say('job.cancel'), () => void run(page, async () => void (await api.cancel(job.id)), (error) => alert(String(error))));
  const again = job.upload && !running && job.state !== 'done' ? job.upload : undefined;
  return [
    h(
      'section',
      { class: 'card', 'data-state': job.state },
      h('div', { class: 'file' }, button(say('back'), () => page.go({ view: 'home' }), { class: 'link' }), h('h2', {}, job.source), badge(job, say(`job.${job.state}`))),
      running && bar,
      running && h('p', { 'data-step': true }, stepOf(job, say)),
      // What is asked says the same with more to see.
      job.error && job.state !== 'asking' && h('p', { class: 'status failure', role: 'alert', lang: 'en' }, job.error),
      h('p', { class: 'hint', role: 'status', hidden: sayOr(say, hint, '') === '' }, sayOr(say, hint, '')),
      h('p', { class: 'hint' }, `${say('job.title', { id: job.id })} · ${job.who} · ${dateTime(job.created, say.lang)}`),
      h(
        'div',
        { class: 'actions' },
        (running || job.state === 'asking') && cancel,
        again && job.state !== 'asking' && button(say('job.change'), () => page.go({ view: 'upload', id: again })),
        !running && job.state !== 'asking' && button(say('job.again'), () => page.go({ view: 'home' }), { class: job.state === 'done' ? 'quiet-wide' : '' }),
      ),
    ),
    ...(questions.length > 0 ? [ask(page, job, questions)] : []),
    ...(job.report ?? []).map((report) => account(page, job, report)),
  ];
}

function fill(bar: HTMLProgressElement, { state, progress }: api.Job): void {
  const { step, rows = 0, total } = progress;
  if (state === 'running' && step === 'read' && total) {
    bar.max = total;
    bar.value = Math.min(rows, total);
  } else if (step === 'checks' || step === 'index' || step === 'swap') {
    bar.max = 1;
    bar.value = 1;
  } else {
    bar.removeAttribute('value');
  }
}

function stepOf({ state, progress }: api.Job, say: Say): string {
  if (state === 'queued') return '';
  const { step = 'open', layer, rows = 0, total } = progress;
  const n = count(rows, say.lang);
  const named = { layer: layer ?? '', n, total: total ? count(total, say.lang) : '' };
  if (step === 'open') return rows > 0 ? say('job.step.survey', named) : say('job.step.open');
  if (step === 'read') return say(total ? 'job.step.read-of' : 'job.step.read', named);
  return sayOr(say, `job.step.${step}`, step).replace('{layer}', named.layer);
}

/** What must be said before it goes on. */
function ask(page: Page, job: api.Job, questions: api.Question[]): HTMLElement {
  const { say } = page;
  const said: api.Reads = {};
  const wrong = h('p', { class: 'status failure', role: 'alert', hidden: true });
  const place = (srs: string | undefined, swap = false) => Object.assign(said, { srs, swap_xy: swap || undefined });
  // One answer is for the whole file.
  const kinds = [...new Map(questions.map((one) => [one.ask, one])).values()];
  const parts = kinds.map((one) =>
    one.ask === 'encoding'
      ? h('div', {}, readings(one.candidates, undefined, say, (encoding) => (said.encoding = encoding)), otherEncoding(undefined, say, (encoding) => (said.encoding = encoding)))
      : h('div', {}, places(one.candidates, undefined, say, (to) => place(placeKey(to).split('/')[0], to.swap_xy)), otherPlace(undefined, say, place)),
  );
  const go = () => {
    const missing = kinds.find((one) => (one.ask === 'encoding' ? !said.encoding : !said.srs));
    wrong.hidden = !missing;
    if (missing) return void (wrong.textContent = say(missing.ask === 'encoding' ? 'as.first-text' : 'as.first-place'));
    void run(
      page,
      async () => void (await api.answer(job.id, said)),
      (error) => {
        wrong.hidden = false;
        wrong.textContent = error instanceof Error ? error.message : String(error);
      },
    );
  };
  return card(say('job.asking'), ...parts, wrong, h('div', { class: 'actions' }, button(say('job.answer'), go, { class: 'primary' })));
}

/** The account of one layer. */
function account(page: Page, job: api.Job, report: api.Report): HTMLElement {
  const { say } = page;
  const number = (n: number, word: 'report.read' | 'report.imported' | 'report.repaired' | 'report.aside') =>
    h('div', { 'data-number': word }, h('b', {}, count(n, say.lang)), h('small', {}, say(word)));
  const fact = (name: string, value: string | null | undefined) => (value ? [h('dt', {}, name), h('dd', {}, value)] : []);
  const { merged } = report;
  const crs = report.crs && `${report.crs.name}${report.srid ? ` (EPSG:${report.srid})` : ''}`;
  const download = async () => {
    const link = h('a', { href: URL.createObjectURL(await api.setAside(job.id, report.layer)), download: `${report.layer}.set-aside.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return h(
    'section',
    { class: 'card', 'data-layer': report.layer },
    h('h2', {}, report.title, ' ', h('small', {}, report.layer)),
    report.dry_run && h('p', { class: 'exists' }, say('report.dry')),
    h(
      'div',
      { class: 'numbers' },
      number(report.read, 'report.read'),
      number(report.imported, 'report.imported'),
      report.repaired > 0 && number(report.repaired, 'report.repaired'),
      report.set_aside > 0 && number(report.set_aside, 'report.aside'),
    ),
    merged && h('p', {}, say('report.merged', { inserted: merged.inserted, updated: merged.updated, unchanged: merged.unchanged })),
    h(
      'dl',
      { class: 'facts' },
      ...fact(say('report.crs'), crs),
      ...fact(say('report.text'), report.encoding.name),
      ...fact(say('report.edition'), report.edition ? String(report.edition) : undefined),
    ),
    report.notes.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, say('report.notes', { n: report.notes.length })),
        h('ul', { class: 'plain' }, ...report.notes.map((note) => h('li', { lang: 'en' }, note.count > 1 ? `${note.message} (${note.count}×)` : note.message))),
      ),
    report.repairs.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, say('report.repairs', { n: count(report.repaired, say.lang) })),
        h('ul', { class: 'plain' }, ...report.repairs.slice(0, 50).map((one) => h('li', {}, say('report.feature', { id: one.fid, reason: one.reason })))),
      ),
    h(
      'div',
      { class: 'actions' },
      !report.dry_run && h('a', { class: 'button primary', href: mapLink(report, say) }, say('report.show')),
      !report.dry_run && report.quality && h('a', { class: 'button', href: `/ogc/collections/${report.layer}/quality?f=html&lang=${say.lang}` }, say('report.quality')),
      report.set_aside > 0 && button(say('report.download'), () => void run(page, download, (error) => alert(String(error)))),
    ),
  );
}

/** The layer on the map, whole. */
function mapLink({ layer, bounds }: api.Report, say: Say): string {
  const parts = [`layers=${layer}`, `lang=${say.lang}`];
  if (bounds) {
    const [w, s, e, n] = bounds;
    // 700 pixels of 512 for a tile; Mercator makes heights a little more.
    const zoom = Math.log2((360 * 700) / 512 / Math.max(e - w, n - s, 1e-5));
    parts.unshift(`map=${Math.max(1, Math.min(17, zoom)).toFixed(2)}/${((s + n) / 2).toFixed(5)}/${((w + e) / 2).toFixed(5)}`);
  }
  return `/#${parts.join('&')}`;
}
