import type { Field } from './api';
import { type Lang, localeOf, type Speech } from './locale';

// Numbers and dates as the reader's language writes them. Vietnamese: 12.345,67; English: 12,345.67.

export function number(value: number, lang: Lang, digits = 3): string {
  // Four figures stay together, so that a year kept as an integer reads 2030 and not 2.030.
  const useGrouping = Math.abs(value) >= 10_000 || !Number.isInteger(value);
  return value.toLocaleString(localeOf(lang), { maximumFractionDigits: digits, useGrouping });
}

export function squareMetres(value: number, lang: Lang): string {
  return `${value.toLocaleString(localeOf(lang), { maximumFractionDigits: 1 })} m²`;
}

/** Four decimals below a hectare, so that a house lot does not read 0 ha. */
export function hectares(value: number, lang: Lang): string {
  const ha = value / 10_000;
  const digits = ha < 1 ? 4 : 2;
  return `${ha.toLocaleString(localeOf(lang), { minimumFractionDigits: digits, maximumFractionDigits: digits })} ha`;
}

export function percent(share: number, lang: Lang): string {
  return share.toLocaleString(localeOf(lang), { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function distance(metres: number, lang: Lang): string {
  if (metres >= 1000) return `${(metres / 1000).toLocaleString(localeOf(lang), { maximumFractionDigits: 2 })} km`;
  return `${metres.toLocaleString(localeOf(lang), { maximumFractionDigits: metres < 10 ? 1 : 0 })} m`;
}

/** With a decimal point in both languages: coordinates are copied into programs. */
export function degrees(lon: number, lat: number): string {
  return `${lon.toFixed(6)}, ${lat.toFixed(6)}`;
}

export function metres(e: number, n: number): string {
  return `${e.toFixed(2)}, ${n.toFixed(2)}`;
}

export function date(text: string, lang: Lang): string {
  return written(text, lang, { day: '2-digit', month: '2-digit', year: 'numeric' });
}

/** In the time of Vietnam, whatever the clock of the reader's machine says. */
export function dateTime(text: string, lang: Lang): string {
  return written(text, lang, {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'Asia/Ho_Chi_Minh',
  });
}

/** An attribute as text. Files hold anything, so what does not fit its field is shown as it is. */
export function attribute(value: unknown, field: Field | undefined, say: Speech): string {
  if (value === null || value === undefined || value === '') return say('feature.empty');
  const code = field?.codes?.find((one) => one.code === String(value));
  if (code) return `${code.code} – ${code.title}`;
  if (typeof value === 'boolean') return say(value ? 'feature.yes' : 'feature.no');
  if (typeof value === 'number') return number(value, say.lang);
  if (typeof value === 'object') return JSON.stringify(value);
  const text = String(value);
  if (field?.format === 'date') return date(text, say.lang);
  if (field?.format === 'date-time') return dateTime(text, say.lang);
  return text;
}

function written(text: string, lang: Lang, how: Intl.DateTimeFormatOptions): string {
  const time = Date.parse(text);
  // A date without a time is midnight UTC; only read back in UTC it is the same day everywhere.
  return Number.isNaN(time) ? text : new Date(time).toLocaleString(localeOf(lang), { timeZone: 'UTC', ...how });
}
