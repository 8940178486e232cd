import { dateTime } from '../format';
import { h } from '../parts/dom';
import { account, planAccount } from './account';
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
    // Stays while the rest is drawn anew: only what changes in a place that was there is read out.
    const news = h('p', { class: 'off-screen', role: 'status' });
    const whole = h('div', {}, news, column);
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
      const said = spoken(job, page.say);
      if (news.textContent !== said) news.textContent = said;
      if (job.state === 'running' && update(column, job, page.say)) return;
      const had = column.contains(document.activeElement);
      column.replaceChildren(...view(page, job, questions));
      // What had the keyboard is gone; the heading is near.
      if (had) column.querySelector<HTMLElement>('h2')?.focus();
    };
    void run(
      page,
      () => api.follow(id, show, page.signal),
      (error) => column.replaceChildren(failure(error, page.say), button(page.say('back'), () => page.go({ view: 'home' }))),
    );
    return [whole];
  };
}

/** State and step without the numbers, which change too often to be read out. */
function spoken({ state, progress, source }: api.Job, say: Say): string {
  const { step = 'open', layer } = progress;
  const what = state === 'running' ? sayOr(say, `job.doing.${step}`, '').replace('{layer}', layer ?? '') : '';
  return [source, say(`job.${state}`), what].filter(Boolean).join('. ');
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
  const cancel = button(say('job.cancel'), () => void run(page, async () => void (await api.cancel(job.id)), page.complain));
  const again = job.upload && !running && job.state !== 'done' ? job.upload : undefined;
  return [
    h(
      'section',
      { class: 'card', 'data-state': job.state },
      h('div', { class: 'file' }, button(say('back'), () => page.go({ view: 'home' }), { class: 'link' }), h('h2', { tabindex: -1 }, job.source), badge(job, say(`job.${job.state}`))),
      running && bar,
      running && h('p', { 'data-step': true }, stepOf(job, say)),
      // What is asked says the same with more to see.
      job.error && job.state !== 'asking' && h('p', { class: 'status failure', role: 'alert', lang: 'en' }, job.error),
      h('p', { class: 'hint', hidden: sayOr(say, hint, '') === '' }, sayOr(say, hint, '')),
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
    ...(job.package ? [planAccount(page, job, job.package)] : (job.report ?? []).map((report) => account(page, job, report))),
  ];
}

function fill(bar: HTMLProgressElement, { state, progress }: api.Job): void {
  const { step, rows = 0, total } = progress;
  if (state === 'running' && (step === 'read' || step === 'cut') && total) {
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
  if (step === 'cut') return say('job.step.cut', named);
  return sayOr(say, `job.step.${step}`, step).replace('{layer}', named.layer);
}

/** What must be said before it goes on: once for the layers of which the same is asked. */
function ask(page: Page, job: api.Job, questions: api.Question[]): HTMLElement {
  const { say } = page;
  const wrong = h('p', { class: 'status failure', role: 'alert', hidden: true });
  const parts = alike(questions).map(([first, ...more]) => ({ ask: first.ask, layers: [first, ...more].map(({ layer }) => layer), first, said: {} as api.Reads }));
  const several = new Set(questions.map(({ layer }) => layer)).size > 1;
  const boxes = parts.map(({ first, layers, said }) => {
    const place = (srs: string | undefined, swap = false) => Object.assign(said, { srs, swap_xy: swap || undefined });
    const letters = (encoding: string | undefined) => Object.assign(said, { encoding });
    return h(
      'div',
      { class: 'question' },
      several && h('p', { class: 'hint' }, say('job.of-layers', { layers: layers.join(', ') })),
      ...(first.ask === 'encoding'
        ? [readings(first.candidates, undefined, say, letters), otherEncoding(undefined, say, letters)]
        : [places(first.candidates, undefined, say, (to) => place(placeKey(to).split('/')[0], to.swap_xy)), otherPlace(undefined, say, place)]),
    );
  });
  const go = () => {
    const missing = parts.find(({ ask: what, said }) => (what === 'encoding' ? !said.encoding : !said.srs));
    wrong.hidden = !missing;
    if (missing) return void (wrong.textContent = say(missing.ask === 'encoding' ? 'as.first-text' : 'as.first-place'));
    const each: Record<string, api.Reads> = {};
    for (const { layers, said } of parts) for (const layer of layers) each[layer] = { ...each[layer], ...said };
    void run(
      page,
      async () => void (await api.answer(job.id, { each })),
      (error) => {
        wrong.hidden = false;
        wrong.textContent = error instanceof Error ? error.message : String(error);
      },
    );
  };
  return card(say('job.asking'), ...boxes, wrong, h('div', { class: 'actions' }, button(say('job.answer'), go, { class: 'primary' })));
}

/** Questions with the same answers to choose from. */
function alike(questions: api.Question[]): [api.Question, ...api.Question[]][] {
  const groups = new Map<string, [api.Question, ...api.Question[]]>();
  for (const one of questions) {
    const answers = one.ask === 'encoding' ? one.candidates.map(({ encoding }) => encoding) : one.candidates.map(placeKey);
    const key = JSON.stringify([one.ask, answers]);
    const known = groups.get(key);
    if (known) known.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()];
}
