// The page on which administrators import files, in a real browser: a real file, what it asks, its end, its layer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { get } from './api.mjs';
import { desktop, idle, phone, server, until, withPage } from './browser.mjs';

const run = promisify(execFile);
let key;
let folder;
let samples;

async function dothi(...args) {
  const bin = process.env.DOTHI_BIN ?? 'target/debug/dothi';
  return JSON.parse((await run(bin, ['--data-dir', process.env.DOTHI_DATA_DIR, '--json', ...args])).stdout);
}

async function ids() {
  return (await dothi('layers', 'list')).layers.map(({ id }) => id);
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dothi-e2e-files-'));
  samples = await ids();
  key = (await dothi('keys', 'create', '--admin', '--name', 'Trình duyệt')).secret;
});

// The map's own tests find the samples as they were.
after(async () => {
  await dothi('layers', 'drop', ...(await ids()).filter((id) => !samples.includes(id)));
  await rm(folder, { recursive: true, force: true });
});

/** Points in metres of the city's zone; the table does not say of which. */
function marks(n) {
  const rows = Array.from({ length: n }, (_, i) => `M${i},"Mốc số ${i}, phường Mỹ Hải",${1_279_000 + i * 37},${580_000 + i * 53}`);
  return Buffer.from(`ma,ten,X (m),Y (m)\n${rows.join('\n')}\n`);
}

/** A raster of one colour, 400 × 300 pixels of half a metre in the city. */
async function raster(name, ...options) {
  const place = ['-a_ullr', '580000', '1279150', '580200', '1279000'];
  await run('gdal_create', ['-of', 'GTiff', '-outsize', '400', '300', '-bands', '3', '-burn', '200', '-burn', '30', '-burn', '90', ...place, ...options, join(folder, name)]);
  return join(folder, name);
}

/** Red, green, blue of a pixel of the page as it is drawn. */
async function pixel(page, x, y) {
  const shot = await page.screenshot({ clip: { x, y, width: 1, height: 1 } });
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const canvas = new OffscreenCanvas(1, 1).getContext('2d');
    canvas.drawImage(await createImageBitmap(new Blob([bytes], { type: 'image/png' })), 0, 0);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  }, shot.toString('base64'));
}

/** A table of facts of the page. */
async function facts(list) {
  const [names, values] = [await list.locator('dt').allInnerTexts(), await list.locator('dd').allInnerTexts()];
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
}

const go = (page) => page.getByRole('button', { name: 'Nhập', exact: true });
const done = (page) => page.waitForSelector('.state[data-state="done"]');

async function enter(page) {
  await page.goto(`${server}/admin/import`);
  await page.getByLabel('Khóa').fill(key);
  await page.getByRole('button', { name: 'Vào' }).click();
  await page.waitForSelector('.drop');
}

