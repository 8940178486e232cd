import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/fonts.css';
import '../styles/base.css';
import '../styles/panels.css';
import '../styles/admin.css';
import { isLang, type Lang } from '../locale';
import { h } from '../parts/dom';
import * as api from './api';
import { homeView } from './home';
import { jobView } from './job';
import { keyView } from './key';
import { lookView } from './look';
import { failure, type Page, type Route, type View } from './page';
import { sayIn } from './words';
import { root } from '../root';

// The page on which administrators import files: which view is shown, in which language, for whom.

const LANGS: Record<Lang, string> = { vi: 'Tiếng Việt', en: 'English' };

let { lang, route } = read();
let gone = new AbortController();
/** Why the key is asked for again. */
let expired = false;

window.addEventListener('hashchange', () => {
  ({ lang, route } = read());
  show();
});
show();

function show(): void {
  gone.abort();
  gone = new AbortController();
  const say = sayIn(lang);
  document.documentElement.lang = lang;
  document.title = `${say('title')} · đô thị`;
  const complain = (error: unknown) => slot('trouble').replaceChildren(failure(error, say));
  const page: Page = { say, go, complain, signal: gone.signal, signOut };
  slot('trouble').replaceChildren();
  slot('top').replaceChildren(...top(page));
  slot('main').replaceChildren(...view()(page));
}

function view(): View {
  if (!api.key.get()) return keyView(expired, show);
  switch (route.view) {
    case 'upload':
      return lookView(route.id);
    case 'job':
      return jobView(route.id);
    default:
      return homeView;
  }
}

function top(page: Page): HTMLElement[] {
  const { say } = page;
  const languages = (Object.keys(LANGS) as Lang[]).map((one) =>
    h(
      'button',
      {
        type: 'button',
        lang: one,
        title: LANGS[one],
        'aria-label': LANGS[one],
        'aria-pressed': String(one === lang),
        on: { click: () => write(route, one) },
      },
      one.toUpperCase(),
    ),
  );
  return [
    h('a', { class: 'brand', href: `#lang=${lang}` }, h('span', { class: 'mark', 'aria-hidden': 'true' }), h('h1', {}, say('title'))),
    h(
      'nav',
      {},
      h('a', { href: `${root}/#lang=${lang}` }, say('map')),
      api.key.get() && h('button', { type: 'button', class: 'link', on: { click: () => leave() } }, say('sign-out')),
      h('div', { class: 'language', role: 'group', 'aria-label': say('language') }, ...languages),
    ),
  ];
}

function go(to: Route): void {
  write(to, lang);
  slot('main').focus();
}

function signOut(): void {
  expired = true;
  api.key.clear();
  show();
}

function leave(): void {
  expired = false;
  api.key.clear();
  write({ view: 'home' }, lang);
  show();
}

/** `#upload=ID&lang=vi` or `#job=7&lang=vi` */
function write(to: Route, language: Lang): void {
  const place = to.view === 'home' ? '' : `${to.view}=${to.id}&`;
  location.hash = `${place}lang=${language}`;
}

function read(): { lang: Lang; route: Route } {
  const parts = new URLSearchParams(location.hash.slice(1));
  const said = parts.get('lang');
  const [upload, job] = [parts.get('upload'), Number(parts.get('job'))];
  const route: Route =
    upload && /^[0-9a-f]{32}$/.test(upload) ? { view: 'upload', id: upload } : job > 0 ? { view: 'job', id: job } : { view: 'home' };
  return { lang: isLang(said) ? said : 'vi', route };
}

function slot(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`import.html has no #${id}`);
  return element;
}
