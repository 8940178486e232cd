// The map in a real browser against a real server that holds the sample layers. `npm run e2e` in web/, with DOTHI_URL.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { classifiedLayer, featureWithPoint, get, post, sql } from './api.mjs';
import { desktop, idle, openMap, phone, server, until, withPage } from './browser.mjs';

const CENTRE = [720, 450];
let layer;
let parcel;
/** The address that has the parcel in the middle. */
let place;

before(async () => {
  layer = await classifiedLayer();
  parcel = await featureWithPoint(layer);
  place = `map=17/${parcel.lat}/${parcel.lon}`;
});

const row = (page) => page.locator(`.layer[data-layer="${layer.id}"]`);
const card = (page) => page.locator(`[data-panel="here"] section[data-layer="${layer.id}"] article[data-feature="${parcel.id}"]`);

test('the map opens in Vietnamese and is drawn', () =>
  withPage(desktop, async (page) => {
    await openMap(page);
    assert.equal(await page.getAttribute('html', 'lang'), 'vi');
    assert.equal(await page.locator('[data-panel="layers"] h2').innerText(), 'Lớp dữ liệu');
    const { layers } = await get('/styles/default');
    const drawn = new Set(layers.map(({ metadata }) => metadata?.['dothi:layer']).filter(Boolean));
    assert.deepEqual(new Set(await page.locator('.layer').evaluateAll((all) => all.map((one) => one.dataset.layer))), drawn);
    assert.match(new URL(page.url()).hash, /^#map=[\d.]+\/[\d.]+\/[\d.]+&lang=vi$/);
  }));

test('a layer that is turned on is drawn, is in the address, and says when it is illustrative', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `${place}&layers=`);
    assert.equal(await page.locator('.notice').isVisible(), false);
    await page.getByRole('checkbox', { name: layer.titles.vi }).check();
    await until(() => page.url().includes(`layers=${layer.id}`), 'the layer in the address');
    // The legend holds what was really drawn, so it fills only when the tiles have come.
    await page.waitForSelector(`.legend[data-layer="${layer.id}"] li[data-code]`);
    assert.equal(await page.locator('.notice').isVisible(), layer.illustrative === true);
    await page.getByRole('checkbox', { name: layer.titles.vi }).uncheck();
    await until(() => /layers=(&|$)/.test(page.url()), 'no layer in the address');
  }));

test('a click on a parcel shows the attributes that the API has', () =>
  withPage(desktop, async (page) => {
    const item = await get(`/ogc/collections/${layer.id}/items/${parcel.id}`);
    const codes = await get('/land-use');
    await openMap(page, `${place}&layers=${layer.id}`);
    await page.mouse.click(...CENTRE);
    await card(page).waitFor();
    for (const [name, value] of Object.entries(item.properties)) {
      const shown = await card(page).locator(`[data-field="${name}"]`).innerText();
      if (name === layer.classField) {
        const official = codes.find(({ code }) => code === value);
        assert.equal(shown.trim(), official ? `${value} – ${official.vi}` : value);
      } else if (typeof value === 'number') {
        assert.equal(Number(shown.replaceAll('.', '').replace(',', '.')).toFixed(2), value.toFixed(2), name);
      } else if (typeof value === 'string' && !layer.fields.find((field) => field.name === name)?.format) {
        assert.equal(shown.trim(), value.trim(), name);
      }
    }
    const [e, n] = (await page.locator('output[data-system="VN-2000"]').innerText()).split(', ').map(Number);
    // The address keeps five decimals of the middle, which is about a metre.
    assert.ok(Math.hypot(e - parcel.point.e, n - parcel.point.n) < 3, `${e}, ${n}`);
  }));

test('the language changes everywhere, and a reload shows the same view', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `${place}&layers=${layer.id}`);
    await page.mouse.click(...CENTRE);
    await card(page).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    assert.equal(await page.locator('[data-panel="here"] h2').innerText(), 'What is here?');
    if (layer.titles.en) assert.equal(await row(page).locator('label span').first().innerText(), layer.titles.en);
    await page.mouse.move(...CENTRE);
    await page.mouse.wheel(0, 240);
    await until(() => !page.url().includes('map=17/'), 'another zoom in the address');
    await idle(page);
    const address = page.url();
    await page.reload();
    await idle(page);
    await card(page).waitFor();
    assert.equal(page.url(), address);
    assert.equal(await page.getAttribute('html', 'lang'), 'en');
  }));

