import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useSignal } from '../../lib/signal';
import { m } from '../../messages';
import { dismissToast, toast, type Toast } from '../../state/toasts';
import { Button, IconButton } from '../../ui/controls';
import css from './Notices.module.css';

const lasts = 10_000;

function Shown({ id, text, undo }: Toast) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => dismissToast(id), lasts);
    return () => clearTimeout(timer);
  }, [id, held]);
  return (
    <div
      className={css.toast}
      role="group"
      aria-label={text}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span dir="auto">{text}</span>
      {undo && (
        <Button look="link" onClick={undo}>
          {m.undo.undo}
        </Button>
      )}
      <IconButton label={m.close} onClick={() => dismissToast(id)}>
        <X size={16} aria-hidden="true" />
      </IconButton>
    </div>
  );
}

export function ToastArea() {
  const shown = useSignal(toast);
  return shown && (
    <section aria-label={m.undo.region}>
      <Shown key={shown.id} {...shown} />
    </section>
  );
}
