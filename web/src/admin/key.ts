import { ApiError } from '../api/client';
import { h, uid } from '../parts/dom';
import * as api from './api';
import { failure, type View } from './page';

/** Asks for an administrator's key. `expired`: there was one that works no longer. */
export function keyView(expired: boolean, entered: () => void): View {
  return ({ say }) => {
    const id = uid('key');
    const input = h('input', { id, type: 'password', autocomplete: 'off', spellcheck: 'false', required: true, autofocus: true });
    const said = h('div', {}, expired && h('p', { class: 'status failure', role: 'alert' }, say('key.again')));
    const enter = h('button', { type: 'submit', class: 'primary' }, say('key.enter'));
    const submit = async (event: Event) => {
      event.preventDefault();
      enter.disabled = true;
      api.key.set(input.value.trim());
      try {
        await api.uploads();
        entered();
      } catch (error) {
        api.key.clear();
        const status = error instanceof ApiError ? error.problem.status : undefined;
        const why = status === 401 ? say('key.wrong') : status === 403 ? say('key.not-admin') : undefined;
        said.replaceChildren(why ? h('p', { class: 'status failure', role: 'alert' }, why) : failure(error, say));
        enter.disabled = false;
        input.select();
      }
    };
    const form = h(
      'form',
      { class: 'card narrow', on: { submit: (event) => void submit(event) } },
      h('h2', {}, say('key.title')),
      h('p', { class: 'hint' }, say('key.intro')),
      h('div', { class: 'field' }, h('label', { for: id }, say('key.label')), h('div', { class: 'row' }, input, enter)),
      said,
      h('p', { class: 'hint' }, say('key.how', { command: 'dothi keys create --admin --name …' })),
    );
    queueMicrotask(() => input.focus());
    return [form];
  };
}
