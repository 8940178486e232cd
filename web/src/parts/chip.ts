import { h } from './dom';

/** A patch of an official colour. The name stands beside it, so it says nothing to a screen reader. */
export function chip(color: string): HTMLElement {
  return h('span', { class: 'chip', 'aria-hidden': 'true', vars: { '--chip': color } });
}
