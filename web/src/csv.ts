import type { AreaAnswer } from './api';
import { type Speech, textOf } from './locale';

/** The answer about an area as a table for spreadsheets: RFC 4180, with the mark that tells Excel it is UTF-8. */
export function areaCsv(answer: AreaAnswer, say: Speech): string {
  const head = (['layer', 'code', 'name', 'm2', 'ha', 'share', 'features'] as const).map((name) => say(`area.csv.${name}`));
  const rows = answer.layers.flatMap((layer) =>
    layer.classes.map((one) => [
      textOf(layer.titles, say.lang, layer.title),
      one.value === null ? '' : String(one.value),
      textOf(one.title, say.lang, ''),
      one.area.toFixed(1),
      (one.area / 10_000).toFixed(4),
      (one.share * 100).toFixed(2),
      one.features,
    ]),
  );
  const total = [say('area.csv.total'), '', '', answer.area.toFixed(1), (answer.area / 10_000).toFixed(4), '100.00', ''];
  return '\ufeff' + [head, ...rows, total].map((row) => row.map(cell).join(',') + '\r\n').join('');
}

function cell(value: string | number): string {
  let text = String(value);
  // Values come from files of strangers; a spreadsheet would run a text that begins like a formula.
  if (typeof value === 'string' && /^[=+@\t\r]|^-(?![\d.])/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
