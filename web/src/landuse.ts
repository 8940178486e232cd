import type { LandUseCode, PlanningFunction } from './api';
import type { Lang } from './locale';

export const UNKNOWN_COLOR = '#d9dde0';

/** One line of a legend or chip: a value of a class field, and what is officially known about it. */
export interface LandUseClass {
  value: string;
  color: string;
  official: LandUseCode | undefined;
}

/** The official codes, ready to be looked up. */
export class LandUse {
  private readonly byCode: Map<string, LandUseCode>;
  private readonly byFunction: Map<string, LandUseCode>;

  constructor(
    readonly codes: readonly LandUseCode[],
    functions: readonly PlanningFunction[] = [],
  ) {
    this.byCode = new Map(codes.map((code) => [code.code, code]));
    // In a legend they stand after the codes.
    const known = functions.map(({ vi, en, color }, n) => ({ code: vi, vi, en, color, parent: null, rank: 10_000 + n }));
    this.byFunction = new Map(known.map((one) => [one.vi.toLowerCase(), one]));
  }

  /** What planned land is for, where a plan says it in words. */
  functionOf(value: string): LandUseCode | undefined {
    return this.byFunction.get(value.trim().toLowerCase());
  }

  /**
   * What a value of a class field stands for. Real files hold combined labels such as `ONT+CLN`:
   * the first code rules the colour, the label stays as it was written.
   */
  classOf(value: string): LandUseClass {
    const planned = this.functionOf(value);
    if (planned) return { value, color: planned.color ?? UNKNOWN_COLOR, official: planned };
    const first = codesIn(value).find((code) => this.byCode.has(code));
    const official = first === undefined ? undefined : this.byCode.get(first);
    return { value, color: official?.color ?? UNKNOWN_COLOR, official };
  }

  /** `Đất ở tại đô thị`; for a combined label all names it is made of, for an unknown one nothing. */
  name(value: string, lang: Lang): string {
    const planned = this.functionOf(value);
    if (planned) return lang === 'vi' ? '' : planned.en;
    return codesIn(value)
      .flatMap((code) => this.byCode.get(code) ?? [])
      .map((code) => code[lang] || code.vi)
      .join(' + ');
  }
}

export function codesIn(value: string): string[] {
  return value.match(/[A-Z]{3}/g) ?? [];
}

export interface Legend {
  /** What occurs in the view, in the official order; labels that are not official come last. */
  present: LandUseClass[];
  /** The official codes that do not occur. */
  rest: LandUseClass[];
}

export function legendOf(values: Iterable<string>, landUse: LandUse): Legend {
  const present = [...new Set(values)].map((value) => landUse.classOf(value)).sort(inOfficialOrder);
  const seen = new Set(present.map((one) => one.value));
  const rest = landUse.codes
    .filter(({ code }) => !seen.has(code))
    .map(({ code }) => landUse.classOf(code))
    .sort(inOfficialOrder);
  return { present, rest };
}

function inOfficialOrder(a: LandUseClass, b: LandUseClass): number {
  const rank = (one: LandUseClass) => one.official?.rank ?? Number.MAX_SAFE_INTEGER;
  return rank(a) - rank(b) || a.value.localeCompare(b.value, 'vi');
}
