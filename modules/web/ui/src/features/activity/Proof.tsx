import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { useState } from 'react';
import { m } from '../../messages';
import { Button, controls } from '../../ui/controls';
import css from './ActivityPage.module.css';
import { readVerdict } from './proof';

function Answer({ id }: { id: number }) {
  const { data: verdict, isError } = useQuery({ queryKey: ['audit', 'proof', id], queryFn: () => readVerdict(id), staleTime: 0, retry: false });
  if (isError) return <p className={controls.error}>{m.activity.proof.failed}</p>;
  if (!verdict) return <p className={controls.hint}>{m.activity.proof.checking}</p>;
  if (verdict.is === 'broken') return <p className={controls.error}>{m.activity.proof.broken}</p>;
  if (verdict.is === 'not yet') return <p className={controls.hint}>{m.activity.proof.notYet}</p>;
  return (
    <p className={css.proved}>
      <Check size={16} aria-hidden="true" />
      {m.activity.proof.covered(verdict.size)}
    </p>
  );
}

/** Asked for, not shown of itself: a line says what happened, and can prove that it did. */
export function Proof({ id }: { id: number }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="link" aria-expanded={open} onClick={() => setOpen(!open)}>
        {m.activity.proof.check}
        <span className="hidden"> {m.activity.proof.of(id)}</span>
      </Button>
      <div className={css.proof} role="status">
        {open && <Answer id={id} />}
      </div>
    </>
  );
}
