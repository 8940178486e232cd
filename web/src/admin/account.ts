import { localeOf, textOf } from '../locale';
import { h } from '../parts/dom';
import * as api from './api';
import { button, noteList, type Page, run } from './page';
import { rasterFacts } from './picture';
import { apart, fields, findings, tally, themes, verdict } from './plan';
import { count, type Say } from './words';
import { root } from '../root';

// What became of an import: of each layer, and of the planning package that several are.

/** The account of one layer. */
export function account(page: Page, job: api.Job, report: api.Report): HTMLElement {
  const { say } = page;
  return h(
    'section',
    { class: 'card', 'data-layer': report.layer },
    h('h2', {}, report.title, ' ', h('small', {}, report.layer)),
    report.dry_run && h('p', { class: 'exists' }, say('report.dry')),
    ...body(page, job, report),
  );
}

function body(page: Page, job: api.Job, report: api.Report): HTMLElement[] {
  const { say } = page;
  const { merged, raster, quality } = report;
  const crs = report.crs && `${report.crs.name}${report.srid ?? report.crs.srid ? ` (EPSG:${report.srid ?? report.crs.srid})` : ''}`;
  const facts: [string, string | null | undefined | false][] = [
    ...(raster ? rasterFacts(raster, say) : []),
    [say('report.crs'), crs],
    [say('report.text'), !raster && report.encoding.name],
    [say('report.edition'), report.edition > 0 && !report.dry_run && String(report.edition)],
  ];
  const parts: (HTMLElement | false | null)[] = [
    !raster && numbers(report, say),
    merged && h('p', {}, say('report.merged', { inserted: merged.inserted, updated: merged.updated, unchanged: merged.unchanged })),
    h('dl', { class: 'facts' }, ...facts.flatMap(([name, value]) => (value ? [h('dt', {}, name), h('dd', {}, value)] : []))),
    quality ? qualityOf(report, quality, say) : false,
    report.notes.length > 0 && h('details', {}, h('summary', {}, say('report.notes', { n: report.notes.length })), noteList(report.notes, say)),
    report.repairs.length > 0 && repairs(report, say),
    actions(page, job, report),
  ];
  return parts.filter((one): one is HTMLElement => one instanceof HTMLElement);
}

function numbers(report: api.Report, say: Say): HTMLElement {
  const one = (n: number, word: 'report.read' | 'report.imported' | 'report.repaired' | 'report.aside') =>
    h('div', { 'data-number': word }, h('b', {}, count(n, say.lang)), h('small', {}, say(word)));
  return h(
    'div',
    { class: 'numbers' },
    one(report.read, 'report.read'),
    one(report.imported, 'report.imported'),
    report.repaired > 0 && one(report.repaired, 'report.repaired'),
    report.set_aside > 0 && one(report.set_aside, 'report.aside'),
  );
}

function repairs(report: api.Report, say: Say): HTMLElement {
  const reason = (one: api.Report['repairs'][number]) => (say.lang === 'vi' && one.reason_vi) || one.reason;
  const items = report.repairs.slice(0, 50).map((one) => h('li', {}, say('report.feature', { id: one.fid, reason: reason(one) })));
  return h('details', {}, h('summary', {}, say('report.repairs', { n: count(report.repaired, say.lang) })), h('ul', { class: 'plain' }, ...items));
}

/** What was wrong in the file and is no more, and what still is in the layer. */
function qualityOf(report: api.Report, { area, issues }: api.Quality, say: Say): HTMLElement {
  const size = (n: number) => `${n.toLocaleString(localeOf(say.lang), { minimumFractionDigits: 2, maximumFractionDigits: 2 })} m²`;
  const row = (name: string, before: string, after: string, key: string) =>
    h('tr', { 'data-quality': key }, h('th', { scope: 'row' }, name), h('td', {}, before), h('td', {}, after));
  // Those two are in the table above.
  const left = Object.entries(issues).filter(([kind, one]) => kind !== 'repaired' && kind !== 'set_aside' && (one.count > 0 || one.withinTolerance));
  const seen = (one: api.Quality['issues'][string]) =>
    [
      `${one.atLeast ? `${say('quality.at-least')} ` : ''}${count(one.count, say.lang)}`,
      one.area ? `(${size(one.area)})` : '',
      one.withinTolerance ? say('quality.within', { n: count(one.withinTolerance, say.lang) }) : '',
    ]
      .filter(Boolean)
      .join(' ');
  const n = (value: number) => count(value, say.lang);
  return h(
    'div',
    { class: 'quality' },
    h('h3', {}, say('quality.title')),
    h(
      'table',
      {},
      h('thead', {}, h('tr', {}, h('td', {}), h('th', { scope: 'col' }, say('quality.before')), h('th', { scope: 'col' }, say('quality.after')))),
      h(
        'tbody',
        {},
        row(say('quality.rows'), n(report.read), n(report.imported), 'rows'),
        row(say('quality.invalid'), n(report.repaired), n(0), 'invalid'),
        ...(area ? [row(say('quality.area'), size(area.before), size(area.after), 'area')] : []),
      ),
    ),
    left.length === 0
      ? h('p', { class: 'hint' }, say('quality.clean'))
      : h(
          'dl',
          { class: 'facts' },
          ...left.flatMap(([kind, one]) => [h('dt', {}, textOf(one.title, say.lang, kind)), h('dd', { 'data-kind': kind }, seen(one))]),
        ),
  );
}

