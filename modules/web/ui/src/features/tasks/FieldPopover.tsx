// One field of one or many tasks, edited where it stands.
import type { RefObject } from 'react';
import type { Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { dayWords, momentWords } from '../../lib/words';
import { dayOf } from '../../lib/zone';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Popover } from '../../ui/Popover';
import { DatePicker } from '../fields/DatePicker';
import { PriorityPicker } from '../fields/PriorityPicker';
import { ReminderPicker } from '../fields/ReminderPicker';
import { SnoozePicker } from '../fields/SnoozePicker';
import { TagPicker } from '../fields/TagPicker';

export type EditedField = 'due' | 'reminder' | 'priority' | 'tags' | 'snooze';

const labels: Record<EditedField, string> = {
  due: m.filters.due,
  reminder: m.tasks.reminder,
  priority: m.tasks.priority,
  tags: m.fields.tags ?? '',
  snooze: m.tasks.snooze,
};

function Editor({ field, todos, close }: { field: EditedField; todos: readonly Todo[]; close: () => void }) {
  const { actions, settings } = useApp();
  const now = useNow();
  const [first] = todos;
  if (!first) return null;
  const only = todos.length === 1 ? first : null;
  const after = (run: () => void) => {
    run();
    close();
  };
  switch (field) {
    case 'due':
      return (
        <DatePicker
          value={only?.due_date ? { due_date: only.due_date, all_day: only.all_day } : null}
          required={only !== null && only.due_date === null}
          onPick={(picked) =>
            after(() => {
              if (!picked) actions.moveTo(todos, null, settings.zone, m.due.none);
              else if (only || !picked.all_day) actions.setDue(todos, picked, (picked.all_day ? dayWords : momentWords)(picked.due_date, now, settings));
              else actions.moveTo(todos, dayOf(picked.due_date, settings.zone), settings.zone, dayWords(picked.due_date, now, settings));
            })
          }
        />
      );
    case 'reminder':
      return <ReminderPicker todos={todos} onPick={(set) => after(() => actions.setReminder(todos, set))} />;
    case 'priority':
      return <PriorityPicker onPick={(priority) => after(() => actions.setPriority(todos, priority))} />;
    case 'snooze':
      return <SnoozePicker todos={todos} onPick={(until) => after(() => actions.snooze(todos, until))} />;
    case 'tags':
      return (
        <TagPicker
          tags={only?.tags ?? []}
          onAdd={(tag) => actions.addTag(todos, tag)}
          onRemove={only ? (tag) => actions.edit(only, { tags: only.tags.filter((other) => other !== tag) }) : undefined}
        />
      );
  }
}

export interface FieldPopoverProps {
  field: EditedField;
  todos: readonly Todo[];
  onClose: () => void;
  anchor: RefObject<HTMLElement | null>;
}

export const FieldPopover = ({ field, todos, onClose, anchor }: FieldPopoverProps) => (
  <Popover onClose={onClose} anchor={anchor} label={labels[field]}>
    <Editor field={field} todos={todos} close={onClose} />
  </Popover>
);
