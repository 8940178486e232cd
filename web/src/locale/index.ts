import type { Texts } from '../api';
import { en } from './en';
import { vi } from './vi';

export type Key = keyof typeof vi;
export type Lang = 'vi' | 'en';
export type Values = Record<string, string | number>;

const WORDS: Record<Lang, Record<Key, string>> = { vi, en };

export function isLang(text: unknown): text is Lang {
  return text === 'vi' || text === 'en';
}

/** The words of one language, and how it writes numbers. */
export interface Speech {
  lang: Lang;
  /** The text of `key`, its `{names}` filled in. */
  (key: Key, values?: Values): string;
}

export function speech(lang: Lang): Speech {
  const say = (key: Key, values: Values = {}) =>
    WORDS[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  return Object.assign(say, { lang });
}

type Counted = { [K in Key]: K extends `${infer Stem}.one` ? Stem : never }[Key];

/** `key` or `key.one`, whichever the language wants for `n`. */
export function counted(say: Speech, key: Counted, n: number, values: Values = {}): string {
  const one = say.lang === 'en' && n === 1;
  return say(one ? `${key}.one` : key, { n: n.toLocaleString(localeOf(say.lang)), ...values });
}

export function localeOf(lang: Lang): string {
  return lang === 'vi' ? 'vi-VN' : 'en-GB';
}

/** Titles come from the catalog in one or both languages. */
export function textOf(texts: Texts | null | undefined, lang: Lang, fallback: string): string {
  return texts?.[lang] || texts?.vi || fallback;
}
