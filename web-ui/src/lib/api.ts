/* Every request of the page. Errors are the problem document's sentence (RFC 9457). */
import { text } from './text.ts';

const PATIENCE_MS = 60_000; // with an answer: longer than any act takes

export class Problem extends Error {
  readonly status: number; // 0: the gateway did not answer
  readonly check: string; // of a release that was refused
  readonly file: string;

  constructor(status: number, detail: string, check = '', file = '') {
    super(detail);
    this.status = status;
    this.check = check;
    this.file = file;
  }
}

/* Filled by whoever knows the session. */
export const identity = { csrf: '', signedOut: () => {}, unreachable: () => {} };

interface Document {
  title?: string;
  detail?: string;
  check?: string;
  file?: string;
}

export function problemOf(status: number, body: string): Problem {
  try {
    const said = JSON.parse(body) as Document;
    return new Problem(status, said.detail || said.title || text.problem.status(status), said.check, said.file);
  } catch {
    return new Problem(status, text.problem.status(status));
  }
}

interface Asking {
  body?: object;
  rev?: string; // of what is changed: If-Match
  signal?: AbortSignal;
}

async function ask<T>(method: string, path: string, asking: Asking = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (method !== 'GET') headers['X-GW-CSRF'] = identity.csrf || '1';
  if (asking.body) headers['Content-Type'] = 'application/json';
  if (asking.rev !== undefined) headers['If-Match'] = `"${asking.rev}"`;
  const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'same-origin', redirect: 'error' };
  if (asking.body) init.body = JSON.stringify(asking.body);
  const late = AbortSignal.timeout(PATIENCE_MS);
  init.signal = asking.signal ? AbortSignal.any([asking.signal, late]) : late;
  let response: Response;
  let body: string;
  try {
    response = await fetch(path, init);
    body = await response.text();
  } catch (error) {
    if (asking.signal?.aborted) throw error;
    identity.unreachable();
    throw new Problem(0, text.problem.unreachable);
  }
  if (response.ok) return JSON.parse(body) as T;
  if (response.status === 401 && identity.csrf) identity.signedOut();
  throw problemOf(response.status, body);
}

export const get = <T>(path: string, signal?: AbortSignal) => ask<T>('GET', path, signal ? { signal } : {});
export const post = <T>(path: string, body?: object, rev?: string) =>
  ask<T>('POST', path, { ...(body ? { body } : {}), ...(rev !== undefined ? { rev } : {}) });
export const remove = <T>(path: string, rev?: string) => ask<T>('DELETE', path, rev !== undefined ? { rev } : {});

/*
 * An act on what a person sees, although its counters move all the time: another revision is no conflict as long as
 * `same` holds, which says that it is still what the person decided on.
 */
export async function postOn<T extends { rev: string }>(path: string, verb: string, shown: T, same: (now: T) => boolean, body?: object): Promise<T> {
  const TRIES = 5;
  let { rev } = shown;
  for (let n = 1; ; n++) {
    try {
      return await post<T>(`${path}/${verb}`, body, rev);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409 || n === TRIES) throw error;
      const now = await get<T>(path);
      if (now.rev === rev || !same(now)) throw error;
      rev = now.rev;
    }
  }
}

/* A release on its way in. XMLHttpRequest, since fetch does not tell how much was sent. */
export function upload<T>(path: string, file: Blob, type: string, sent: (bytes: number) => void, stop: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('X-GW-CSRF', identity.csrf);
    request.setRequestHeader('Content-Type', type);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(JSON.parse(request.responseText) as T);
      else reject(problemOf(request.status, request.responseText));
    };
    request.onerror = () => reject(new Problem(0, text.problem.uploadBroken));
    request.onabort = () => reject(new Problem(0, text.problem.uploadStopped));
    stop.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

export const segment = encodeURIComponent;
