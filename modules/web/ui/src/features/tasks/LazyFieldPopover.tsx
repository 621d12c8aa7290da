import { lazy, Suspense } from 'react';
import type { FieldPopoverProps } from './FieldPopover';

const Loaded = lazy(() => import('./FieldPopover').then(({ FieldPopover }) => ({ default: FieldPopover })));

/** The pickers load when the first one is opened. */
export const LazyFieldPopover = (props: FieldPopoverProps) => (
  <Suspense>
    <Loaded {...props} />
  </Suspense>
);
