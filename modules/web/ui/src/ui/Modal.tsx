import * as Dialog from '@radix-ui/react-dialog';
import type { ReactNode } from 'react';
import { classes } from './controls';
import css from './controls.module.css';

/** Its veil is ours: Radix's would add a style element, which the content policy refuses. */
export function Modal({
  open,
  onClose,
  title,
  hideTitle = false,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  hideTitle?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <div className={css.veil} />
        <Dialog.Content className={classes(css.dialog, className)} aria-describedby={undefined}>
          <Dialog.Title className={hideTitle ? 'hidden' : css.dialogTitle}>{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
