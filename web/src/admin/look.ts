import * as map from '../api';
import { ApiError, isAbort } from '../api/client';
import { h, uid } from '../parts/dom';
import * as api from './api';
import { otherEncoding, otherPlace, placeKey, places, readings } from './choose';
import { button, card, failure, type Page, run, type View } from './page';
import { type Preview, previewMap } from './preview';
import { bytes, count, sayOr } from './words';

/** What was chosen for a file so far; kept while the page is open, so that another language changes nothing. */
interface Choices {
  wanted: Set<string>;
  shown: string;
  encoding?: string | undefined;
  srs?: string | undefined;
  swap: boolean;
  id?: string;
  title?: string;
  how: 'replace' | 'append' | 'upsert';
  key?: string;
  dropZ: boolean;
  dryRun: boolean;
}

interface Known {
  upload: api.Upload;
  /** As the file was found. */
  first: api.Found;
  /** As it reads with what was chosen. */
  now: api.Found;
  /** Titles of the layers that are there, by id. */
  there: Map<string, string>;
  choices: Choices;
}

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
          const first = await api.layers(id, {}, signal, waiting);
          const there = new Map(collections.map((one) => [one.id, one.titles?.vi ?? one.title]));
          const choices = made.get(id) ?? fresh(first);
          made.set(id, choices);
          const now = choices.encoding ? await api.layers(id, { encoding: choices.encoding }, signal) : first;
          new Look(page, form, preview, { upload, first, now, there, choices }).show();
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

function fresh({ layers }: api.Found): Choices {
  const wanted = new Set(layers.map(({ name }) => name));
  return { wanted, shown: layers[0]?.name ?? '', swap: false, how: 'replace', dropZ: false, dryRun: false };
}

class Look {
  private drawing = new AbortController();

  constructor(
    private readonly page: Page,
    private readonly form: HTMLElement,
    private readonly preview: Preview,
    private readonly known: Known,
  ) {}

  show(): void {
    this.render();
    void this.draw();
  }

  /** Changes a choice; the form follows, and the keyboard stays where it was. */
  private set(change: Partial<Choices>): void {
    Object.assign(this.known.choices, change);
    const active = document.activeElement;
    const at = active instanceof HTMLInputElement ? `input[type="${active.type}"][value="${CSS.escape(active.value)}"]` : undefined;
    this.render();
    if (at) this.form.querySelector<HTMLElement>(at)?.focus();
    void this.draw();
  }

  private layer(found = this.known.now): api.SourceLayer | undefined {
    return found.layers.find(({ name }) => name === this.known.choices.shown);
  }

  private wanted(): api.SourceLayer[] {
    return this.known.first.layers.filter(({ name }) => this.known.choices.wanted.has(name));
  }

  private render(): void {
    const { say } = this.page;
    const { upload, first } = this.known;
    const layer = this.layer();
    this.form.replaceChildren(
      h(
        'div',
        { class: 'file' },
        button(say('back'), () => this.page.go({ view: 'home' }), { class: 'link' }),
        h('h2', {}, upload.name),
        h('small', {}, `${bytes(upload.size, say.lang)} · ${first.driver}`),
      ),
      ...(first.layers.length > 1 ? [this.list()] : []),
      ...(layer ? [this.text(layer), ...this.place(layer), this.fields(layer)] : []),
      this.importAs(),
    );
  }

  private list(): HTMLElement {
    const { say } = this.page;
    const { first, choices } = this.known;
    const all = first.layers.map((one) => {
      const check = h('input', {
        type: 'checkbox',
        value: one.name,
        'aria-label': one.name,
        checked: choices.wanted.has(one.name),
        on: {
          change: () => {
            if (check.checked) choices.wanted.add(one.name);
            else choices.wanted.delete(one.name);
            this.set({});
          },
        },
      });
      const show = () => this.set({ shown: one.name });
      return h(
        'li',
        { 'aria-current': one.name === choices.shown && 'true' },
        check,
        h('button', { type: 'button', class: 'name', on: { click: show } }, h('span', {}, one.title ?? one.name), h('small', {}, this.size(one))),
      );
    });
    return card(say('look.layers'), h('p', { class: 'hint' }, say('look.layers-hint')), h('ul', { class: 'layers' }, ...all));
  }

  private size({ count: n, geometry, raster }: api.SourceLayer): string {
    const { say } = this.page;
    if (raster) return `${say('look.raster')} · ${count(raster.width, say.lang)} × ${count(raster.height, say.lang)}`;
    const size = n === null ? say('look.unknown-count') : say('look.count', { n: count(n, say.lang) });
    return geometry ? size : `${size} · ${say('look.no-geometry')}`;
  }

  private text(layer: api.SourceLayer): HTMLElement {
    const { say } = this.page;
    const { choices } = this.known;
    const found = this.layer(this.known.first) ?? layer;
    const choose = (encoding: string | undefined) =>
      void run(
        this.page,
        async () => {
          this.known.now = encoding ? await api.layers(this.known.upload.id, { encoding }, this.page.signal) : this.known.first;
          this.set({ encoding });
        },
        (error) => this.form.append(failure(error, say)),
      );
    const unsure = found.encoding.name === null;
    const { name, how } = layer.encoding;
    return card(
      say('text.title'),
      unsure
        ? readings(found.encoding.candidates ?? [], choices.encoding, say, choose)
        : h('p', {}, say('text.sure', { name: name ?? '–', how: sayOr(say, `text.how.${how}`, how) })),
      !unsure && values(layer),
      otherEncoding(choices.encoding, say, choose),
    );
  }

