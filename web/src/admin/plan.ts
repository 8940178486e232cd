import { textOf } from '../locale';
import { h } from '../parts/dom';
import type { Conformance, Finding, Plan, PlanClass, Severity, Tally } from './api';
import { sentence } from './page';
import { count, type Say } from './words';

// A planning package (Circular 16/2025/TT-BXD) held against its circular, as a person reads it.

const SEVERITIES: Severity[] = ['error', 'warning', 'note'];
/** Findings of one kind that are written out at once. */
const LISTED = 40;

/** Whether it conforms, in a sentence. */
export function verdict(of: Tally & { circular: string; conforms: boolean }, say: Say): HTMLElement {
  const word = of.conforms ? 'plan.conforms' : 'plan.fails';
  return h('p', { class: `verdict ${of.conforms ? 'good' : 'bad'}` }, say(word, { circular: of.circular }), ' ', tally(of, say));
}

/** `2 lỗi · 1 cảnh báo`; nothing where all is well. */
export function tally({ errors, warnings, notes }: Tally, say: Say): HTMLElement {
  const counts = { error: errors, warning: warnings, note: notes };
  const told = SEVERITIES.filter((one) => counts[one] > 0);
  return h('span', { class: 'tally' }, ...told.map((one) => h('span', { class: 'severity', 'data-severity': one }, counted(one, counts[one], say))));
}

function counted(severity: Severity, n: number, say: Say): string {
  return say(n === 1 ? `plan.${severity}` : `plan.${severity}s`, { n: count(n, say.lang) });
}

/** Findings, the gravest first as they come; `named`: with the class they are of. */
export function findings(all: Finding[], say: Say, named = false): HTMLElement[] {
  if (all.length === 0) return [];
  const item = (one: Finding) =>
    h(
      'li',
      { 'data-severity': one.severity, 'data-code': one.code },
      h('span', { class: 'severity', 'data-severity': one.severity }, say(`plan.severity.${one.severity}`)),
      h(
        'div',
        {},
        h('p', {}, named && one.class && h('small', {}, `${one.class}: `), sentence(textOf(one.message, say.lang, ''))),
        one.examples && h('p', { class: 'hint' }, say('plan.rows', { n: count(one.count, say.lang), list: one.examples.map(shown).join(', ') })),
        h('p', { class: 'hint' }, textOf(one.clause, say.lang, '')),
      ),
    );
  const rest = all.slice(LISTED);
  return [
    h('ul', { class: 'findings' }, ...all.slice(0, LISTED).map(item)),
    ...(rest.length > 0 ? [h('details', {}, h('summary', {}, say('plan.more', { n: rest.length })), h('ul', { class: 'findings' }, ...rest.map(item)))] : []),
  ];
}

function shown({ fid, value }: { fid: number; value: string | null }): string {
  return value ? `${fid} (“${value}”)` : String(fid);
}

/** What is to be said of the set, without the classes that are not there: each theme lists its own. */
export function apart({ findings: all }: Plan): Finding[] {
  return all.filter(({ code }) => code !== 'class_missing' && code !== 'class_empty');
}

/** The fields of a class: which are there, as what, and what is wrong with them. */
export function fields({ fields: all }: Conformance, say: Say): HTMLElement {
  const rows = all.map((field) =>
    h(
      'tr',
      { 'data-state': field.state },
      h('th', { scope: 'row' }, field.title, h('small', { class: 'block' }, field.name)),
      h(
        'td',
        {},
        h('span', { class: 'state', 'data-state': field.state === 'present' ? 'done' : 'failed' }, say(`plan.field.${field.state}`)),
        field.found && field.found !== field.name && h('small', { class: 'block' }, say('plan.as', { name: field.found })),
      ),
    ),
  );
  const there = all.filter(({ state }) => state === 'present').length;
  return h(
    'details',
    {},
    h('summary', {}, say('plan.fields', { n: there, total: all.length })),
    h('table', { class: 'sample' }, h('tbody', {}, ...rows)),
  );
}

/** The themes, `open` or folded, each with what `inside` says of its classes, and the classes that are not there. */
export function themes(plan: Plan, say: Say, open: boolean, inside: (classes: PlanClass[]) => (Node | false)[]): HTMLElement[] {
  return plan.themes.map((theme) => {
    const of = plan.classes.filter((one) => one.theme === theme.theme);
    const [there, missing] = [of.filter(({ state }) => state !== 'missing'), of.filter(({ state }) => state === 'missing')];
    const sum = (pick: (one: PlanClass) => number) => of.reduce((all, one) => all + pick(one), 0);
    const all = { errors: sum((one) => one.errors), warnings: sum((one) => one.warnings), notes: 0 };
    const share = theme.found ? say('plan.classes', { n: theme.classes, total: theme.listed }) : say('plan.no-theme');
    return h(
      'details',
      { class: 'theme', 'data-theme': theme.theme, open: open && theme.found },
      h('summary', {}, h('b', {}, textOf(theme.title, say.lang, theme.theme)), ' ', h('small', {}, `${theme.theme} · ${share}`), ' ', tally(all, say)),
      ...inside(there).filter((one) => one !== false),
      ...(theme.found && missing.length > 0 ? [absent(missing, say)] : []),
    );
  });
}

function absent(classes: PlanClass[], say: Say): HTMLElement {
  const items = classes.map((one) => h('li', {}, textOf(one.title, say.lang, one.class), ' ', h('small', {}, one.class)));
  return h('details', { class: 'absent' }, h('summary', {}, say('plan.missing', { n: classes.length })), h('ul', { class: 'plain' }, ...items));
}