test('a file is uploaded, asked about, imported and shown on the map', () =>
  withPage(desktop, async (page) => {
    await enter(page);
    assert.equal(await page.evaluate(() => localStorage.getItem('dothi.key') ?? document.cookie), '');
    await page.setInputFiles('#file', { name: 'Mốc thử.csv', mimeType: 'text/csv', buffer: marks(30) });
    await page.getByRole('heading', { name: 'Mốc thử.csv' }).waitFor();
    // Nothing is imported before somebody has said where it lies.
    await go(page).click();
    await page.getByText('Hãy chọn hệ tọa độ trước.').waitFor();
    await page.waitForSelector('.preview-map .index');
    await page.locator('.option', { hasText: 'EPSG:9217' }).first().click();
    await page.getByText('30 đối tượng', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Mã lớp').inputValue(), 'moc_thu');
    await go(page).click();
    await done(page);
    assert.equal(await page.locator('[data-number="report.imported"] b').innerText(), '30');
    await page.getByRole('link', { name: 'Xem trên bản đồ' }).click();
    await idle(page);
    await page.locator('.layer[data-layer="moc_thu"]').waitFor();
    const { numberMatched, features } = await get('/ogc/collections/moc_thu/items?limit=1');
    assert.equal(numberMatched, 30);
    assert.equal(features[0].properties.ten, 'Mốc số 0, phường Mỹ Hải');
    assert.ok(page.url().includes('layers=moc_thu'), page.url());
  }));

test('an import that asks in the middle is answered on the page, by keyboard and on a phone', () =>
  withPage(phone, async (page) => {
    await enter(page);
    const headers = { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0' };
    const bytes = marks(12);
    const name = Buffer.from('Mốc hai.csv').toString('base64');
    const begun = await fetch(`${server}/admin/uploads`, {
      method: 'POST',
      headers: { ...headers, 'upload-length': bytes.length, 'upload-metadata': `filename ${name}`, 'content-type': 'application/offset+octet-stream' },
      body: bytes,
    });
    assert.equal(begun.status, 201);
    const upload = begun.headers.get('location').split('/').pop();
    const job = await fetch(`${server}/admin/jobs`, { method: 'POST', headers, body: JSON.stringify({ upload }) });
    const { id } = await job.json();
    await page.goto(`${server}/admin/import#job=${id}&lang=en`);
    await page.waitForSelector('.state[data-state="asking"]');
    await page.locator('.option input').first().focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Go on' }).press('Enter');
    await done(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 375, `the page is ${width} pixels wide`);
    await page.goto(`${server}/admin/import#lang=en`);
    await until(() => page.locator(`tr[data-job="${id}"]`).count(), 'the job in the list');
  }));

test('a raster is described, placed, imported and drawn', () =>
  withPage(desktop, async (page) => {
    const file = await raster('Bản đồ quét.tif', '-a_srs', 'EPSG:9217');
    await enter(page);
    await page.setInputFiles('#file', file);
    const told = page.locator('[data-raster]');
    await told.waitFor();
    const before = await facts(told);
    assert.equal(before['Kích thước'], '400 × 300 điểm ảnh');
    assert.equal(before['Độ phân giải mặt đất'], '50 cm mỗi điểm ảnh');
    assert.equal(before['Kênh màu'], 'RGB');
    await page.getByText('Khung của ảnh.').waitFor();
    // There is no text to decode and nothing to add to.
    assert.equal(await page.getByRole('heading', { name: 'Chữ', exact: true }).count(), 0);
    await go(page).click();
    await done(page);
    const after = await facts(page.locator('[data-layer="ban_do_quet"] .facts').first());
    assert.match(after['Ô ảnh'], /^\d+ ô PNG$/);
    assert.match(after['Dung lượng trên đĩa'], /kB$/);
    assert.equal(await page.locator('[data-number="report.read"]').count(), 0);
    await page.getByRole('link', { name: 'Xem trên bản đồ' }).click();
    await idle(page);
    const row = page.locator('.layer[data-layer="ban_do_quet"]');
    assert.equal(await row.locator('.badge.kind').innerText(), 'Ảnh');
    assert.deepEqual(await pixel(page, 720, 450), [200, 30, 90]);
    await row.getByRole('checkbox').first().uncheck();
    await idle(page);
    await until(async () => (await pixel(page, 720, 450)).join() !== '200,30,90', 'the base map where the raster was');
  }));

test('a raster that does not say where it lies is asked about, and a picture without a world file refused', () =>
  withPage(desktop, async (page) => {
    const file = await raster('khong he.tif');
    await enter(page);
    await page.setInputFiles('#file', { name: 'ảnh.jpg', mimeType: 'image/jpeg', buffer: Buffer.from([0xff, 0xd8, 0xff]) });
    await page.getByText('Hãy chọn cùng lúc cả tệp tọa độ của nó').waitFor();
    await page.setInputFiles('#file', file);
    await page.locator('[data-raster]').waitFor();
    assert.equal((await facts(page.locator('[data-raster]')))['Độ phân giải mặt đất'], undefined);
    await go(page).click();
    await page.getByText('Hãy chọn hệ tọa độ trước.').waitFor();
    await page.locator('.option', { hasText: 'EPSG:9217' }).first().click();
    await page.getByText('50 cm mỗi điểm ảnh').waitFor();
    await go(page).click();
    await done(page);
  }));

test('what is wrong in a layer is summed up, and switched on and off on the map', () =>
  withPage(desktop, async (page) => {
    const square = (x) => ({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[[x, 11.56], [x + 0.002, 11.56], [x + 0.002, 11.562], [x, 11.562], [x, 11.56]]] } });
    const bow = { type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[[108.99, 11.56], [108.992, 11.562], [108.992, 11.56], [108.99, 11.562], [108.99, 11.56]]] } };
    const buffer = Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: [square(108.98), square(108.981), bow] }));
    await enter(page);
    await page.setInputFiles('#file', { name: 'chồng.geojson', mimeType: 'application/geo+json', buffer });
    await go(page).waitFor();
    await go(page).click();
    await done(page);
    const row = (name) => page.locator(`.quality tr[data-quality="${name}"] td`).allInnerTexts();
    assert.deepEqual(await row('rows'), ['3', '3']);
    assert.deepEqual(await row('invalid'), ['1', '0']);
    assert.ok((await row('area')).every((area) => area.endsWith('m²')));
    assert.match(await page.locator('.quality [data-kind="overlap"]').innerText(), /^1 \(/);
    await page.getByText('Hình đã sửa (1)').click();
    await page.getByText('tự cắt').waitFor();
    const { numberMatched } = await get('/ogc/collections/chong/quality/items');
    await page.getByRole('link', { name: 'Xem vấn đề trên bản đồ' }).click();
    await idle(page);
    const layer = page.locator('.layer[data-layer="chong"]');
    const told = layer.locator('.layer-quality [role="status"]');
    const box = layer.getByLabel('Hiện lỗi hình học và dữ liệu');
    await until(async () => (await told.innerText()) === `${numberMatched} vấn đề`, 'the number of issues');
    assert.equal(await box.isChecked(), true);
    await box.uncheck();
    await until(() => !page.url().includes('quality='), 'no quality in the address');
    assert.equal(await told.innerText(), '');
    await page.goBack();
    await until(async () => (await box.isChecked()) && (await told.innerText()) === `${numberMatched} vấn đề`, 'the issues again');
  }));

