import * as Dialog from '@radix-ui/react-dialog';
import type { ReactNode } from 'react';
import { X } from 'lucide-react';
import { m } from '../messages';
import { IconButton, classes } from './controls';
import css from './controls.module.css';

/** Its veil is ours: Radix's would add a style element, which the content policy refuses. */
export function Modal({
  open,
  onClose,
  title,
  hideTitle = false,
  closable = false,
  className,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  hideTitle?: boolean;
  /** Where nothing else inside closes it. */
  closable?: boolean;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <div className={css.veil} />
        <Dialog.Content className={classes(css.dialog, className)} aria-describedby={undefined}>
          <Dialog.Title className={hideTitle ? 'hidden' : css.dialogTitle}>{title}</Dialog.Title>
          {closable && (
            <IconButton label={m.close} className={css.dialogClose} onClick={onClose}>
              <X size={20} strokeWidth={1.75} aria-hidden="true" />
            </IconButton>
          )}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
