// Builds data/cache/fonts and data/cache/sprites from the packages in node_modules: `npm ci && npm run build`.

import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as glyphs } from './glyphs.js';
import { build as sprites } from './sprites.js';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', 'cache');
const FONTS = { 'Noto Sans Regular': '400-normal', 'Noto Sans Medium': '500-normal', 'Noto Sans Italic': '400-italic' };
const SUBSETS = ['latin', 'latin-ext', 'vietnamese'];

// Nothing is built again while neither these programs nor the packages change.
const state = createHash('sha256');
for (const file of readdirSync(here).filter((f) => /\.(js|json)$/.test(f)).sort()) state.update(readFileSync(join(here, file)));
const mark = state.digest('hex');
const stamp = join(cache, 'stamps', 'assets');
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === mark && existsSync(join(cache, 'fonts')) && existsSync(join(cache, 'sprites'))) {
    console.log('fonts and icons are there');
} else {
    for (const [name, style] of Object.entries(FONTS)) {
        const files = SUBSETS.map((s) => join(here, 'node_modules/@fontsource/noto-sans/files', `noto-sans-${s}-${style}.woff`));
        console.log(`${name}: ${glyphs(name, files, join(cache, 'fonts', name))} letters`);
    }
    console.log(`maki: ${sprites(join(here, 'node_modules/@mapbox/maki/icons'), join(cache, 'sprites', 'maki'))} icons`);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, mark);
}
