// The generated client with the session's token. One tab refreshes at a time: a refresh token works once.
import createClient, { type Middleware } from 'openapi-fetch';
import { alone } from '../lib/secure';
import type { paths } from './schema';
import { m } from '../messages';
import type { Problem, SignedIn } from './types';

let token: string | null = null;
let onSessionOver: () => void = () => undefined;

export const setToken = (value: string | null): void => {
  token = value;
};
export const whenSessionIsOver = (listener: () => void): void => {
  onSessionOver = listener;
};

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
    readonly retryAfter: number | null,
  ) {
    super(problem?.detail ?? `status ${status}`);
  }
}

/** Nobody answered. */
export class Away extends Error {}

/** What a person can read: the wrong fields where there are some. */
export function reasonOf(error: unknown, away: string, unknown: string): string {
  if (error instanceof Away) return away;
  if (!(error instanceof Refused)) return unknown;
  const fields = error.problem?.errors?.map(({ field, message }) => m.problem.field(field, message));
  return fields?.length ? `${fields.join('; ')}.` : (error.problem?.detail ?? unknown);
}

async function sendRefresh(): Promise<SignedIn | null> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const response = await fetch('/api/auth/refresh', { method: 'POST' }).catch(() => {
      throw new Away();
    });
    if (response.ok) return (await response.json()) as SignedIn;
    if (response.status === 401 || response.status === 403) return null;
    // 409: another tab was a moment faster, its cookie is on the way.
    await new Promise((resolve) => setTimeout(resolve, 200 * (attempt + 1)));
  }
  throw new Away();
}

/** A new access token by the cookie; null where there is no session. `asking`: the request is about to go out. */
export async function refresh(asking?: () => void): Promise<SignedIn | null> {
  const session = await alone('carillon-refresh', () => {
    asking?.();
    return sendRefresh();
  });
  token = session?.token ?? null;
  return session;
}

let refreshing: Promise<SignedIn | null> | null = null;
const refreshOnce = (): Promise<SignedIn | null> =>
  (refreshing ??= refresh().finally(() => {
    refreshing = null;
  }));

async function authorized(request: Request): Promise<Response> {
  const send = async (from: Request): Promise<Response> => {
    if (token) from.headers.set('Authorization', `Bearer ${token}`);
    try {
      return await fetch(from);
    } catch (error) {
      if (from.signal.aborted) throw error;
      throw new Away();
    }
  };
  const again = request.clone();
  const response = await send(request);
  if (response.status !== 401 || new URL(request.url).pathname.startsWith('/api/auth/sign-')) return response;
  if (!(await refreshOnce())) {
    onSessionOver();
    return response;
  }
  return send(again);
}

const failures: Middleware = {
  async onResponse({ response }) {
    if (response.ok) return;
    const problem = (await response.json().catch(() => undefined)) as Problem | undefined;
    const wait = response.headers.get('Retry-After');
    throw new Refused(response.status, problem, wait === null ? null : Number(wait));
  },
};

export const api = createClient<paths>({ baseUrl: typeof location === 'undefined' ? '' : location.origin, fetch: authorized, headers: { Accept: 'application/json' } });
api.use(failures);

/** For routes whose answers are files. */
export const download = (path: string): Promise<Response> => authorized(new Request(new URL(path, location.origin)));

/** The data of an answer that cannot be an error any more: failures are thrown. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}
