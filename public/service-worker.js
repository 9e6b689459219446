// Shows a page that says what is up where the server cannot be reached. All
// else goes to the server as if this were not here: what it says is never
// kept, so nothing shown can be out of date or belong to somebody else.
const CACHE = 'offline-1';
const OFFLINE = '/offline.html';

addEventListener('install', (event) => {
  // Whoever asks for the page anew must get it from the server.
  const offline = new Request(OFFLINE, { cache: 'reload' });
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.add(offline)).then(() => skipWaiting()),
  );
});

addEventListener('activate', (event) => {
  const old = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
    // The page is asked for while this starts, not after it.
    await registration.navigationPreload?.enable();
    await clients.claim();
  };
  event.waitUntil(old());
});

addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.mode !== 'navigate' || request.method !== 'GET') return;
  const answer = async () => {
    try {
      return (await event.preloadResponse) ?? (await fetch(request));
    } catch {
      return (await caches.match(OFFLINE)) ?? Response.error();
    }
  };
  event.respondWith(answer());
});