test('a planning package is told of theme by theme, before and after, and headed on the map', () =>
  withPage(desktop, async (page) => {
    const script = fileURLToPath(new URL('../../data/tt16/sample.py', import.meta.url));
    const { stdout } = await run('python3', [script, folder, '--zip', '--fault', 'field', '--fault', 'unknown_layer']);
    await enter(page);
    await page.setInputFiles('#file', stdout.trim());
    await page.getByText('Tệp này là một hồ sơ quy hoạch theo Thông tư 16/2025/TT-BXD.').waitFor();
    await page.locator('.verdict.bad').waitFor();
    assert.deepEqual((await page.locator('.sources h3').allInnerTexts()).slice(0, 2), ['Hiện trạng', 'Quy hoạch']);
    await page.getByRole('checkbox', { name: 'Chức năng sử dụng đất (Quy hoạch)' }).waitFor();
    await go(page).click();
    await done(page);
    const report = page.locator('[data-package="phankhuminhhoa"]');
    const planned = report.locator('[data-theme="QuyHoach"]');
    const trees = planned.locator('.class[data-layer="phankhuminhhoa_qh_cay_xanh_p"]');
    await trees.locator('summary').first().click();
    await trees.locator('[data-code="field_missing"]').first().waitFor();
    await trees.getByText(/Trường: đúng/).click();
    assert.ok((await trees.locator('tr[data-state="missing"]').count()) > 0);
    await planned.getByText(/Lớp không có trong hồ sơ \(\d+\)/).click();
    await report.locator('> .actions').getByRole('link', { name: 'Xem trên bản đồ' }).click();
    await idle(page);
    const group = page.locator('.group', { has: page.getByRole('heading', { level: 3, name: 'Quy hoạch phân khu minh họa' }) });
    await group.getByRole('heading', { level: 4, name: 'Sử dụng đất quy hoạch' }).waitFor();
    assert.ok(await group.locator('.layer[data-layer="phankhuminhhoa_qh_chuc_nang_sdd_a"] input[type="checkbox"]').first().isChecked());
    await group.locator('summary').click();
    await group.locator('.layer').first().waitFor({ state: 'hidden' });
  }));

