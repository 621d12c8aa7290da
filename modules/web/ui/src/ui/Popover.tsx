import * as Pop from '@radix-ui/react-popover';
import type { ReactNode, RefObject } from 'react';
import css from './controls.module.css';

interface Props {
  onClose: () => void;
  /** What it stands beside. */
  anchor: RefObject<HTMLElement | null>;
  label: string;
  children: ReactNode;
}

/** Open as long as it is there. */
export function Popover({ onClose, anchor, label, children }: Props) {
  return (
    <Pop.Root open onOpenChange={(open) => !open && onClose()}>
      <Pop.Anchor virtualRef={anchor} />
      <Pop.Portal>
        <Pop.Content className={css.popover} align="end" sideOffset={4} collisionPadding={8} aria-label={label}>
          {children}
        </Pop.Content>
      </Pop.Portal>
    </Pop.Root>
  );
}
