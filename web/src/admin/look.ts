import * as map from '../api';
import { ApiError } from '../api/client';
import { textOf } from '../locale';
import { h, uid } from '../parts/dom';
import * as api from './api';
import { type Choices, alike, asks, fresh, keyOf, layerId, optionsOf, type Own, twice } from './choices';
import { otherEncoding, otherPlace, placeKey, places, readings } from './choose';
import { button, card, failure, noteList, type Page, run, type View } from './page';
import { pictureFacts } from './picture';
import { apart, findings, themes, verdict } from './plan';
import { type Preview, previewMap } from './preview';
import { type Known, Sight } from './sight';
import { list, type There, titleOf, whatHappens } from './sources';
import { bytes, count, sayOr } from './words';

/** Letters of a sample value that are shown. */
const LONG = 60;

/** What was chosen for a file so far; kept while the page is open, so that another language changes nothing. */
const made = new Map<string, Choices>();

/** What is in an uploaded file, where it lies, how it reads; and how it is to be imported. */
export function lookView(id: string): View {
  return (page) => {
    const { say, signal } = page;
    const form = h('div', { class: 'column' }, h('p', { class: 'status loading', role: 'status' }, say('look.reading')));
    const preview = previewMap(say, signal);
    const begin = () =>
      run(
        page,
        async () => {
          const waiting = () => form.replaceChildren(h('p', { class: 'status loading', role: 'status' }, say('look.reading-large')));
          const [upload, { collections }] = await Promise.all([api.upload(id), map.collections(signal)]);
          const found = await api.layers(id, {}, signal, waiting);
          const there: There = new Map(collections.map((one) => [one.id, { title: textOf(one.titles, say.lang, one.title), edition: one.edition }]));
          const choices = made.get(id) ?? fresh(found);
          made.set(id, choices);
          new Look(page, form, preview, { upload, found, choices }, there).show();
        },
        (error) =>
          form.replaceChildren(
            // The same file will be no better.
            card(
              say('look.failed'),
              failure(error, say, error instanceof ApiError && error.kind === 'unreadable' ? undefined : () => void begin()),
              h('div', { class: 'actions' }, button(say('back'), () => page.go({ view: 'home' }))),
            ),
          ),
      );
    void begin();
    return [h('div', { class: 'two' }, form, preview.element)];
  };
}

class Look {
  private readonly sight: Sight;

  constructor(
    private readonly page: Page,
    private readonly form: HTMLElement,
    preview: Preview,
    private readonly known: Known,
    private readonly there: There,
  ) {
    this.sight = new Sight(page, preview, known);
  }

  show(): void {
    this.render();
    void this.draw();
  }

  /** Changes choices; the form follows, and the keyboard stays where it was. */
  private set(change: Partial<Choices>): void {
    Object.assign(this.known.choices, change);
    const active = document.activeElement;
    const at =
      active instanceof HTMLInputElement
        ? `input[type="${active.type}"][value="${CSS.escape(active.value)}"]`
        : active instanceof HTMLElement && active.dataset['focus'] && `[data-focus="${CSS.escape(active.dataset['focus'])}"]`;
    this.render();
    if (at) this.form.querySelector<HTMLElement>(at)?.focus();
    void this.draw();
  }

  /** Says how the layer that is shown is read, and those that are like it. */
  private read(reads: api.Reads, unsure: (layer: api.SourceLayer) => boolean): void {
    const { found, choices } = this.known;
    for (const key of alike(found, choices, choices.shown, unsure)) Object.assign(this.own(key), reads);
    this.set({});
  }

  private async draw(): Promise<void> {
    // Another reading may have other letters, and a raster's pixels another size.
    if (await this.sight.refresh()) this.render();
    await this.sight.draw();
  }

  private own(key = this.known.choices.shown): Own {
    return this.known.choices.own.get(key) as Own;
  }