test('back takes the point away, forward brings it again', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `${place}&layers=${layer.id}`);
    await page.mouse.click(...CENTRE);
    await card(page).waitFor();
    await page.goBack();
    await card(page).waitFor({ state: 'hidden' });
    // Still the map, and not the page before it.
    assert.ok(page.url().includes(`layers=${layer.id}`) && !page.url().includes('at='), page.url());
    await page.goForward();
    await card(page).waitFor();
    assert.ok(page.url().includes('at='));
  }));

test('an area that is drawn has the shares of the API, and can be kept as a table', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `map=15/${parcel.lat}/${parcel.lon}&layers=${layer.id}`);
    await page.locator('[data-opens="area"]').click();
    await page.getByRole('button', { name: 'Vẽ vùng' }).click();
    for (const corner of [
      [560, 320],
      [860, 340],
      [880, 620],
    ])
      await page.mouse.click(...corner);
    await page.getByText('3 đỉnh').waitFor();
    const asked = page.waitForRequest((request) => request.url().includes('/query/area'));
    await page.mouse.dblclick(590, 600);
    const body = (await asked).postData();
    assert.equal(JSON.parse(body).coordinates[0].length, 5, 'four corners and the first again');
    const answer = await post(`/query/area?layers=${layer.id}`, body);
    const table = page.locator(`table.areas[data-layer="${layer.id}"]`);
    await table.waitFor();
    const rows = await table
      .locator('tbody tr')
      .evaluateAll((all) =>
        all.map((one) => [
          one.dataset.code,
          Number(one.querySelector('[data-share]').dataset.share),
          one.querySelector('.share').textContent,
        ]),
      );
    const wanted = answer.layers[0].classes
      .sort((a, b) => b.area - a.area)
      .map(({ value, share }) => [String(value ?? ''), share, `${(share * 100).toFixed(2).replace('.', ',')}%`]);
    assert.ok(wanted.length > 0);
    assert.deepEqual(new Map(rows.map((one) => [one[0], one])), new Map(wanted.map((one) => [one[0], one])));
    assert.deepEqual(
      rows.map(([, share]) => share),
      wanted.map(([, share]) => share),
      'largest first',
    );

    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Tải bảng (CSV)' }).click();
    const text = await readFile(await (await saved).path(), 'utf8');
    assert.ok(text.startsWith('\ufeffLớp,Mã,Tên'));
    assert.equal(text.trimEnd().split('\r\n').length, wanted.length + 2);
  }));

test('a drawing is undone corner by corner, and cancelled without a question', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `${place}&layers=${layer.id}`);
    await page.locator('[data-opens="area"]').click();
    await page.getByRole('button', { name: 'Vẽ vùng' }).click();
    for (const corner of [
      [560, 320],
      [860, 340],
    ])
      await page.mouse.click(...corner);
    await page.getByText('2 đỉnh').waitFor();
    await page.keyboard.press('Backspace');
    await page.getByText('1 đỉnh').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Vẽ vùng' }).waitFor();
    assert.ok(!page.url().includes('at='), 'a corner is no question');
  }));

test('what is nearby is listed nearest first', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `${place}&layers=${layer.id}`);
    await page.locator('[data-opens="near"]').click();
    await page.locator('[data-panel="near"] input').fill('250');
    const answered = page.waitForResponse((response) => response.url().includes('/query/near'));
    await page.getByRole('button', { name: 'Tìm', exact: true }).click();
    const { features } = await (await answered).json();
    await page.locator('.near-results .feature').first().waitFor();
    const ids = await page.locator('.near-results .feature').evaluateAll((all) => all.map((one) => one.dataset.feature));
    assert.deepEqual(
      ids,
      features.map(({ id }) => String(id)),
    );
    assert.equal(ids[0], String(parcel.id));
  }));

