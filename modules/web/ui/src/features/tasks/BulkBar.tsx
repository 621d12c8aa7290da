import { X } from 'lucide-react';
import { useRef } from 'react';
import type { Todo } from '../../api/types';
import { m } from '../../messages';
import { Button, IconButton } from '../../ui/controls';
import type { EditedField } from './FieldPopover';
import { LazyFieldPopover } from './LazyFieldPopover';
import css from './TasksPage.module.css';

interface Props {
  todos: readonly Todo[];
  /** The field that is edited, for all of them. */
  field: EditedField | null;
  onField: (field: EditedField | null) => void;
  onToggle: () => void;
  onRemove: () => void;
  onClear: () => void;
}

const fields: readonly (readonly [EditedField, string])[] = [
  ['due', m.tasks.date],
  ['tags', m.tasks.tag],
  ['priority', m.tasks.priority],
];

export function BulkBar({ todos, field, onField, onToggle, onRemove, onClear }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  return (
    <div ref={bar} className={css.bulk} data-foot role="toolbar" aria-label={m.tasks.selectionBar}>
      <span className={css.selected} role="status">
        {m.tasks.selected(todos.length)}
      </span>
      <Button look="primary" onClick={onToggle}>
        {m.tasks.complete1}
      </Button>
      {fields.map(([name, label]) => (
        <Button key={name} onClick={() => onField(name)}>
          {label}
        </Button>
      ))}
      {field && <LazyFieldPopover field={field} todos={todos} onClose={() => onField(null)} anchor={bar} />}
      <Button look="danger" onClick={onRemove}>
        {m.tasks.delete}
      </Button>
      <IconButton label={m.tasks.clearSelection} onClick={onClear}>
        <X size={20} aria-hidden="true" />
      </IconButton>
    </div>
  );
}
