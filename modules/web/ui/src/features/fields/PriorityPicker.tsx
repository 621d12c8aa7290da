import type { Priority } from '../../api/types';
import { m } from '../../messages';
import { Button } from '../../ui/controls';
import { PriorityMark } from './PriorityMark';
import css from './fields.module.css';

const order: readonly Priority[] = ['high', 'medium', 'low'];

/** 1, 2 and 3 choose, as in the grammar of quick add. */
export function PriorityPicker({ onPick }: { onPick: (priority: Priority) => void }) {
  return (
    <div
      className={css.choices}
      role="group"
      aria-label={m.tasks.priority}
      onKeyDown={(event) => {
        const picked = order[Number(event.key) - 1];
        if (picked) onPick(picked);
      }}
    >
      {order.map((priority, index) => (
        <Button key={priority} autoFocus={index === 0} onClick={() => onPick(priority)}>
          <PriorityMark priority={priority} always />
          {m.priority[priority]}
          <kbd aria-hidden="true">{index + 1}</kbd>
        </Button>
      ))}
    </div>
  );
}
