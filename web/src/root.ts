/** What stands before every path of this server where a proxy serves it under one: `/gis`, or nothing. The server says it. */
export const root = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="root"]')?.content ?? '';
