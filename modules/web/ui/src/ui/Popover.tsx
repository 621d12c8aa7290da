import * as Pop from '@radix-ui/react-popover';
import { useState, type ReactNode, type RefObject } from 'react';
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
  const [from] = useState(() => document.activeElement);
  return (
    <Pop.Root open onOpenChange={(open) => !open && onClose()}>
      <Pop.Anchor virtualRef={anchor} />
      <Pop.Portal>
        <Pop.Content
          className={css.popover}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (from instanceof HTMLElement && document.activeElement === document.body) from.focus({ preventScroll: true });
          }}
        >
          {children}
        </Pop.Content>
      </Pop.Portal>
    </Pop.Root>
  );
}