function actions(page: Page, job: api.Job, report: api.Report): HTMLElement {
  const { say } = page;
  const download = async () => {
    const link = h('a', { href: URL.createObjectURL(await api.setAside(job.id, report.layer)), download: `${report.layer}.set-aside.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const issues = report.quality && Object.values(report.quality.issues).some(({ count: n }) => n > 0);
  return h(
    'div',
    { class: 'actions' },
    !report.dry_run && h('a', { class: 'button primary', href: mapLink([report], say, `layers=${report.layer}`) }, say('report.show')),
    !report.dry_run && issues && h('a', { class: 'button', href: mapLink([report], say, `layers=${report.layer}`, `quality=${report.layer}`) }, say('quality.show')),
    !report.dry_run &&
      report.quality &&
      h('a', { class: 'button', href: `${root}/ogc/collections/${report.layer}/quality?f=html&lang=${say.lang}` }, say('report.quality')),
    report.set_aside > 0 && button(say('report.download'), () => void run(page, download, page.complain)),
  );
}

/** The account of a planning package: theme by theme, class by class, with what is missing. */
export function planAccount(page: Page, job: api.Job, plan: api.Plan): HTMLElement {
  const { say } = page;
  const reports = job.report ?? [];
  const sum = (pick: (one: api.Report) => number) => count(reports.reduce((all, one) => all + pick(one), 0), say.lang);
  const dry = reports.some((one) => one.dry_run);
  const others = reports.filter((one) => !plan.classes.some(({ layer }) => layer === one.layer));
  const inside = (report: api.Report, conformance: api.Conformance | undefined) =>
    h(
      'details',
      { class: 'class', 'data-layer': report.layer },
      h(
        'summary',
        {},
        conformance ? textOf(conformance.title, say.lang, report.title) : report.title,
        ' ',
        h('small', {}, `${conformance?.class ?? report.layer} · ${say('look.count', { n: count(report.imported, say.lang) })}`),
        ' ',
        conformance && tally(conformance, say),
      ),
      ...(conformance ? [...findings(conformance.findings, say), fields(conformance, say)] : []),
      ...body(page, job, report),
    );
  const of = (one: api.PlanClass): HTMLElement => {
    const report = reports.find(({ layer }) => layer === one.layer);
    if (report) return inside(report, report.conformance);
    return h('p', { class: 'hint' }, textOf(one.title, say.lang, one.class), ' ', h('small', {}, `${one.class} · ${say(`plan.class.${one.state}`)}`), ' ', tally(one, say));
  };
  return h(
    'section',
    { class: 'card', 'data-package': plan.id },
    h('h2', {}, plan.title, ' ', h('small', {}, plan.id)),
    dry && h('p', { class: 'exists' }, say('report.dry')),
    verdict(plan, say),
    reports.length > 0 && h('p', {}, say('plan.sum', { layers: reports.length, read: sum((one) => one.read), imported: sum((one) => one.imported) })),
    ...findings(apart(plan), say, true),
    ...themes(plan, say, true, (classes) => classes.map(of)),
    others.length > 0 && h('details', { class: 'theme' }, h('summary', {}, h('b', {}, say('plan.others', { n: others.length }))), ...others.map((one) => inside(one, undefined))),
    reports.length > 0 && !dry && h('div', { class: 'actions' }, h('a', { class: 'button primary', href: mapLink(boundary(reports), say) }, say('report.show'))),
  );
}

/** The layers by which the plan is placed: its own boundary; a layer in a wrong system may lie far away. */
function boundary(reports: api.Report[]): api.Report[] {
  const own = reports.filter(({ conformance }) => conformance?.class === 'RanhGioiQuyHoach_A');
  const planned = own.filter(({ conformance }) => conformance?.theme === 'QuyHoach');
  return [planned, own, reports].find((some) => some.length > 0) ?? [];
}

/** The map with all of these layers in sight; `more` is what else its address says. */
export function mapLink(reports: api.Report[], say: Say, ...more: string[]): string {
  const parts = [...more, `lang=${say.lang}`];
  const all = reports.flatMap(({ bounds }) => (bounds ? [bounds] : []));
  if (all.length > 0) {
    const edge = (at: 0 | 1 | 2 | 3, pick: (...values: number[]) => number) => pick(...all.map((box) => box[at]));
    const [w, s, e, n] = [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
    // 700 pixels of 512 for a tile; Mercator makes heights a little more.
    const zoom = Math.log2((360 * 700) / 512 / Math.max(e - w, n - s, 1e-5));
    parts.unshift(`map=${Math.max(1, Math.min(17, zoom)).toFixed(2)}/${((s + n) / 2).toFixed(5)}/${((w + e) / 2).toFixed(5)}`);
  }
  return `${root}/#${parts.join('&')}`;
}
