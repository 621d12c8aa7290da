import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useNow } from '../../lib/hooks';
import { useSignal } from '../../lib/signal';
import { useWaiting } from '../../lib/title';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { Button } from '../../ui/controls';
import { Mark } from '../../ui/Mark';
import type { Bells as BellsState } from './bells';
import { bellText, type Rung } from './missed';
import { presenter } from './presence';
import css from './Bells.module.css';

function Bell({ one, bells }: { one: Rung; bells: BellsState }) {
  const { settings } = useApp();
  const now = useNow();
  const { reminder, todo } = one;
  return (
    <li className={css.bell} data-reminder={reminder.id}>
      <Mark size={24} />
      <div className={css.text}>
        <Link to="/todos/$id" params={{ id: String(reminder.task_id) }} search={{}} className={css.title} dir="auto">
          {todo?.title ?? reminder.title}
        </Link>
        <span className={css.when}>{bellText(one, now, settings)}</span>
      </div>
      <div className={css.actions}>
        <Button look="primary" onClick={() => bells.done(one)}>
          {m.bell.done}
        </Button>
        <Button onClick={() => bells.snooze(one)}>{m.bell.snooze}</Button>
        <Button look="plain" onClick={() => bells.dismiss(one)}>
          {m.bell.dismiss}
        </Button>
      </div>
    </li>
  );
}

const askedKey = 'carillon.asked';

/** Asks once, after there is something to ring for. */
function Ask() {
  const { profile } = useApp();
  const { tasks } = useView();
  const [asked, setAsked] = useState(() => localStorage.getItem(askedKey) !== null);
  const hasBell = profile.preferences.notifications && !asked && [...tasks.values()].some(({ reminder_at }) => reminder_at !== null);
  // The permission comes last: the page stands still until another process has said it.
  if (!hasBell || !('Notification' in window) || Notification.permission !== 'default') return null;
  const answer = (): void => {
    localStorage.setItem(askedKey, '1');
    setAsked(true);
  };
  return (
    <div className={css.ask}>
      <p>{m.bell.ask}</p>
      <Button
        onClick={() => {
          answer();
          void Notification.requestPermission();
        }}
      >
        {m.bell.allow}
      </Button>
      <Button look="plain" onClick={answer}>
        {m.bell.no}
      </Button>
    </div>
  );
}

const listedAtOnce = 3;

export function Bells({ bells }: { bells: BellsState }) {
  const mine = useSignal(presenter) === 'me';
  const rung = bells.fresh;
  useWaiting(bells.rung.length);
  return (
    <section aria-label={m.bell.region}>
      {/* Heard from behind a dialog too: what says aria-live in so many words is not hidden by one. */}
      <div role="alert" aria-live="assertive">
        {mine && rung.length > 0 && (
          <div className={css.rung}>
            {rung.length > listedAtOnce && (
              <div className={css.many}>
                <strong>{m.bell.many(rung.length)}</strong>
                <Button look="link" onClick={() => rung.forEach(bells.dismiss)}>
                  {m.bell.dismissAll}
                </Button>
              </div>
            )}
            <ul className={css.list}>
              {rung.map((one) => (
                <Bell key={one.reminder.id} one={one} bells={bells} />
              ))}
            </ul>
          </div>
        )}
      </div>
      <Ask />
    </section>
  );
}
