import { ApiError } from '../api/client';
import { h, icon } from '../parts/dom';
import type { Note } from './api';
import { count, type Say, sayOr } from './words';

export type Route = { view: 'home' } | { view: 'upload'; id: string } | { view: 'job'; id: number };

/** What every view of the page may use. */
export interface Page {
  say: Say;
  go(route: Route): void;
  /** Ends when another view comes. */
  signal: AbortSignal;
  /** Something beside the view failed: says so above it. */
  complain(error: unknown): void;
  /** The key no longer works: asks for another. */
  signOut(): void;
}

/** A view: elements for the page, and what is begun with them. */
export type View = (page: Page) => HTMLElement[];

/** Runs something for a view that may be gone by then; what fails is shown where it is wanted. */
export async function run(page: Page, work: () => Promise<void>, failed: (error: unknown) => void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (page.signal.aborted) return;
    if (error instanceof ApiError && error.problem.status === 401) return page.signOut();
    failed(error);
  }
}

/** A failure in the reader's words; the server's own below. */
export function failure(error: unknown, say: Say, retry?: () => void): HTMLElement {
  const kind = error instanceof ApiError ? error.kind : 'internal';
  const detail = error instanceof ApiError ? error.problem.detail : String(error);
  return h(
    'div',
    { class: 'status failure', role: 'alert' },
    h('p', {}, icon('warning'), sayOr(say, `problem.${kind}`, say('problem.internal'))),
    detail && h('p', { class: 'detail', lang: 'en' }, detail),
    retry && h('button', { type: 'button', on: { click: retry } }, say('retry')),
  );
}

/** Messages are made to stand in the middle of a line; their back ticks are for programs. */
export function sentence(text: string): string {
  const quoted = text.replace(/`([^`]*)`/g, '“$1”');
  return quoted.charAt(0).toLocaleUpperCase('vi') + quoted.slice(1);
}

/** Notes of the server on a file, in a list. */
export function noteList(notes: Note[], say: Say): HTMLElement {
  const items = notes.map(({ code, message, message_vi: vi, count: n }) => {
    const text = (say.lang === 'vi' && vi) || message;
    return h('li', { lang: text === message && 'en', 'data-code': code }, n > 1 ? `${sentence(text)} (${count(n, say.lang)}×)` : sentence(text));
  });
  return h('ul', { class: 'plain' }, ...items);
}

export function button(text: string, click: () => void, attributes: Record<string, unknown> = {}): HTMLButtonElement {
  return h('button', { type: 'button', ...attributes, on: { click } }, text);
}

export function card(title: string, ...children: (Node | string | null | undefined | false)[]): HTMLElement {
  return h('section', { class: 'card' }, h('h2', {}, title), ...children);
}
