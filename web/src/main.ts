import 'maplibre-gl/dist/maplibre-gl.css';
import './styles/index.css';
import type { IControl, Map } from 'maplibre-gl';
import { bindAddress, decode } from './address';
import * as api from './api';
import { type App, Catalog } from './catalog';
import { AreaControl } from './controls/area';
import { BrandControl } from './controls/brand';
import { HereControl } from './controls/here';
import { LanguageControl } from './controls/language';
import { LayersControl } from './controls/layers';
import { LegendControl } from './controls/legend';
import { NearControl } from './controls/near';
import { NoticeControl } from './controls/notice';
import { SearchControl } from './controls/search';
import { ToolsControl } from './controls/tools';
import { LandUse } from './landuse';
import { followChanges } from './live';
import { speech } from './locale';
import { addMapLibreControls, createMap, drawnLayers, placeOnLayers } from './map';
import { h } from './parts/dom';
import { failure, loading } from './parts/status';
import { Store } from './state';
import { isNarrow } from './view';

const store = new Store({ ...decode(location.hash), panels: isNarrow() ? [] : ['layers', 'legend'], drawing: false });
const say = () => speech(store.get().lang);

void start();

async function start(): Promise<void> {
  document.documentElement.lang = store.get().lang;
  slot('map').replaceChildren(h('div', { class: 'cover' }, loading(say()('app.loading'))));
  try {
    const [style, { collections }, landUse, functions] = await Promise.all([
      api.style(),
      api.collections(),
      api.landUse(),
      api.planningFunctions(),
    ]);
    if (!hasWebGl()) return cover(h('p', { class: 'status failure', role: 'alert' }, say()('app.no-webgl')));
    show(style, { store, say, catalog: new Catalog(collections, new LandUse(landUse, functions), drawnLayers(style)) });
  } catch (error) {
    cover(
      h(
        'div',
        {},
        h('h1', {}, say()('app.failed')),
        failure(error, say(), () => void start()),
      ),
    );
  }
}

/** The whole page: which control stands where. */
function show(style: Awaited<ReturnType<typeof api.style>>, app: App): void {
  slot('map').replaceChildren();
  const map = createMap(slot('map'), style, app);
  addMapLibreControls(map, app);
  place(map, 'bar', new BrandControl(app), new SearchControl(app), new ToolsControl(app), new LanguageControl(app));
  place(map, 'notice', new NoticeControl(app));
  place(map, 'left', new LayersControl(app), new LegendControl(app, style));
  place(map, 'right', new AreaControl(app), new NearControl(app), new HereControl(app));
  slot('app').dataset['panels'] = store.get().panels.join(' ');
  store.on(['panels'], ({ panels }) => (slot('app').dataset['panels'] = panels.join(' ')));
  // Only now, because panels lie over the map and the layers should be beside them.
  if (!store.get().view && !style.center) placeOnLayers(map, app);
  bindAddress(store, window);
  followChanges(map, app.catalog);
}

/** MapLibre offers four corners; the page has places of its own. */
function place(map: Map, id: string, ...controls: IControl[]): void {
  slot(id).append(...controls.map((control) => control.onAdd(map)));
}

function cover(content: HTMLElement): void {
  slot('map').replaceChildren(h('div', { class: 'cover' }, content));
}

function slot(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

function hasWebGl(): boolean {
  return document.createElement('canvas').getContext('webgl2') !== null;
}
