// The page on which administrators import files, in a real browser: a real file, what it asks, its end, its layer.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { get } from './api.mjs';
import { desktop, idle, phone, server, until, withPage } from './browser.mjs';

let key;

async function dothi(...args) {
  const bin = process.env.DOTHI_BIN ?? 'target/debug/dothi';
  return JSON.parse((await promisify(execFile)(bin, ['--data-dir', process.env.DOTHI_DATA_DIR, '--json', ...args])).stdout);
}

before(async () => {
  key = (await dothi('keys', 'create', '--admin', '--name', 'Trình duyệt')).secret;
});

// The map's own tests find the samples as they were.
after(() => dothi('layers', 'drop', 'moc_thu', 'moc_hai'));

/** Points in metres of the city's zone; the table does not say of which. */
function marks(n) {
  const rows = Array.from({ length: n }, (_, i) => `M${i},"Mốc số ${i}, phường Mỹ Hải",${1_279_000 + i * 37},${580_000 + i * 53}`);
  return Buffer.from(`ma,ten,X (m),Y (m)\n${rows.join('\n')}\n`);
}

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
    await page.getByRole('button', { name: 'Nhập', exact: true }).click();
    await page.getByText('Hãy chọn hệ tọa độ trước.').waitFor();
    await page.waitForSelector('.preview-map .index');
    await page.locator('.option', { hasText: 'EPSG:9217' }).first().click();
    await page.getByText('30 đối tượng', { exact: true }).waitFor();
    assert.equal(await page.getByLabel('Mã lớp').inputValue(), 'moc_thu');
    await page.getByRole('button', { name: 'Nhập', exact: true }).click();
    await page.waitForSelector('.state[data-state="done"]');
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
    await page.waitForSelector('.state[data-state="done"]');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 375, `the page is ${width} pixels wide`);
    await page.goto(`${server}/admin/import#lang=en`);
    await until(() => page.locator(`tr[data-job="${id}"]`).count(), 'the job in the list');
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
