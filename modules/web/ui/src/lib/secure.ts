// What browsers give only to pages from HTTPS or this machine (secure contexts). A server on the local network by plain HTTP
// does without: no notifications and no work offline, and each tab keeps a connection of its own.

/** A key for an idempotent request, or a tab's name: a random UUID (RFC 9562 section 5.4). */
export function newKey(): string {
  if (isSecureContext) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte, i) => (i === 6 ? (byte & 0x0f) | 0x40 : i === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Runs `work` while no other tab does. Without locks at once: changes carry keys, so that the server keeps each once though two tabs send it,
 * and of two tabs that refresh their session at the same moment one is told to try again.
 */
export async function alone<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return isSecureContext ? navigator.locks.request(name, signal ? { signal } : {}, work) : work();
}
