import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { queries } from './state/queries';
import { router } from './router';

/** After this long without an answer something is shown. */
const patience = 200;

/** Draws once where the session and its first tasks are known soon, instead of first without them. */
export async function draw(root: HTMLElement, started: Promise<void>): Promise<void> {
  await Promise.race([Promise.all([started, router.load()]), new Promise((late) => setTimeout(late, patience))]);
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
  // What it keeps for offline is fetched when nobody waits for the network.
  if ('serviceWorker' in navigator && import.meta.env.PROD) void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
}
