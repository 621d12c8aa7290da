// Shows reminders and answers their buttons; opens the page when the server is away. It sends nothing on its own.
// The build writes the names of all files here, so that every page opens offline.
const files = [];
const shell = `carillon-${files.join().split('').reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) | 0, 7)}`;

self.addEventListener('install', (event) => {
  // The browser goes by these without starting this worker first.
  event.addRoutes?.([
    { condition: { urlPattern: '/assets/*' }, source: 'cache' },
    { condition: { urlPattern: '/api/*' }, source: 'network' },
  ]);
  event.waitUntil(caches.open(shell).then((cache) => cache.addAll(['/', ...files])).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = async () => Promise.all((await caches.keys()).filter((name) => name !== shell).map((name) => caches.delete(name)));
  event.waitUntil(old().then(() => self.clients.claim()));
});

async function asset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(shell)).put(request, answer.clone());
  return answer;
}

async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.headers.get('Content-Type')?.startsWith('text/html')) (await caches.open(shell)).put('/', answer.clone());
    return answer;
  } catch {
    return (await caches.match('/')) ?? Response.error();
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && !pathname.startsWith('/api/')) event.respondWith(page(request));
  else if (pathname.startsWith('/assets/') || ['/theme.js', '/icon.svg', '/icon-waiting.svg'].includes(pathname)) event.respondWith(asset(request));
});

self.addEventListener('notificationclick', (event) => {
  const { notification, action } = event;
  notification.close();
  const answer = async () => {
    const [open] = await self.clients.matchAll({ type: 'window' });
    const { taskId, reminderId } = notification.data;
    // Many in one have no task of their own: the list shows them.
    if (!open) return self.clients.openWindow(taskId ? `/todos/${taskId}${action ? `#bell=${reminderId}.${action}` : ''}` : '/todos');
    open.postMessage({ type: 'bell', action, ...notification.data });
    return action ? undefined : open.focus();
  };
  event.waitUntil(answer());
});
