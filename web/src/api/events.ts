import { root } from '../root';

/** A server that has no place for another listener is asked again after this time, in milliseconds. */
const AGAIN = 30_000;

export interface Follow {
  end(): undefined;
}

/**
 * Calls `told(layer, version)` for every layer, and then for every new version. A connection that is lost is opened again
 * by the browser; what was missed is told then, because every layer's version is.
 */
export function followVersions(told: (layer: string, version: string) => void): Follow {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(`${root}/ogc/changes/stream`);
    source.addEventListener('version', ({ data }: MessageEvent<string>) => {
      const { layer, version } = JSON.parse(data) as { layer: string; version: string };
      told(layer, version);
    });
    source.addEventListener('error', () => {
      // Closed for good: the answer was no stream.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    });
  };
  open();
  return {
    end() {
      clearTimeout(timer);
      source.close();
      return undefined;
    },
  };
}