  private render(): void {
    const { say } = this.page;
    const { upload, found } = this.known;
    const layer = this.sight.layer();
    const parts: (HTMLElement | false | undefined)[] = [
      h(
        'div',
        { class: 'file' },
        button(say('back'), () => this.page.go({ view: 'home' }), { class: 'link' }),
        h('h2', {}, upload.name),
        h('small', {}, `${bytes(upload.size, say.lang)} · ${found.driver}`),
      ),
      found.package && this.plan(found.package),
      found.layers.length > 1 && list(say, this.known, this.there, (change) => this.set(change)),
      ...(layer ? this.about(layer) : []),
      this.importAs(),
    ];
    this.form.replaceChildren(...parts.filter((one) => one instanceof HTMLElement));
  }

  /** What a planning package is, before it is imported. */
  private plan(plan: api.Plan): HTMLElement {
    const { say } = this.page;
    const size = ({ features, state }: api.PlanClass) => {
      if (state === 'empty') return say('plan.class.empty');
      return features === undefined ? say('look.unknown-count') : say('look.count', { n: count(features, say.lang) });
    };
    const item = (one: api.PlanClass) => h('li', {}, textOf(one.title, say.lang, one.class), ' ', h('small', {}, `${one.class} · ${size(one)}`));
    return card(
      say('plan.title'),
      h('p', {}, say('plan.intro', { circular: plan.circular })),
      verdict(plan, say),
      ...findings(apart(plan), say, true),
      ...themes(plan, say, false, (classes) => [classes.length > 0 && h('ul', { class: 'plain' }, ...classes.map(item))]),
    );
  }

  /** The layer that is shown: what it is, how it reads, where it lies. */
  private about(layer: api.SourceLayer): (HTMLElement | false)[] {
    const { say } = this.page;
    const several = this.known.found.layers.length > 1;
    return [
      several && h('h2', { class: 'shown' }, titleOf(layer, say)),
      layer.raster ? this.picture(layer.raster) : this.text(layer),
      (layer.geometry !== null || layer.raster !== undefined) && this.place(layer),
      layer.conformance !== undefined && layer.conformance.findings.length > 0 && card(say('plan.of-class'), ...findings(layer.conformance.findings, say)),
      this.fields(layer),
    ];
  }

  private picture(picture: api.Picture): HTMLElement {
    const { say } = this.page;
    const facts = pictureFacts(picture, say).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
    return card(say('raster.title'), h('dl', { class: 'facts', 'data-raster': true }, ...facts));
  }

  private text(layer: api.SourceLayer): HTMLElement {
    const { say } = this.page;
    const first = this.sight.first() ?? layer;
    const { encoding: chosen } = this.own();
    const unsure = first.encoding.name === null;
    const choose = (encoding: string | undefined) => this.read({ encoding }, (one) => one.encoding.name === null);
    const { name, how } = layer.encoding;
    return card(
      say('text.title'),
      unsure
        ? readings(first.encoding.candidates ?? [], chosen, say, choose)
        : h('p', {}, say('text.sure', { name: name ?? '–', how: sayOr(say, `text.how.${how}`, how) })),
      !unsure && values(layer),
      otherEncoding(chosen, say, choose),
      this.together('text', unsure),
    );
  }

  private place(layer: api.SourceLayer): HTMLElement {
    const { say } = this.page;
    const first = this.sight.first() ?? layer;
    const { srs, swap_xy: swap = false } = this.own();
    const chosen = srs && placeKey({ srid: Number(srs.slice(5)), swap_xy: swap });
    const unsure = first.crs === null;
    const choose = (to: string | undefined, exchanged = swap) => this.read({ srs: to, swap_xy: exchanged || undefined }, (one) => one.crs === null);
    const candidates = first.crs_candidates ?? [];
    const found = `${first.crs?.name ?? ''}${first.crs?.srid ? ` (EPSG:${first.crs.srid})` : ''}`;
    return card(
      say('place.title'),
      ...(unsure
        ? [places(candidates, chosen, say, (one) => choose(`EPSG:${one.srid}`, one.swap_xy)), candidates.length > 0 && h('p', { class: 'hint' }, say('place.hint'))]
        : [
            h(
              'p',
              {},
              srs
                ? say('place.sure', { name: srs, how: say('place.how.given') })
                : say('place.sure', { name: found, how: sayOr(say, `place.how.${first.crs?.how}`, '') }),
            ),
          ]),
      otherPlace(srs, say, choose),
      this.together('place', unsure),
    );
  }

