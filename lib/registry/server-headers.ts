import type { HttpResponse } from './body.ts';

/** How many requests a server still answers; Docker Hub says it of pulls. */
export interface RateLimit {
  readonly remaining: number;
  readonly limit?: number;
  /** The time that the limit is for. */
  readonly seconds?: number;
}

/** What an answer says of the server. */
export interface ServerHeaders {
  /** The server's clock. */
  readonly date?: Date;
  readonly rateLimit?: RateLimit;
}

/** Reads the headers Date and ratelimit-*; what cannot be read is left out. */
export function readServerHeaders({ headers }: Pick<HttpResponse, 'headers'>): ServerHeaders {
  const date = typeof headers.date === 'string' ? new Date(headers.date) : undefined;
  const remaining = readLimit(headers['ratelimit-remaining']);
  const limit = readLimit(headers['ratelimit-limit']);
  return {
    ...(date && !Number.isNaN(date.getTime()) && { date }),
    ...(remaining && {
      rateLimit: {
        remaining: remaining.count,
        ...(limit && { limit: limit.count }),
        ...((remaining.seconds ?? limit?.seconds) !== undefined && {
          seconds: remaining.seconds ?? limit?.seconds,
        }),
      },
    }),
  };
}

/** `76;w=21600`: a number, and the seconds of its window. */
function readLimit(header: string | string[] | undefined): { count: number; seconds?: number } | undefined {
  const { count, window } =
    /^(?<count>\d{1,9})(?:;w=(?<window>\d{1,9}))?$/.exec(String(header))?.groups ?? {};
  if (count === undefined) return undefined;
  return { count: Number(count), ...(window !== undefined && { seconds: Number(window) }) };
}