test('metres of VN-2000 lead to the place, and nonsense is refused in words', () =>
  withPage(desktop, async (page) => {
    await openMap(page, `map=11/11.6/109&layers=${layer.id}`);
    const box = page.getByRole('textbox', { name: 'Đi đến tọa độ' });
    await box.fill('10.2, 50');
    await box.press('Enter');
    await page.getByText('Tọa độ này không nằm ở Việt Nam').waitFor();
    await box.fill(`${parcel.point.n.toFixed(3)} ${parcel.point.e.toFixed(3)}`);
    await box.press('Enter');
    await card(page).waitFor();
    const [lon, lat] = new URL(page.url()).hash
      .match(/at=([\d.]+),([\d.]+)/)
      .slice(1)
      .map(Number);
    assert.ok(Math.abs(lon - parcel.lon) < 2e-5 && Math.abs(lat - parcel.lat) < 2e-5);
  }));

test('when the server fails, the page says so and can ask again', () =>
  withPage(
    desktop,
    async (page) => {
      let failing = true;
      const problem = {
        type: '/problems/unavailable',
        title: 'unavailable',
        status: 503,
        detail: 'the database does not answer',
        instance: 'abc123',
      };
      await page.route('**/query/at?*', (route) =>
        failing ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }) : route.continue(),
      );
      await openMap(page, `${place}&layers=${layer.id}`);
      await page.mouse.click(...CENTRE);
      const alert = page.locator('[data-panel="here"] [role="alert"]');
      await alert.waitFor();
      assert.match(await alert.innerText(), /Máy chủ tạm thời không phục vụ được[\s\S]*the database does not answer[\s\S]*abc123/);
      failing = false;
      await page.getByRole('button', { name: 'Thử lại' }).click();
      await card(page).waitFor();
    },
    { expectErrors: true },
  ));

test('on a phone the answer is a sheet, and nothing is wider than the screen', () =>
  withPage(phone, async (page) => {
    await openMap(page, `${place}&layers=${layer.id}`);
    const { width, height } = phone.viewport;
    await page.touchscreen.tap(width / 2, height / 2);
    await card(page).waitFor();
    const sheet = await page.locator('[data-panel="here"]').boundingBox();
    assert.ok(sheet.x >= 0 && sheet.x + sheet.width <= width && sheet.y > height * 0.25, JSON.stringify(sheet));
    await page.locator('[data-opens="layers"]').tap();
    await row(page).waitFor();
    assert.equal(await page.locator('[data-panel="here"]').isVisible(), false, 'one sheet at a time');
    if (layer.illustrative) assert.ok(await page.locator('.notice').isVisible());
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
  }));

test('an edit in the database is on the open map within moments, without a reload', { skip: !process.env.DOTHI_DATA_DIR }, () =>
  withPage(desktop, async (page) => {
    const { properties } = await get(`/ogc/collections/${layer.id}/items/${parcel.id}`);
    const set = (code) => sql(`UPDATE layers."${layer.id}" SET "${layer.classField}" = '${code}' WHERE fid = ${parcel.id}`);
    await openMap(page, `${place}&layers=${layer.id}`);
    const legend = (code) => page.locator(`.legend[data-layer="${layer.id}"] li[data-code="${code}"]`);
    await page.waitForSelector(`.legend[data-layer="${layer.id}"] li[data-code]`);
    const shown = await page.locator(`.legend[data-layer="${layer.id}"] li[data-code]`).evaluateAll((all) => all.map((one) => one.dataset.code));
    const other = (await get('/land-use')).map(({ code }) => code).find((code) => !shown.includes(code) && code !== properties[layer.classField]);
    await until(async () => (await fetch(`${server}/ready`)).ok, 'a server that is ready');
    const before = await page.screenshot();
    try {
      const committed = await set(other);
      await legend(other).waitFor();
      console.log(`the edit was on the map ${Date.now() - committed} ms after its commit`);
      assert.notDeepEqual(await page.screenshot(), before);
    } finally {
      await set(properties[layer.classField]);
    }
    await legend(other).waitFor({ state: 'detached' });
  }));

test('every file of the page comes from the server itself', async () => {
  const html = await (await fetch(`${server}/`)).text();
  for (const [, address] of html.matchAll(/(?:src|href)="([^"]+)"/g)) assert.match(address, /^(\/|\.\/)?assets\//);
});