test('of a file of several layers each is chosen, named and told what becomes of it', () =>
  withPage(desktop, async (page) => {
    await writeFile(join(folder, 'moc.csv'), marks(5));
    await writeFile(join(folder, 'diem.csv'), 'ten,kinh_do,vi_do\nChợ,108.98,11.56\nGa,108.99,11.57\n');
    await writeFile(join(folder, 'bang.csv'), 'ma,ten\n1,Một\n');
    const zip = join(folder, 'Nhiều lớp.zip');
    await run('python3', ['-m', 'zipfile', '-c', zip, ...['moc', 'diem', 'bang'].map((name) => join(folder, `${name}.csv`))]);
    await enter(page);
    await page.setInputFiles('#file', zip);
    const source = (name) => page.locator(`.sources li[data-source="${name}"]`);
    await source('moc').waitFor();
    await page.getByRole('checkbox', { name: 'bang' }).uncheck();
    await page.getByText('Sẽ nhập 2 trong 3 lớp.').waitFor();
    assert.equal(await source('bang').locator('.becomes').innerText(), 'Không nhập.');
    await source('diem').getByRole('button').click();
    await page.getByLabel('Mã lớp').fill('Địa danh thử');
    await page.getByLabel('Mã lớp').press('Tab');
    await until(async () => (await source('diem').locator('.becomes').innerText()) === 'Lớp mới dia_danh_thu.', 'the id as it will be');
    // One of them has to be placed first; the page goes to it.
    await go(page).click();
    await page.getByText('Hãy chọn hệ tọa độ trước.').waitFor();
    assert.equal(await source('moc').getAttribute('aria-current'), 'true');
    await page.locator('.option', { hasText: 'EPSG:9217' }).first().click();
    await page.getByLabel('Xem trước trên bản đồ').getByText('5 đối tượng', { exact: true }).waitFor();
    await go(page).click();
    await done(page);
    const made = (await ids()).filter((id) => ['moc', 'dia_danh_thu', 'bang', 'diem'].includes(id)).sort();
    assert.deepEqual(made, ['dia_danh_thu', 'moc']);
    // The same file again takes the place of what is there, and says so.
    await page.goBack();
    await source('diem').waitFor();
    await until(async () => /Thay lớp .*dia_danh_thu.* phiên bản 1/.test(await source('diem').locator('.becomes').innerText()), 'what becomes of it now');
  }));

test('a wrong key and a file that cannot be read are told in words', () =>
  withPage(
    desktop,
    async (page) => {
      await page.goto(`${server}/admin/import`);
      await page.getByLabel('Khóa').fill('dothi_sai');
      await page.getByRole('button', { name: 'Vào' }).click();
      await page.getByText('Khóa không đúng hoặc đã bị thu hồi.').waitFor();
      await enter(page);
      await page.setInputFiles('#file', { name: 'hỏng.gpkg', mimeType: 'application/octet-stream', buffer: Buffer.from('không phải GeoPackage') });
      await page.getByText('Không đọc được tệp này').waitFor();
      await page.getByRole('button', { name: 'Quay lại' }).click();
      await page.setInputFiles('#file', { name: 'ranh.shp', mimeType: 'application/octet-stream', buffer: Buffer.from([0, 0, 39, 10]) });
      await page.getByText('Tệp .shp cần đi cùng .dbf và .shx.').waitFor();
    },
    { expectErrors: true },
  ));
