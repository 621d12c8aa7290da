// Signing out removes what this browser keeps; changes that the server has not seen are asked about.
import { useEffect } from 'react';
import { m } from '../../messages';
import { useView } from '../../state/app';
import { signOut } from '../../state/session';
import { signOutAsked } from '../../state/surfaces';
import { Button } from '../../ui/controls';
import { Modal } from '../../ui/Modal';
import css from './Notices.module.css';

export function SignOut() {
  const { pending, conflicts } = useView();
  const unsent = pending.length + conflicts.length;
  const stay = () => signOutAsked.set(false);
  useEffect(() => {
    if (unsent > 0) return;
    signOutAsked.set(false);
    void signOut();
  }, [unsent]);
  if (unsent === 0) return null;
  return (
    <Modal open onClose={stay} title={m.nav.unsentTitle(unsent)}>
      <p>{m.nav.unsentHint}</p>
      <div className={css.answers}>
        <Button onClick={stay}>{m.nav.stay}</Button>
        <Button
          look="danger"
          onClick={() => {
            stay();
            void signOut();
          }}
        >
          {m.nav.signOutAnyway}
        </Button>
      </div>
    </Modal>
  );
}