  /** Whether what is chosen here is for the other layers too. */
  private together(what: string, unsure: boolean): HTMLElement | false {
    const { say } = this.page;
    const { found, choices } = this.known;
    if (found.layers.length < 2) return false;
    const check = h('input', {
      type: 'checkbox',
      value: `together-${what}`,
      checked: choices.together,
      on: { change: () => this.set({ together: check.checked }) },
    });
    return h('label', { class: 'check' }, check, say(unsure ? 'look.together-unsure' : 'look.together'));
  }

  private fields(layer: api.SourceLayer): HTMLElement | false {
    const { say } = this.page;
    const rows = layer.fields.map((field) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, field.name, field.title && field.title !== field.name && h('small', { class: 'block' }, field.title)),
        h('td', {}, field.samples.slice(0, 3).join(' · ') || '–'),
      ),
    );
    const notes = [...this.known.found.notes, ...layer.notes];
    if (notes.length === 0 && rows.length === 0) return false;
    const sample = h('table', { class: 'sample' }, h('tbody', {}, ...rows));
    return h(
      'section',
      { class: 'card' },
      notes.length > 0 && h('div', { class: 'notes' }, h('h3', {}, say('look.notes')), noteList(notes, say)),
      rows.length > 0 && h('details', {}, h('summary', {}, say('look.fields', { n: rows.length })), sample),
    );
  }

  private importAs(): HTMLElement {
    const { say } = this.page;
    const { found, choices } = this.known;
    const single = found.layers.length === 1;
    const said = h('p', { class: 'status failure', role: 'alert', hidden: true });
    const refuse = (text: string) => {
      said.hidden = false;
      said.textContent = text;
    };
    const flag = (word: 'as.drop-z' | 'as.swap-xy' | 'as.dry-run' | 'as.strict', value: boolean, change: (on: boolean) => void) => {
      const check = h('input', { type: 'checkbox', value: word, checked: value, on: { change: () => change(check.checked) } });
      return h('label', { class: 'check' }, check, say(word));
    };
    const features = found.layers.some((one) => !one.raster);
    const shown = this.sight.first();
    const own = this.own();
    const go = button(say('as.go'), () => void this.go(refuse), { class: 'primary', 'data-go': true });
    const n = [...choices.own.values()].filter(({ wanted }) => wanted).length;
    return card(
      say('as.title'),
      ...(found.package ? this.planNames() : shown && own.wanted ? this.names(shown, own) : []),
      !single && h('p', { class: 'hint', role: 'status' }, say('as.chosen', { n, total: found.layers.length })),
      h(
        'details',
        { open: choices.dropZ || choices.dryRun || choices.strict || own.swap_xy === true },
        h('summary', {}, say('as.more')),
        shown?.geometry && flag('as.swap-xy', own.swap_xy === true, (on) => this.read({ swap_xy: on || undefined }, () => false)),
        features && flag('as.drop-z', choices.dropZ, (dropZ) => Object.assign(choices, { dropZ })),
        found.package && flag('as.strict', choices.strict, (strict) => Object.assign(choices, { strict })),
        flag('as.dry-run', choices.dryRun, (dryRun) => Object.assign(choices, { dryRun })),
      ),
      said,
      h('div', { class: 'actions' }, go),
    );
  }

  /** Title and id of a planning package. */
  private planNames(): HTMLElement[] {
    const { say } = this.page;
    const { found, choices } = this.known;
    const { plan } = choices;
    return [
      field(say('as.plan-name'), { value: plan.title, placeholder: found.package?.title }, (title) => Object.assign(plan, { title: title.trim() }), say('as.plan-name-hint')),
      field(say('as.plan-id'), { value: plan.id, pattern: '[a-z][a-z0-9_]{0,23}', spellcheck: 'false' }, (id) => this.set({ plan: { ...plan, id: layerId(id).slice(0, 24) } }), say('as.plan-id-hint')),
    ];
  }

  /** What the layer that is shown becomes. */
  private names(layer: api.SourceLayer, own: Own): (HTMLElement | false)[] {
    const { say } = this.page;
    const exists = this.there.has(own.id);
    const change = (part: Partial<Own>) => {
      Object.assign(own, part);
      this.set({});
    };
    return [
      field(say('as.name'), { value: own.title }, (title) => change({ title: title || layer.name })),
      field(say('as.id'), { value: own.id, pattern: '[a-z][a-z0-9_]{0,49}', spellcheck: 'false' }, (id) => change({ id: layerId(id) }), say('as.id-hint')),
      h('p', { class: exists ? 'exists' : 'hint', role: 'status' }, whatHappens(own, this.there, say)),
      exists && !layer.raster && this.how(layer, own, change),
    ];
  }

  private how(layer: api.SourceLayer, own: Own, change: (part: Partial<Own>) => void): HTMLElement {
    const { say } = this.page;
    const name = uid('how');
    const hints = { replace: say('as.replace-hint'), append: say('as.append-hint'), upsert: say('as.upsert-hint') };
    const options = (['replace', 'append', 'upsert'] as const).map((how) =>
      h(
        'label',
        { class: 'option' },
        h('input', { type: 'radio', name, value: how, checked: own.how === how, on: { change: () => change({ how }) } }),
        h('span', {}, say(`as.${how}`), h('small', { class: 'block' }, hints[how])),
      ),
    );
    const id = uid('key');
    const which = h(
      'select',
      { id, on: { change: () => Object.assign(own, { key: which.value }) } },
      ...layer.fields.map((one) => h('option', { value: one.name, selected: one.name === own.key }, one.name)),
    );
    const key = own.how === 'upsert' && h('div', { class: 'field inline' }, h('label', { for: id }, say('as.upsert-field')), which);
    return h('fieldset', {}, h('legend', {}, say('as.how')), ...options, key);
  }

  private async go(refuse: (text: string) => void): Promise<void> {
    const { say } = this.page;
    const { upload, choices, found } = this.known;
    const wanted = found.layers.filter((one) => this.own(keyOf(one, found)).wanted);
    if (wanted.length === 0) return refuse(say('as.first-layer'));
    const asked = wanted.find((one) => asks(one, this.own(keyOf(one, found))));
    if (asked) {
      // The question is put before whoever has to answer it.
      const what = asks(asked, this.own(keyOf(asked, found)));
      if (found.layers.length > 1) this.set({ shown: keyOf(asked, found) });
      return this.say(say(what === 'text' ? 'as.first-text' : 'as.first-place'));
    }
    const same = !found.package && twice(choices);
    if (same) return refuse(say('as.twice', { id: same }));
    await run(
      this.page,
      async () => this.page.go({ view: 'job', id: (await api.create(upload.id, optionsOf(found, choices))).id }),
      (error) => refuse(error instanceof Error ? error.message : String(error)),
    );
  }

  /** Says why nothing is imported yet, in the form as it is now. */
  private say(text: string): void {
    const said = this.form.querySelector<HTMLElement>('.card:last-child > .status.failure');
    if (!said) return;
    said.hidden = false;
    said.textContent = text;
  }
}

function field(label: string, attributes: Record<string, unknown>, changed: (value: string) => void, hint?: string): HTMLElement {
  const id = uid('field');
  const input = h('input', { id, 'data-focus': label, ...(hint && { 'aria-describedby': `${id}-hint` }), ...attributes, on: { change: () => changed(input.value) } });
  return h('div', { class: 'field' }, h('label', { for: id }, label), input, hint && h('small', { id: `${id}-hint` }, hint));
}

/** Ten values by which one sees whether the letters are right. */
function values({ fields }: api.SourceLayer): HTMLElement | false {
  const telling = [...new Set(fields.flatMap(({ samples }) => samples))].filter((value) => /[^ -~]/.test(value)).slice(0, 10);
  return telling.length > 0 && h('p', { class: 'values' }, ...telling.map((value) => h('span', {}, value.length > LONG ? `${value.slice(0, LONG)}…` : value)));
}
