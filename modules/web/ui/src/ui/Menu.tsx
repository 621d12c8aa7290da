import * as Dropdown from '@radix-ui/react-dropdown-menu';
import type { ReactNode } from 'react';
import css from './controls.module.css';

/** It is made by a click, so it begins open. */
export function Menu({ trigger, label, children, align = 'end' }: { trigger: ReactNode; label: string; children: ReactNode; align?: 'start' | 'end' }) {
  return (
    <Dropdown.Root modal={false} defaultOpen>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      {/* Within the page's main part: what lies outside every landmark is hard to come by. */}
      <Dropdown.Portal container={document.getElementById('content')}>
        <Dropdown.Content className={css.menu} align={align} sideOffset={4} collisionPadding={8} aria-label={label}>
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

export function MenuItem({ children, onSelect, danger = false, keys, disabled }: { children: ReactNode; onSelect: () => void; danger?: boolean; keys?: string; disabled?: boolean }) {
  return (
    <Dropdown.Item className={css.item} data-danger={danger} disabled={disabled} onSelect={onSelect}>
      {children}
      {keys && (
        <span className={css.itemKey} aria-hidden="true">
          {keys}
        </span>
      )}
    </Dropdown.Item>
  );
}

export const MenuLine = () => <Dropdown.Separator className={css.separator} />;
