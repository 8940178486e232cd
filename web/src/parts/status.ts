import { ApiError } from '../api';
import type { Key, Speech } from '../locale';
import { vi } from '../locale/vi';
import { h, icon } from './dom';

// What stands where an answer will be: waiting, nothing, or why not.

export function loading(text: string): HTMLElement {
  return h('p', { class: 'status loading', role: 'status' }, text);
}

export function note(text: string): HTMLElement {
  return h('p', { class: 'status', role: 'status' }, text);
}

/** A failure in the reader's words, with the server's own detail and request id below for those who can use them. */
export function failure(error: unknown, say: Speech, retry?: () => void): HTMLElement {
  const problem = error instanceof ApiError ? error.problem : undefined;
  const kind = error instanceof ApiError ? error.kind : 'internal';
  const key = `problem.${kind}`;
  const detail = problem ? problem.detail : String(error);
  return h(
    'div',
    { class: 'status failure', role: 'alert' },
    h('p', {}, icon('warning'), say(isKey(key) ? key : 'problem.internal')),
    detail && h('p', { class: 'detail' }, detail),
    problem?.instance && h('p', { class: 'detail' }, say('problem.instance', { id: problem.instance })),
    retry && h('button', { type: 'button', on: { click: retry } }, say('app.retry')),
  );
}

function isKey(text: string): text is Key {
  return text in vi;
}
