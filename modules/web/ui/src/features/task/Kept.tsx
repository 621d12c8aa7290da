import { m } from '../../messages';
import { Button, controls } from '../../ui/controls';
import css from './TaskPage.module.css';

/** Text that was typed and not saved: said, so that it is taken up again or given up. */
export const Kept = ({ onDiscard }: { onDiscard: () => void }) => (
  <p className={css.kept}>
    <span className={controls.hint}>{m.task.draft}</span>
    <Button look="link" onClick={onDiscard}>
      {m.task.discard}
    </Button>
  </p>
);