  private place(layer: api.SourceLayer): HTMLElement[] {
    const { say } = this.page;
    const { choices } = this.known;
    if (!layer.geometry && !layer.raster) return [];
    const found = this.layer(this.known.first) ?? layer;
    const chosen = choices.srs && placeKey({ srid: Number(choices.srs.slice(5)), swap_xy: choices.swap });
    const unsure = found.crs === null;
    const parts = [
      ...(unsure
        ? [
            places(found.crs_candidates ?? [], chosen, say, (one) => this.set({ srs: `EPSG:${one.srid}`, swap: one.swap_xy })),
            (found.crs_candidates ?? []).length > 0 && h('p', { class: 'hint' }, say('place.hint')),
          ]
        : [
            h(
              'p',
              {},
              choices.srs
                ? say('place.sure', { name: choices.srs, how: say('place.how.given') })
                : say('place.sure', {
                    name: `${found.crs?.name ?? ''}${found.crs?.srid ? ` (EPSG:${found.crs.srid})` : ''}`,
                    how: sayOr(say, `place.how.${found.crs?.how}`, ''),
                  }),
            ),
          ]),
      otherPlace(choices.srs, say, (srs) => this.set({ srs })),
    ];
    return [card(say('place.title'), ...parts)];
  }

  private fields(layer: api.SourceLayer): HTMLElement {
    const { say } = this.page;
    const rows = layer.fields.map((field) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, field.name, field.title && field.title !== field.name && h('small', { class: 'block' }, field.title)),
        h('td', {}, field.samples.slice(0, 3).join(' · ') || '–'),
      ),
    );
    const notes = [...this.known.first.notes, ...layer.notes];
    return h(
      'section',
      { class: 'card' },
      notes.length > 0 &&
        h('div', { class: 'notes' }, h('h3', {}, say('look.notes')), h('ul', {}, ...notes.map(({ message }) => h('li', { lang: 'en' }, message)))),
      h(
        'details',
        {},
        h('summary', {}, say('look.fields', { n: layer.fields.length })),
        h('table', { class: 'sample' }, h('tbody', {}, ...rows)),
      ),
    );
  }

  private importAs(): HTMLElement {
    const { say } = this.page;
    const { choices, there } = this.known;
    const wanted = this.wanted();
    const [one] = wanted;
    const id = choices.id ?? layerId(one?.name ?? '');
    const single = wanted.length === 1;
    const said = h('p', { class: 'status failure', role: 'alert', hidden: true });
    const refuse = (text: string) => {
      said.hidden = false;
      said.textContent = text;
    };
    const go = button(say('as.go'), () => void this.go(refuse, id, single), { class: 'primary', 'data-go': true });
    const exists = single && there.has(id);
    const flag = (word: 'as.drop-z' | 'as.swap-xy' | 'as.dry-run', value: boolean, change: (on: boolean) => void) => {
      const check = h('input', { type: 'checkbox', value: word, checked: value, on: { change: () => change(check.checked) } });
      return h('label', { class: 'check' }, check, say(word));
    };
    const more = h(
      'details',
      { open: choices.dropZ || choices.dryRun || choices.swap },
      h('summary', {}, say('as.more')),
      flag('as.swap-xy', choices.swap, (swap) => this.set({ swap })),
      flag('as.drop-z', choices.dropZ, (dropZ) => Object.assign(choices, { dropZ })),
      flag('as.dry-run', choices.dryRun, (dryRun) => Object.assign(choices, { dryRun })),
    );
    const [nameId, idId] = [uid('title'), uid('id')];
    const title = h('input', { id: nameId, value: choices.title ?? one?.title ?? one?.name ?? '', on: { change: () => Object.assign(choices, { title: title.value }) } });
    const ident = h('input', {
      id: idId,
      value: id,
      pattern: '[a-z][a-z0-9_]{0,49}',
      spellcheck: 'false',
      on: { change: () => this.set({ id: layerId(ident.value) }) },
    });
    return card(
      say('as.title'),
      ...(single
        ? [
            h('div', { class: 'field' }, h('label', { for: nameId }, say('as.name')), title),
            h('div', { class: 'field' }, h('label', { for: idId }, say('as.id')), ident, h('small', {}, say('as.id-hint'))),
          ]
        : [h('p', { class: 'hint' }, say('as.many'))]),
      single && h('p', { class: exists ? 'exists' : 'hint' }, exists ? say('as.exists', { title: there.get(id) ?? id }) : say('as.new')),
      (exists || !single) && this.how(one),
      more,
      said,
      h('div', { class: 'actions' }, go),
    );
  }

  private how(layer: api.SourceLayer | undefined): HTMLElement {
    const { say } = this.page;
    const { choices } = this.known;
    const name = uid('how');
    const options = (['replace', 'append', 'upsert'] as const).map((how) =>
      h(
        'label',
        { class: 'option' },
        h('input', { type: 'radio', name, value: how, checked: choices.how === how, on: { change: () => this.set({ how }) } }),
        h('span', {}, say(`as.${how}`), how !== 'upsert' && h('small', { class: 'block' }, say(how === 'replace' ? 'as.replace-hint' : 'as.append-hint'))),
      ),
    );
    const id = uid('key');
    choices.key ??= layer?.fields[0]?.name ?? '';
    const field = h(
      'select',
      { id, on: { change: () => Object.assign(choices, { key: field.value }) } },
      ...(layer?.fields ?? []).map((one) => h('option', { value: one.name, selected: one.name === choices.key }, one.name)),
    );
    const which = choices.how === 'upsert' && h('div', { class: 'field inline' }, h('label', { for: id }, say('as.upsert-field')), field);
    return h('fieldset', {}, h('legend', {}, say('as.how')), ...options, which);
  }

  private async go(refuse: (text: string) => void, id: string, single: boolean): Promise<void> {
    const { say } = this.page;
    const { upload, choices, first } = this.known;
    const wanted = this.wanted();
    if (wanted.length === 0) return refuse(say('as.first-layer'));
    if (!choices.encoding && wanted.some(({ encoding }) => encoding.name === null)) return refuse(say('as.first-text'));
    if (!choices.srs && wanted.some((one) => (one.geometry || one.raster) && one.crs === null && one.count !== 0)) return refuse(say('as.first-place'));
    const options: api.Options = {};
    if (single) Object.assign(options, { layer: id, title: choices.title || wanted[0]?.title || wanted[0]?.name });
    if (wanted.length < first.layers.length || (single && first.layers.length > 1)) options.source_layers = wanted.map(({ name }) => name);
    if (choices.encoding) options.encoding = choices.encoding;
    if (choices.srs) options.srs = choices.srs;
    if (choices.how !== 'replace') options.how = choices.how === 'upsert' ? { upsert: choices.key ?? '' } : 'append';
    if (choices.swap) options.swap_xy = true;
    if (choices.dropZ) options.drop_z = true;
    if (choices.dryRun) options.dry_run = true;
    await run(
      this.page,
      async () => this.page.go({ view: 'job', id: (await api.create(upload.id, options)).id }),
      (error) => refuse(error instanceof Error ? error.message : String(error)),
    );
  }

  /** The layer as it would lie; boxes where nobody has said where that is. */
  private async draw(): Promise<void> {
    const { say } = this.page;
    const { upload, choices } = this.known;
    this.drawing.abort();
    this.drawing = new AbortController();
    const { signal } = this.drawing;
    this.page.signal.addEventListener('abort', () => this.drawing.abort());
    const layer = this.layer(this.known.first);
    if (!layer?.geometry && !layer?.raster) return this.preview.caption(layer ? say('preview.none') : '');
    if (layer.crs === null && !choices.srs) {
      this.preview.boxes(layer.crs_candidates ?? []);
      return this.preview.caption((layer.crs_candidates ?? []).length > 0 ? say('preview.boxes') : '');
    }
    if (layer.raster) {
      // Its pixels are cut by the import; here is where they will lie.
      const chosen = layer.crs_candidates?.find(({ srid }) => choices.srs === `EPSG:${srid}`);
      const bounds = choices.srs ? (chosen?.bounds ?? null) : layer.extent_lonlat;
      this.preview.boxes([{ srid: 0, name: layer.name, place: '', swap_xy: false, bounds, near: null }]);
      return this.preview.caption(say('preview.outline'));
    }
    this.preview.caption(say('preview.loading'));
    try {
      // Where the letters are not sure yet, the likeliest are good enough to see the place.
      const encoding = choices.encoding ?? (layer.encoding.name === null ? layer.encoding.candidates?.[0]?.encoding : undefined);
      const all = await api.preview(upload.id, layer.name, { encoding, srs: choices.srs, swap_xy: choices.swap || undefined }, signal);
      this.preview.features(all);
      const [n, total] = [all.features.length, layer.count ?? all.features.length];
      this.preview.caption(
        n < total ? say('preview.some', { n: count(n, say.lang), total: count(total, say.lang) }) : say('preview.all', { n: count(n, say.lang) }),
      );
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      this.preview.features({ type: 'FeatureCollection', features: [] });
      this.preview.caption(error instanceof Error ? error.message : String(error));
    }
  }
}

/** Ten values by which one sees whether the letters are right. */
function values({ fields }: api.SourceLayer): HTMLElement | false {
  const telling = [...new Set(fields.flatMap(({ samples }) => samples))].filter((value) => /[^ -~]/.test(value)).slice(0, 10);
  return telling.length > 0 && h('p', { class: 'values' }, ...telling.map((value) => h('span', {}, value)));
}

/** The id that the server gives a layer of this name. */
export function layerId(name: string): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/đ/gi, 'd')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return (/^[a-z]/.test(plain) ? plain : `l_${plain}`).slice(0, 50).replace(/_+$/, '');
}
